package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** The JDK's own writers as the other side of a reader's tests, and what reading takes. */
final class JdkPictures {
  private JdkPictures() {}

  static BufferedImage noise(int type, long seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(1 + random.nextInt(60), 1 + random.nextInt(60), type);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        image.setRGB(x, y, random.nextInt() | 0xff000000);
      }
    }
    return image;
  }

  /** Runs of palette colours, long enough for tables to fill and be cleared. */
  static BufferedImage runs(int bits, long seed) {
    Random random = new Random(seed);
    byte[] colours = new byte[3 << bits];
    random.nextBytes(colours);
    BufferedImage image =
        new BufferedImage(
            1 + random.nextInt(300),
            1 + random.nextInt(200),
            bits == 8 ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_BYTE_BINARY,
            new IndexColorModel(bits, 1 << bits, colours, 0, false));
    int left = 0;
    int index = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        if (left-- <= 0) {
          left = random.nextInt(8) == 0 ? random.nextInt(300) : random.nextInt(3);
          index = random.nextInt(1 << bits);
        }
        image.getRaster().setSample(x, y, 0, index);
      }
    }
    return image;
  }

  /** The file that the JDK writes; an empty packing is its default. */
  static byte[] write(String format, String packing, BufferedImage image) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    if (!packing.isEmpty()) {
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionType(packing);
    }
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), param);
    }
    writer.dispose();
    return bytes.toByteArray();
  }

  static byte[] rgb(BufferedImage image) {
    byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
    for (int i = 0; i < rgb.length / 3; i++) {
      int colour = image.getRGB(i % image.getWidth(), i / image.getWidth());
      rgb[3 * i] = (byte) (colour >> 16);
      rgb[3 * i + 1] = (byte) (colour >> 8);
      rgb[3 * i + 2] = (byte) colour;
    }
    return rgb;
  }

  static void assertReadsWhatItWrote(String format, String packing, BufferedImage image, long seed)
      throws IOException {
    byte[] file = write(format, packing, image);
    Picture picture = Pictures.read(file, "test." + format, ReadOptions.DEFAULT);
    String what = format + " " + packing + " type " + image.getType() + ", seed " + seed;
    assertThat(picture.width()).as(what).isEqualTo(image.getWidth());
    assertThat(picture.rgb()).as(what).isEqualTo(rgb(image));
  }

  /** Refused with this message, in one line, having allocated at most so many bytes. */
  static void assertRefusedWithin(long most, byte[] file, String message) {
    // Loads the classes and messages that a first refusal takes.
    assertThatThrownBy(() -> Pictures.read(file, "bomb", ReadOptions.DEFAULT))
        .isInstanceOf(PictureException.class);
    long before = allocated();
    assertThatThrownBy(() -> Pictures.read(file, "bomb", ReadOptions.DEFAULT))
        .isInstanceOf(PictureException.class)
        .hasMessageStartingWith("bomb: ")
        .hasMessageContaining(message)
        .hasMessageMatching("[^\\n]+; [^\\n]+");
    assertThat(allocated() - before).as("bytes allocated to refuse").isLessThan(most);
  }

  /** Bytes that this thread has allocated so far, freed or not. */
  static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}
