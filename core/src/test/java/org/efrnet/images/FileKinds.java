package org.efrnet.images;

import java.awt.Point;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;

/** One picture, and one mask, in every kind of file that users have. */
public final class FileKinds {
  /** What a kind of picture is to become. */
  public enum Outcome {
    /** The picture's own pixels, exactly. */
    SAME,
    /** A picture of its size. */
    READ,
    /** An error in one line. */
    REFUSED
  }

  /**
   * A picture file.
   *
   * @param name unlike the others' also without its ending
   */
  public record PictureKind(String name, byte[] bytes, Outcome outcome) {}

  /**
   * A mask file.
   *
   * @param refusal a part of the error, empty if the file is to be read rightly
   */
  public record MaskKind(String name, byte[] bytes, String refusal) {}

  public static final int WIDTH = 44;
  public static final int HEIGHT = 30;

  private FileKinds() {}

  private static int colour(int index) {
    return new Random(index).nextInt(1 << 24);
  }

  /** Blocks of 4x3 pixels in 110 colours. */
  private static int index(int pixel) {
    return pixel / WIDTH / 3 * 11 + pixel % WIDTH / 4;
  }

  private static int[] samples(int channels, int depth) {
    Random random = new Random(3);
    int[] samples = new int[WIDTH * HEIGHT * channels];
    for (int i = 0; i < samples.length; i++) {
      int c = i % channels;
      int value = c < 3 ? colour(index(i / channels)) >> (16 - 8 * c) & 0xff : random.nextInt(256);
      // Of 16 bits the lower eight are noise: the high byte is the picture's.
      samples[i] = depth == 16 ? value << 8 | random.nextInt(256) : value;
    }
    return samples;
  }

  private static BufferedImage image(int type) {
    byte[] colours = new byte[3 * 110];
    for (int i = 0; i < colours.length; i++) {
      colours[i] = (byte) (colour(i / 3) >> (16 - 8 * (i % 3)));
    }
    BufferedImage image =
        type == BufferedImage.TYPE_BYTE_INDEXED
            ? new BufferedImage(WIDTH, HEIGHT, type, new IndexColorModel(8, 110, colours, 0, false))
            : new BufferedImage(WIDTH, HEIGHT, type);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      if (type == BufferedImage.TYPE_BYTE_INDEXED) {
        image.getRaster().setSample(i % WIDTH, i / WIDTH, 0, index(i));
      } else {
        image.setRGB(i % WIDTH, i / WIDTH, colour(index(i)) | 0xff000000);
      }
    }
    return image;
  }

  private static byte[] palette(int colours) {
    ByteBuffer bytes = ByteBuffer.allocate(3 * colours);
    for (int i = 0; i < colours; i++) {
      bytes.put((byte) (colour(i) >> 16)).put((byte) (colour(i) >> 8)).put((byte) colour(i));
    }
    return PngBytes.chunk("PLTE", bytes.array());
  }

  private static byte[] png(int[] samples, int type, int depth, boolean adam7, byte[]... before) {
    return PngBytes.of(samples, WIDTH, HEIGHT, type, depth, adam7, before);
  }

  private static int[] each(IntUnaryOperator sample) {
    int[] samples = new int[WIDTH * HEIGHT];
    Arrays.setAll(samples, sample);
    return samples;
  }

  /** Stored so that turning it upright gives a picture of the usual size. */
  private static byte[] jpeg(int channels, int orientation) throws IOException {
    boolean turned = orientation > 4;
    int width = turned ? HEIGHT : WIDTH;
    int height = turned ? WIDTH : HEIGHT;
    WritableRaster raster =
        Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, width, height, channels, new Point());
    Random random = new Random(channels);
    for (int i = 0; i < width * height; i++) {
      raster.setPixel(i % width, i / width, random.ints(channels, 0, 256).toArray());
    }
    return JpegBytes.with(
        JpegBytes.encode(raster, orientation == 3), 0xe1, JpegBytes.exif(orientation));
  }

  /** All kinds of pictures; the first is what those of outcome SAME equal. */
  public static List<PictureKind> pictures() throws IOException {
    List<PictureKind> kinds = new ArrayList<>();
    byte[] rgb = png(samples(3, 8), PngBytes.RGB, 8, false);
    byte[] jpeg = jpeg(3, 1);
    byte[] bmp = JdkPictures.write("bmp", "", image(BufferedImage.TYPE_3BYTE_BGR));
    byte[] gif = JdkPictures.write("gif", "", image(BufferedImage.TYPE_BYTE_INDEXED));
    byte[] tiff = JdkPictures.write("tiff", "LZW", image(BufferedImage.TYPE_3BYTE_BGR));
    byte[] transparent = PngBytes.chunk("tRNS", new byte[] {0, 9, (byte) 255});
    same(kinds, "rgb.png", rgb);
    same(kinds, "rgb16.png", png(samples(3, 16), PngBytes.RGB, 16, false));
    same(kinds, "rgba.png", png(samples(4, 8), PngBytes.RGB_ALPHA, 8, false));
    same(kinds, "rgba16.png", png(samples(4, 16), PngBytes.RGB_ALPHA, 16, true));
    same(kinds, "interlaced.png", png(samples(3, 8), PngBytes.RGB, 8, true));
    same(
        kinds,
        "palette.png",
        png(each(FileKinds::index), PngBytes.PALETTE, 8, false, palette(110)));
    same(
        kinds,
        "see-through.png",
        png(each(FileKinds::index), PngBytes.PALETTE, 8, true, palette(110), transparent));
    same(kinds, "bitmap.bmp", bmp);
    same(kinds, "gif.gif", gif);
    same(kinds, "tiff.tif", tiff);
    same(kinds, "png-called.jpg", rgb);
    same(kinds, "bmp-called.png", bmp);
    read(kinds, "grey.png", png(each(i -> i % 251), PngBytes.GREY, 8, false));
    read(kinds, "grey16.png", png(each(i -> i * 40), PngBytes.GREY, 16, false));
    read(kinds, "bits.png", png(each(i -> i & 1), PngBytes.GREY, 1, true));
    read(kinds, "jpeg.jpg", jpeg);
    read(kinds, "jpeg-called.png", jpeg);
    read(kinds, "upside-down.jpeg", jpeg(3, 3));
    read(kinds, "on-its-right.jpg", jpeg(3, 6));
    read(kinds, "on-its-left.jpg", jpeg(3, 8));
    read(kinds, "grey-jpeg.jpg", jpeg(1, 1));
    read(kinds, "four-inks.jpg", jpeg(4, 1));
    refused(kinds, "half.png", half(rgb));
    refused(kinds, "half-jpeg.jpg", half(jpeg));
    refused(kinds, "half-bmp.bmp", half(bmp));
    refused(kinds, "half-gif.gif", half(gif));
    refused(kinds, "half-tiff.tif", half(tiff));
    refused(kinds, "empty.png", new byte[0]);
    refused(kinds, "text.jpg", "It was a bright day\n".getBytes(StandardCharsets.UTF_8));
    refused(kinds, "webp.png", "RIFF\0\0\0\0WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1));
    refused(
        kinds,
        "huge.png",
        PngBytes.file(
            PngBytes.chunk("IHDR", PngBytes.header(60000, 60000, PngBytes.RGB, 8, false))));
    return kinds;
  }

  private static byte[] half(byte[] file) {
    return Arrays.copyOf(file, file.length / 2);
  }

  private static void same(List<PictureKind> kinds, String name, byte[] bytes) {
    kinds.add(new PictureKind(name, bytes, Outcome.SAME));
  }

  private static void read(List<PictureKind> kinds, String name, byte[] bytes) {
    kinds.add(new PictureKind(name, bytes, Outcome.READ));
  }

  private static void refused(List<PictureKind> kinds, String name, byte[] bytes) {
    kinds.add(new PictureKind(name, bytes, Outcome.REFUSED));
  }

  /** Two pixels of the third label stand at (7, 2) and (8, 2), the rest are stripes of two. */
  private static int label(int pixel) {
    int x = pixel % WIDTH;
    int y = pixel / WIDTH;
    return y == 2 && (x == 7 || x == 8) ? 2 : x / 5 % 2;
  }

  /**
   * The mask of one picture in all kinds of files; the first is what those that are read equal.
   *
   * @param labels three label ids below 16, and then two values below 256 without a rule
   * @param colours the labels' colours 0xRRGGBB
   */
  public static List<MaskKind> masks(int[] labels, int[] colours) throws IOException {
    int[] ids = each(i -> labels[label(i)]);
    int[] rgb = new int[3 * ids.length];
    Arrays.setAll(rgb, i -> colours[label(i / 3)] >> (16 - 8 * (i % 3)) & 0xff);
    int[] rgba = new int[4 * ids.length];
    Arrays.setAll(rgba, i -> i % 4 == 3 ? 255 : rgb[i / 4 * 3 + i % 4]);
    int[] rgb16 = Arrays.stream(rgb).map(v -> 257 * v).toArray();
    int[] foreign = each(i -> label(i) == 2 ? labels[3] : labels[label(i)]);
    foreign[ids.length - 1] = labels[4];
    int[] blended = rgb.clone();
    for (int i = 0; i < rgb.length - 3; i++) {
      blended[i] = (rgb[i] + rgb[i + 3]) / 2;
    }
    byte[] own = palette(labels, colours);
    byte[] renumbered = palette(new int[] {2, 0, 1}, colours);
    byte[] transparent = PngBytes.chunk("tRNS", new byte[] {0, 9, 77});
    WritableRaster raster =
        Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, WIDTH, HEIGHT, 3, new Point());
    raster.setPixels(0, 0, WIDTH, HEIGHT, rgb);
    return List.of(
        new MaskKind("grey.png", png(ids, PngBytes.GREY, 8, false), ""),
        new MaskKind("4-bits.png", png(ids, PngBytes.GREY, 4, false), ""),
        new MaskKind("interlaced.png", png(ids, PngBytes.GREY, 8, true), ""),
        new MaskKind("palette.png", png(ids, PngBytes.PALETTE, 8, false, own), ""),
        new MaskKind("any-palette.png", png(ids, PngBytes.PALETTE, 8, false, palette(256)), ""),
        new MaskKind("see-through.png", png(ids, PngBytes.PALETTE, 8, true, own, transparent), ""),
        new MaskKind("colours.png", png(rgb, PngBytes.RGB, 8, false), ""),
        new MaskKind("colours-interlaced.png", png(rgb, PngBytes.RGB, 8, true), ""),
        new MaskKind("16-bits.png", png(ids, PngBytes.GREY, 16, false), "a 16-bit PNG is not"),
        new MaskKind("16-bit-colours.png", png(rgb16, PngBytes.RGB, 16, false), "16 bits a"),
        new MaskKind("alpha.png", png(rgba, PngBytes.RGB_ALPHA, 8, false), "mask with alpha"),
        new MaskKind("jpeg.png", JpegBytes.encode(raster, false), "a JPEG is not a mask"),
        new MaskKind(
            "bmp.png",
            JdkPictures.write("bmp", "", image(BufferedImage.TYPE_3BYTE_BGR)),
            "a BMP is not read as a mask"),
        new MaskKind(
            "foreign.png",
            png(foreign, PngBytes.GREY, 8, false),
            "value " + labels[3] + " has no rule in class table"),
        new MaskKind("blended.png", png(blended, PngBytes.RGB, 8, false), "has no rule in class"),
        new MaskKind(
            "renumbered.png",
            png(each(i -> (label(i) + 2) % 3), PngBytes.PALETTE, 8, false, renumbered),
            "numbered anew"),
        new MaskKind("small.png", PngBytes.of(new int[] {labels[0]}, 1, 1, 0, 8, false), "is 1x1"),
        new MaskKind("half.png", half(png(ids, PngBytes.GREY, 8, false)), "truncated PNG"),
        new MaskKind("empty.png", new byte[0], "the file is empty"));
  }

  private static byte[] palette(int[] ids, int[] colours) {
    byte[] bytes = new byte[3 * 16];
    for (int i = 0; i < colours.length; i++) {
      bytes[3 * ids[i]] = (byte) (colours[i] >> 16);
      bytes[3 * ids[i] + 1] = (byte) (colours[i] >> 8);
      bytes[3 * ids[i] + 2] = (byte) colours[i];
    }
    return PngBytes.chunk("PLTE", bytes);
  }
}
