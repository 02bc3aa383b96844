package org.efrnet.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * Reads PNG, JPEG, BMP, GIF and TIFF files and writes PNG files.
 *
 * <p>The type is told by a file's first bytes, never by its name. A picture comes out upright (Exif
 * orientation applied once) as 8-bit RGB: grey is spread over three channels, palettes are looked
 * up, of 16 bits the high byte is taken, four inks are converted without a profile, alpha is
 * dropped and never blended. Colour profiles are ignored: values are taken as sRGB. Of an animated
 * GIF it is the first frame, of a TIFF the first page.
 */
public final class Pictures {
  static {
    // Decoding needs no screen; without this a JVM with a dead DISPLAY can fail or hang.
    if (System.getProperty("java.awt.headless") == null) {
      System.setProperty("java.awt.headless", "true");
    }
  }

  private Pictures() {}

  /**
   * Reads a picture strictly, within 100 million pixels.
   *
   * @throws PictureException if there is no such picture or it is damaged, truncated or too large
   */
  public static Picture read(Path file) throws PictureException {
    return read(file, ReadOptions.DEFAULT);
  }

  /**
   * Reads a picture.
   *
   * @throws PictureException if there is no such picture or it is damaged, truncated or too large
   */
  public static Picture read(Path file, ReadOptions options) throws PictureException {
    return read(PictureFile.read(file), file.toString(), options);
  }

  /**
   * The picture turned upright.
   *
   * @param orientation 1..8 as Exif counts: where the first row and column are in the scene; of 1
   *     it is the picture itself
   * @throws IllegalArgumentException if there is no such orientation
   */
  public static Picture upright(Picture stored, int orientation) {
    if (orientation < Exif.UPRIGHT || orientation > Exif.LAST) {
      throw new IllegalArgumentException("orientation " + orientation + " must lie in 1..8");
    }
    return Exif.upright(stored, orientation);
  }

  /**
   * Reads a picture from a stream, which is left open.
   *
   * @param name stands for the picture in messages
   * @throws PictureException if the stream breaks off or does not hold a readable picture
   */
  public static Picture read(InputStream stream, String name, ReadOptions options)
      throws PictureException {
    byte[] bytes;
    try {
      bytes = stream.readNBytes(PictureFile.MOST_BYTES + 1);
    } catch (IOException e) {
      throw new PictureException(name, "cannot be read: " + e.getMessage(), "try again", e);
    }
    PictureFile.requireSize(name, bytes.length);
    return read(bytes, name, options);
  }

  /**
   * Reads a picture from the bytes of a file, which are not kept.
   *
   * @param name stands for the picture in messages
   * @throws PictureException if the bytes are not a readable picture
   */
  public static Picture read(byte[] bytes, String name, ReadOptions options)
      throws PictureException {
    try {
      return switch (FileType.of(bytes)) {
        case PNG -> Png.parse(bytes, name, options).picture();
        case JPEG -> Jpeg.read(bytes, name, options);
        case BMP -> Bmp.read(bytes, name, options);
        case GIF -> Gif.read(bytes, name, options);
        case TIFF -> Tiff.read(bytes, name, options);
        default -> throw notAPicture(bytes, name);
      };
    } catch (OutOfMemoryError e) {
      // Its size is within the budget by now: one large array did not fit, and nothing is broken.
      throw new PictureException(
          name,
          "its pixels do not fit into this Java's memory",
          "shrink it or give Java more memory with -Xmx",
          e);
    }
  }

  /** Whether a file's first bytes are those of a type that is read here. */
  public static boolean isKnown(byte[] bytes) {
    return switch (FileType.of(bytes)) {
      case PNG, JPEG, BMP, GIF, TIFF -> true;
      default -> false;
    };
  }

  /**
   * What a picture's file claims of its size, decoding nothing: for those who must know whether
   * they can afford to read it.
   *
   * @param name stands for the picture in messages
   * @throws PictureException if the file is of no type that is read here, or is damaged or ends
   *     before it says its size
   */
  public static ClaimedSize size(byte[] bytes, String name) throws PictureException {
    return switch (FileType.of(bytes)) {
      case PNG -> Png.size(bytes, name);
      case JPEG -> Jpeg.size(bytes, name);
      case BMP -> Bmp.size(bytes, name);
      case GIF -> Gif.size(bytes, name);
      case TIFF -> Tiff.size(bytes, name);
      default -> throw notAPicture(bytes, name);
    };
  }

  static PictureException notAPicture(byte[] bytes, String name) {
    if (bytes.length == 0) {
      return new PictureException(name, "the file is empty", "copy or download it anew");
    }
    FileType type = FileType.of(bytes);
    return type == FileType.UNKNOWN
        ? new PictureException(
            name,
            "not a PNG, JPEG, BMP, GIF or TIFF picture",
            "convert it to PNG or JPEG, or leave it out")
        : new PictureException(
            name, type.title() + " file, which is not read here", "convert it to PNG or JPEG");
  }

  /**
   * Writes an 8-bit RGB PNG, replacing the file in one step; the same picture gives the same bytes.
   *
   * @throws PictureException if the file cannot be written
   */
  public static void writePng(Path file, Picture picture) throws PictureException {
    PictureFile.write(file, png(picture));
  }

  /** The bytes of the file that {@link #writePng} writes. */
  public static byte[] png(Picture picture) {
    return PngEncoder.encode(picture);
  }
}
