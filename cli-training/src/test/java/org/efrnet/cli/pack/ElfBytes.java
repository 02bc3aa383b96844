package org.efrnet.cli.pack;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Makes the smallest shared libraries that say what they need; none can be loaded. */
final class ElfBytes {
  private static final int HEADER = 64;
  private static final int SEGMENT = 56;

  private ElfBytes() {}

  /** A library that needs others, and of the first of them versions of symbols. */
  static byte[] of(List<String> needed, List<String> versions) {
    int dynamic = HEADER + 2 * SEGMENT;
    int entries = needed.size() + 5;
    int needs = dynamic + 16 * entries;
    int strings = needs + 16 + 16 * versions.size();
    StringBuilder text = new StringBuilder("\0");
    int[] names = new int[needed.size()];
    for (int i = 0; i < names.length; i++) {
      names[i] = text.length();
      text.append(needed.get(i)).append('\0');
    }
    int[] wanted = new int[versions.size()];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = text.length();
      text.append(versions.get(i)).append('\0');
    }
    int size = strings + text.length();
    // Loaded elsewhere than it lies in the file, as in real libraries.
    long shift = 0x10000;
    ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0x464c457f).put((byte) 2).put((byte) 1).put((byte) 1);
    elf.putLong(32, HEADER).putShort(54, (short) SEGMENT).putShort(56, (short) 2);
    elf.position(HEADER);
    elf.putInt(1).putInt(5).putLong(0).putLong(shift).putLong(shift).putLong(size).putLong(size);
    elf.putLong(0x1000);
    elf.putInt(2).putInt(6).putLong(dynamic).putLong(shift + dynamic).putLong(shift + dynamic);
    elf.putLong(16L * entries).putLong(16L * entries).putLong(8);
    for (int name : names) {
      elf.putLong(1).putLong(name);
    }
    elf.putLong(5).putLong(shift + strings);
    elf.putLong(10).putLong(text.length());
    elf.putLong(0x6ffffffeL).putLong(shift + needs);
    elf.putLong(0x6fffffffL).putLong(versions.isEmpty() ? 0 : 1);
    elf.putLong(0).putLong(0);
    elf.putShort((short) 1).putShort((short) wanted.length);
    elf.putInt(names.length == 0 ? 0 : names[0]).putInt(16).putInt(0);
    for (int i = 0; i < wanted.length; i++) {
      elf.putInt(0).putInt(0).putInt(wanted[i]).putInt(i == wanted.length - 1 ? 0 : 16);
    }
    elf.put(text.toString().getBytes(StandardCharsets.US_ASCII));
    return elf.array();
  }
}
