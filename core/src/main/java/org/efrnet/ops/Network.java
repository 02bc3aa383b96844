package org.efrnet.ops;

import java.util.Optional;

/** A network: written once over {@link Ops}, read many ways. */
public interface Network {
  /** The name by which people and files know it, such as {@code efrnet}. */
  String name();

  /** Classes that the logits tell apart. */
  int classes();

  /**
   * What height and width must be multiples of. Networks that unpool cannot give back a row that a
   * halving dropped; whoever runs them pads the picture and crops the logits.
   */
  default int sizeMultiple() {
    return 1;
  }

  /**
   * From what it was put together, if its authors' layers are not known: a line that stands
   * wherever its figures are shown, for they are not the original's.
   */
  default Optional<String> reconstruction() {
    return Optional.empty();
  }

  /**
   * Writes the network down.
   *
   * @param image (N, 3, H, W)
   */
  <T> Heads<T> heads(Ops<T> ops, T image);
}
