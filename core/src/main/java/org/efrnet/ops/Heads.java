package org.efrnet.ops;

import java.util.List;

/**
 * What a network gives.
 *
 * @param logits (N, classes, H, W), at the input's size
 */
public record Heads<T>(T logits, List<Auxiliary<T>> auxiliary) {
  public Heads {
    auxiliary = List.copyOf(auxiliary);
  }

  /** A network with its main head alone. */
  public static <T> Heads<T> of(T logits) {
    return new Heads<>(logits, List.of());
  }
}
