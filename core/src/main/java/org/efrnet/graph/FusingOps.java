package org.efrnet.graph;

import java.util.List;
import org.efrnet.ops.Ops;

/** A reading that can do several operations in one go. */
public interface FusingOps<T> extends Ops<T> {
  /**
   * Computes what {@link Op.Fused} says.
   *
   * @param in the inputs of {@code fused.first()}, then those that the others need besides the
   *     result before them
   */
  T fused(Op.Fused fused, List<T> in);
}
