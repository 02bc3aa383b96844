package org.efrnet.images;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** Small TIFF files of every kind for tests: tags are set one by one, parts are appended. */
final class TiffBytes {
  final TreeMap<Integer, long[]> tags = new TreeMap<>();
  private final ByteOrder order;
  private final List<byte[]> parts = new ArrayList<>();
  private boolean tiled;

  TiffBytes(ByteOrder order, int width, int height, int photometric, int samples, int bits) {
    this.order = order;
    set(256, width).set(257, height).set(259, 1).set(262, photometric).set(277, samples);
    long[] each = new long[samples];
    Arrays.fill(each, bits);
    set(258, each);
  }

  TiffBytes set(int tag, long... values) {
    tags.put(tag, values);
    tiled |= tag == 322;
    return this;
  }

  TiffBytes add(byte[] part) {
    parts.add(part);
    return this;
  }

  /** Values as LONG, which readers must take where SHORT is usual; a colour map as SHORT. */
  byte[] file() {
    long[] offsets = new long[parts.size()];
    long[] lengths = new long[parts.size()];
    int at = 8;
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = at;
      lengths[i] = parts.get(i).length;
      at += parts.get(i).length;
    }
    tags.putIfAbsent(tiled ? 324 : 273, offsets);
    tags.putIfAbsent(tiled ? 325 : 279, lengths);
    ByteBuffer directory = ByteBuffer.allocate(1 << 14).order(order);
    directory.putShort((short) tags.size());
    int values = at + 2 + 12 * tags.size() + 4;
    ByteBuffer outside = ByteBuffer.allocate(1 << 14).order(order);
    for (var tag : tags.entrySet()) {
      long[] all = tag.getValue();
      boolean shorts = tag.getKey() == 320 || tag.getKey() == 274;
      int size = shorts ? 2 : 4;
      directory.putShort((short) (int) tag.getKey());
      directory.putShort((short) (shorts ? 3 : 4)).putInt(all.length);
      boolean inside = all.length * size <= 4;
      ByteBuffer to = inside ? directory : outside;
      if (!inside) {
        directory.putInt(values + outside.position());
      }
      int next = directory.position() + 4;
      for (long value : all) {
        if (shorts) {
          to.putShort((short) value);
        } else {
          to.putInt((int) value);
        }
      }
      if (inside) {
        directory.position(next);
      }
    }
    directory.putInt(0);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(
        ByteBuffer.allocate(8)
            .order(order)
            .putShort((short) (order == ByteOrder.LITTLE_ENDIAN ? 0x4949 : 0x4d4d))
            .putShort((short) 42)
            .putInt(at)
            .array());
    parts.forEach(file::writeBytes);
    file.write(directory.array(), 0, directory.position());
    file.write(outside.array(), 0, outside.position());
    return file.toByteArray();
  }
}
