package org.efrnet.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Checkpoints made by hand, code by code: what torch.save would never write. */
final class Pickles {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** A part of a pickle; texts are ISO 8859-1, so that any byte can stand in one. */
  static Pickles of(String codes) {
    return new Pickles().add(codes);
  }

  Pickles add(String codes) {
    bytes.writeBytes(codes.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  Pickles add(byte[] more) {
    bytes.writeBytes(more);
    return this;
  }

  /** A text. */
  Pickles text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return add("X").add(littleEndian(utf8.length, 4)).add(utf8);
  }

  /** A number below 2^31. */
  Pickles number(int value) {
    return add("J").add(littleEndian(value, 4));
  }

  /** A storage as torch.save names one. */
  Pickles storage(String type, String key, int count) {
    return add("(")
        .text("storage")
        .add("ctorch\n" + type + "\n")
        .text(key)
        .text("cpu")
        .number(count)
        .add("tQ");
  }

  /** A tensor of that storage. */
  Pickles tensor(String type, String key, int count, int offset, int[] sizes, int[] strides) {
    add("ctorch._utils\n_rebuild_tensor_v2\n(").storage(type, key, count).number(offset);
    return tuple(sizes).tuple(strides).add("\u0089ccollections\nOrderedDict\n)RtR");
  }

  Pickles tuple(int... numbers) {
    add("(");
    for (int number : numbers) {
      number(number);
    }
    return add("t");
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  static byte[] littleEndian(long value, int length) {
    byte[] all = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    return Arrays.copyOf(all, length);
  }

  /** What stands before the object in a stream. */
  static Pickles stream(boolean littleEndian) {
    return of("\u0080\2\u008a\12l\u00fc\u009cF\u00f9 j\u00a8P\u0019.")
        .add("\u0080\2M\u00e9\3.\u0080\2}(")
        .text("protocol_version")
        .add("M\u00e9\3")
        .text("little_endian")
        .add(littleEndian ? "\u0088" : "\u0089")
        .add("u.");
  }

  /** A stream of an object, given without its STOP, that has no storages. */
  static byte[] stream(Pickles object) {
    return stream(true).add("\u0080\2").add(object.toBytes()).add(".\u0080\2].").toBytes();
  }

  /** An archive of files in the folder {@code a}, uncompressed. */
  static byte[] archive(Map<String, byte[]> files) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry("a/" + file.getKey());
        CRC32 sum = new CRC32();
        sum.update(file.getValue());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(file.getValue().length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static Path write(Path dir, byte[] bytes) {
    try {
      return Files.write(dir.resolve("weights.pth"), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
