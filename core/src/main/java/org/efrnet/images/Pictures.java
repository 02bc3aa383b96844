package org.efrnet.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * Reads PNG and JPEG files and writes PNG files.
 *
 * <p>The type is told by a file's first bytes, never by its name. A picture comes out upright (Exif
 * orientation applied once) as 8-bit RGB: grey is spread over three channels, palettes are looked
 * up, of 16 bits the high byte is taken, four inks are converted without a profile, alpha is
 * dropped and never blended. Colour profiles are ignored: values are taken as sRGB.
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
    if (Png.isPng(bytes)) {
      return Png.parse(bytes, name, options).picture();
    }
    if (Jpeg.isJpeg(bytes)) {
      return Jpeg.read(bytes, name, options);
    }
    throw notAPicture(bytes, name);
  }

  static PictureException notAPicture(byte[] bytes, String name) {
    return bytes.length == 0
        ? new PictureException(name, "the file is empty", "copy or download it anew")
        : new PictureException(
            name, "not a PNG or JPEG picture", "convert it to PNG or JPEG, or leave it out");
  }

  /**
   * Writes an 8-bit RGB PNG, replacing the file in one step; the same picture gives the same bytes.
   *
   * @throws PictureException if the file cannot be written
   */
  public static void writePng(Path file, Picture picture) throws PictureException {
    PictureFile.write(file, PngEncoder.encode(picture));
  }
}
