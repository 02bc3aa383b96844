package org.efrnet.cli.pack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the dynamic section of a shared library says, as {@code readelf -d} and {@code readelf -V}
 * print it. Of ELF's kinds the one that today's Linux machines have: 64 bits, little-endian.
 *
 * @param needed names of the libraries that it is linked with ({@code DT_NEEDED}), in their order
 * @param versions the versions of symbols that it wants from them, such as {@code GLIBC_2.35}
 */
record Elf(List<String> needed, List<String> versions) {
  private static final int MAGIC = 0x464c457f;
  private static final int CLASS_64 = 2;
  private static final int LITTLE_ENDIAN = 1;
  private static final int HEADER = 64;
  private static final int SEGMENT = 56;
  private static final int PT_LOAD = 1;
  private static final int PT_DYNAMIC = 2;
  private static final long DT_NEEDED = 1;
  private static final long DT_STRTAB = 5;
  private static final long DT_STRSZ = 10;
  private static final long DT_VERNEED = 0x6ffffffeL;
  private static final long DT_VERNEEDNUM = 0x6fffffffL;

  /** Far above what libraries have; a larger number is damage. */
  private static final int MOST_BYTES = 1 << 28;

  private static final int MOST_ENTRIES = 1 << 16;

  Elf {
    needed = List.copyOf(needed);
    versions = List.copyOf(versions);
  }

  private record Segment(int type, long offset, long address, long size) {}

  /**
   * @throws PackException if the file is no such library, or a damaged one
   */
  static Elf read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return new Reader(file, channel).read();
    }
  }

  private static final class Reader {
    private final Path file;
    private final FileChannel channel;
    private final List<Segment> segments = new ArrayList<>();

    Reader(Path file, FileChannel channel) {
      this.file = file;
      this.channel = channel;
    }

    private PackException bad(String what) {
      return new PackException(file + " is no shared library that can be read: " + what);
    }

    private ByteBuffer at(long offset, long size) throws IOException {
      if (offset < 0 || size < 0 || size > MOST_BYTES || offset > channel.size() - size) {
        throw bad("it ends too early; copy or download it anew");
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
      while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {}
      return buffer.flip();
    }

    Elf read() throws IOException {
      ByteBuffer header = at(0, HEADER);
      if (header.getInt(0) != MAGIC) {
        throw bad("it does not begin as ELF files do");
      }
      if (header.get(4) != CLASS_64 || header.get(5) != LITTLE_ENDIAN) {
        throw bad("only ELF of 64 bits, little-endian, is read");
      }
      int size = Short.toUnsignedInt(header.getShort(54));
      int count = Short.toUnsignedInt(header.getShort(56));
      if (size < SEGMENT) {
        throw bad("its segments are described in " + size + " bytes");
      }
      ByteBuffer table = at(header.getLong(32), (long) size * count);
      for (int i = 0; i < count; i++) {
        int start = i * size;
        segments.add(
            new Segment(
                table.getInt(start),
                table.getLong(start + 8),
                table.getLong(start + 16),
                table.getLong(start + 32)));
      }
      for (Segment segment : segments) {
        if (segment.type == PT_DYNAMIC) {
          return dynamic(at(segment.offset, segment.size));
        }
      }
      return new Elf(List.of(), List.of());
    }

    private Elf dynamic(ByteBuffer section) throws IOException {
      List<Long> names = new ArrayList<>();
      long strings = 0;
      long stringBytes = 0;
      long versions = 0;
      long versionCount = 0;
      while (section.remaining() >= 16) {
        long tag = section.getLong();
        long value = section.getLong();
        if (tag == 0) {
          break;
        } else if (tag == DT_NEEDED) {
          names.add(value);
        } else if (tag == DT_STRTAB) {
          strings = value;
        } else if (tag == DT_STRSZ) {
          stringBytes = value;
        } else if (tag == DT_VERNEED) {
          versions = value;
        } else if (tag == DT_VERNEEDNUM) {
          versionCount = value;
        }
      }
      ByteBuffer text = at(offset(strings), stringBytes);
      List<String> needed = new ArrayList<>();
      for (long name : names) {
        needed.add(string(text, name));
      }
      return new Elf(needed, versions(text, versions, versionCount));
    }

    /** A chain of libraries, each with a chain of versions that are wanted from it. */
    private List<String> versions(ByteBuffer text, long address, long count) throws IOException {
      List<String> wanted = new ArrayList<>();
      if (count == 0) {
        return wanted;
      }
      long library = offset(address);
      for (long i = 0; i < count; i++) {
        ByteBuffer need = at(library, 16);
        int versions = Short.toUnsignedInt(need.getShort(2));
        long version = library + Integer.toUnsignedLong(need.getInt(8));
        for (int k = 0; k < versions; k++) {
          ByteBuffer aux = at(version, 16);
          wanted.add(string(text, Integer.toUnsignedLong(aux.getInt(8))));
          version += Integer.toUnsignedLong(aux.getInt(12));
          if (wanted.size() > MOST_ENTRIES) {
            throw bad("it wants more than " + MOST_ENTRIES + " versions");
          }
        }
        library += Integer.toUnsignedLong(need.getInt(12));
      }
      return wanted;
    }

    private long offset(long address) throws PackException {
      for (Segment s : segments) {
        if (s.type == PT_LOAD && address >= s.address && address - s.address < s.size) {
          return address - s.address + s.offset;
        }
      }
      throw bad("address " + address + " lies in no segment");
    }

    private String string(ByteBuffer text, long start) throws PackException {
      if (start < 0 || start >= text.limit()) {
        throw bad("a name lies outside its strings");
      }
      int end = (int) start;
      while (end < text.limit() && text.get(end) != 0) {
        end++;
      }
      byte[] name = new byte[end - (int) start];
      text.get((int) start, name);
      return new String(name, StandardCharsets.UTF_8);
    }
  }
}
