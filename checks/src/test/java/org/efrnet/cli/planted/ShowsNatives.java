package org.efrnet.cli.planted;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Shows a native type in a public signature, as a type argument of an array's list. */
public final class ShowsNatives {
  private ShowsNatives() {}

  public static List<Tensor[]> tensors() {
    return List.of();
  }
}
