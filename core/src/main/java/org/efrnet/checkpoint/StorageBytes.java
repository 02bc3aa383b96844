package org.efrnet.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.efrnet.weights.ElementType;

/** From the bytes of a part of a storage to a tensor's values. */
final class StorageBytes {
  private StorageBytes() {}

  /**
   * Row-major values.
   *
   * @param bytes of the storage from the view's first value to its last
   */
  static float[] values(ElementType type, Unpickler.View view, ByteBuffer bytes) {
    ByteBuffer buffer = bytes.order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[view.count()];
    int[] shape = view.shape();
    int[] index = new int[shape.length];
    long at = 0;
    for (int i = 0; i < values.length; i++) {
      buffer.position((int) at * type.bytes());
      values[i] = type.next(buffer);
      for (int d = shape.length - 1; d >= 0; d--) {
        at += view.strides()[d];
        if (++index[d] < shape[d]) {
          break;
        }
        at -= view.strides()[d] * shape[d];
        index[d] = 0;
      }
    }
    return values;
  }

  /** How many bytes a view spans. */
  static int length(ElementType type, Unpickler.View view) throws CheckpointException {
    long length = view.count() == 0 ? 0 : (view.last() - view.offset() + 1) * type.bytes();
    if (length > Integer.MAX_VALUE - 8) {
      throw new CheckpointException("spans " + length + " bytes; no array takes them");
    }
    return (int) length;
  }
}
