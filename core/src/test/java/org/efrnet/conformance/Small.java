package org.efrnet.conformance;

import org.efrnet.ops.Heads;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;

/** A network for a test, for images of any size. */
public record Small(String name, Body body) implements Network {
  /** What the network computes; a generic method, so no lambda can be one. */
  public interface Body {
    /** The network's only output. */
    <T> T logits(Ops<T> ops, T image);
  }

  @Override
  public int classes() {
    return 3;
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    return Heads.of(body.logits(ops, image));
  }

  @Override
  public String toString() {
    return name;
  }
}
