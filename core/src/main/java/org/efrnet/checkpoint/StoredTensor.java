package org.efrnet.checkpoint;

import java.util.Arrays;
import org.efrnet.weights.ElementType;
import org.efrnet.weights.FloatTensor;

/** A tensor in a checkpoint: what it is, and where its values lie until somebody wants them. */
public final class StoredTensor {
  private final int[] shape;
  private final ElementType type;
  private final Values values;

  /** Fetches values, row-major. */
  @FunctionalInterface
  interface Values {
    float[] read() throws CheckpointException;
  }

  StoredTensor(int[] shape, ElementType type, Values values) {
    this.shape = shape.clone();
    this.type = type;
    this.values = values;
  }

  /** Sizes, outermost first; a new array. */
  public int[] shape() {
    return shape.clone();
  }

  /** How the file holds the values. */
  public ElementType type() {
    return type;
  }

  /**
   * Reads the values as fp32; one that fp32 cannot stand for is not finite.
   *
   * @throws CheckpointException if the file is damaged there, cannot be read, or is closed
   */
  public FloatTensor read() throws CheckpointException {
    return new FloatTensor(shape(), values.read());
  }

  @Override
  public String toString() {
    return type + " " + Arrays.toString(shape);
  }
}
