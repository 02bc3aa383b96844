package org.efrnet.images;

import java.nio.file.Path;
import java.util.List;

/** Reads and writes masks: PNG files whose stored pixel values are ids. */
public final class Masks {
  /** What a mask file stores at its pixels. */
  public sealed interface Stored {
    /**
     * Ids: palette indices or grey values.
     *
     * @param palette the colours 0xRRGGBB that viewers show for the ids; empty for grey
     */
    record Ids(Mask mask, List<Integer> palette) implements Stored {}

    /** RGB colours, which only a colour code makes ids of. */
    record Colours(Picture picture) implements Stored {}
  }

  private Masks() {}

  /**
   * Reads the stored palette indices or grey values of a PNG of up to 8 bits a pixel, whatever
   * colours its palette shows, turned upright as {@link Pictures#read(Path)} turns a picture.
   *
   * @throws PictureException if the file is missing or damaged, or holds RGB colours, 16 bits,
   *     alpha, or is not a PNG: those are no ids, and are not guessed into some
   */
  public static Mask read(Path file) throws PictureException {
    return read(file, ReadOptions.DEFAULT);
  }

  /** As {@link #read(Path)}; of the options only {@code maxPixels} matters. */
  public static Mask read(Path file, ReadOptions options) throws PictureException {
    return read(PictureFile.read(file), file.toString(), options);
  }

  /**
   * As {@link #read(Path)}, from the bytes of a file, which are not kept.
   *
   * @param name stands for the mask in messages
   */
  public static Mask read(byte[] bytes, String name, ReadOptions options) throws PictureException {
    FileType type = FileType.of(bytes);
    return switch (type) {
      case PNG -> Png.parse(bytes, name, options).mask();
      case JPEG ->
          throw new PictureException(
              name,
              "a JPEG is not a mask: its compression changes ids",
              "export the mask anew as an 8-bit grey or palette PNG");
      case BMP, GIF, TIFF ->
          throw new PictureException(
              name,
              type.title() + " is not read as a mask",
              "export the mask as an 8-bit grey or palette PNG");
      default -> throw Pictures.notAPicture(bytes, name);
    };
  }

  /**
   * Reads a mask that stores either ids, as {@link #read(Path)} does, or 8-bit RGB colours: the
   * file's header tells which.
   *
   * @throws PictureException if the file is missing or damaged, or holds 16 bits, alpha or a JPEG
   */
  public static Stored readStored(Path file) throws PictureException {
    byte[] bytes = PictureFile.read(file);
    String name = file.toString();
    if (Png.isPng(bytes)) {
      Png png = Png.parse(bytes, name, ReadOptions.DEFAULT);
      return png.isRgb()
          ? new Stored.Colours(png.maskColours())
          : new Stored.Ids(png.mask(), png.paletteColours());
    }
    return new Stored.Ids(read(bytes, name, ReadOptions.DEFAULT), List.of());
  }

  /**
   * Writes an indexed-palette PNG, replacing the file in one step: its raw pixel values are the
   * mask's ids, all 256 of them, and viewers show the palette's colours.
   *
   * @param paletteRgb at most 256 colours 0xRRGGBB by id; ids beyond its end show black
   * @throws PictureException if the file cannot be written
   */
  public static void write(Path file, Mask mask, int[] paletteRgb) throws PictureException {
    PictureFile.write(file, png(mask, paletteRgb));
  }

  /**
   * The bytes of the file that {@link #write} writes.
   *
   * @param paletteRgb at most 256 colours 0xRRGGBB by id; ids beyond its end show black
   */
  public static byte[] png(Mask mask, int[] paletteRgb) {
    if (paletteRgb.length > 256) {
      throw new IllegalArgumentException(
          "palette of " + paletteRgb.length + " colours: a mask has at most 256 ids");
    }
    return PngEncoder.encode(mask, paletteRgb);
  }

  /**
   * Writes an 8-bit grey PNG, replacing the file in one step: viewers show the values themselves,
   * and {@link #read} gives them back.
   *
   * @throws PictureException if the file cannot be written
   */
  public static void writeGrey(Path file, Mask values) throws PictureException {
    PictureFile.write(file, encodeGrey(values));
  }

  /** The bytes of the file that {@link #writeGrey} writes. */
  public static byte[] encodeGrey(Mask values) {
    return PngEncoder.encodeGrey(values);
  }
}
