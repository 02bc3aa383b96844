package org.efrnet.images;

import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A JPEG file, its segments checked, its pixels not yet decoded. The JDK's decoder gets the coded
 * picture alone: what it makes of profiles, thumbnails and colour hints differs between versions,
 * so those segments are read here or dropped, its output is taken before any colour conversion, and
 * the conversion is ours.
 *
 * <p>ITU-T T.81 for the segments, T.871 (JFIF) for YCbCr. Profiles are ignored, as in the readers
 * that the published networks were trained with.
 */
final class Jpeg {
  /** Enough for any real progressive picture; a file of a million tiny scans takes hours. */
  private static final int MOST_SCANS = 500;

  private static final int NO_ADOBE = -1;

  private final String name;
  private final byte[] file;
  private final ByteArrayOutputStream picture;
  private int width;
  private int height;
  private int channels;
  private boolean namedRgb;
  private boolean jfif;
  private int adobeTransform = NO_ADOBE;
  private int orientation = Exif.UPRIGHT;
  private int scans;
  private boolean ended;

  private Jpeg(String name, byte[] file, int copied) {
    this.name = name;
    this.file = file;
    this.picture = new ByteArrayOutputStream(copied);
  }

  static boolean isJpeg(byte[] file) {
    return file.length >= 3
        && (file[0] & 0xff) == 0xff
        && (file[1] & 0xff) == 0xd8
        && (file[2] & 0xff) == 0xff;
  }

  static Picture read(byte[] file, String name, ReadOptions options) throws PictureException {
    Jpeg jpeg = new Jpeg(name, file, file.length);
    jpeg.readSegments(options);
    if (!jpeg.ended && !options.lenient()) {
      throw jpeg.truncated();
    }
    if (jpeg.channels == 0 || jpeg.scans == 0) {
      throw jpeg.damaged("it holds no picture");
    }
    return jpeg.decode(options);
  }

  /** Walks from segment to segment to the frame's header; copies nothing. */
  static ClaimedSize size(byte[] file, String name) throws PictureException {
    Jpeg jpeg = new Jpeg(name, file, 0);
    int at = 2;
    while (true) {
      while (at < file.length && (file[at] & 0xff) != 0xff) {
        at++;
      }
      while (at < file.length && (file[at] & 0xff) == 0xff) {
        at++;
      }
      if (file.length - at < 3) {
        throw jpeg.truncated();
      }
      int marker = file[at++] & 0xff;
      if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
        if (file.length - at < 7) {
          throw jpeg.truncated();
        }
        return new ClaimedSize(jpeg.unsigned16(at + 5), jpeg.unsigned16(at + 3));
      }
      if (marker == 0xd9 || marker == 0xda) {
        throw jpeg.damaged("it holds no picture");
      }
      if (!standsAlone(marker)) {
        at += Math.max(2, jpeg.unsigned16(at));
      }
    }
  }

  private void readSegments(ReadOptions options) throws PictureException {
    picture.write(file, 0, 2);
    int at = 2;
    while (!ended) {
      while (at < file.length && (file[at] & 0xff) != 0xff) {
        at++;
      }
      while (at < file.length && (file[at] & 0xff) == 0xff) {
        at++;
      }
      if (at >= file.length) {
        return;
      }
      int marker = file[at++] & 0xff;
      if (marker == 0xd9) {
        ended = true;
        picture.write(0xff);
        picture.write(marker);
      } else if (!standsAlone(marker)) {
        if (file.length - at < 2) {
          return;
        }
        int length = unsigned16(at);
        if (length < 2) {
          throw damaged("a segment of " + length + " bytes at byte " + at);
        }
        if (length > file.length - at) {
          return;
        }
        readSegment(marker, at + 2, length - 2, options);
        boolean aside = (marker >= 0xe0 && marker <= 0xef) || marker == 0xfe;
        if (!aside) {
          picture.write(0xff);
          picture.write(marker);
          picture.write(file, at, length);
        }
        at += length;
        if (marker == 0xda) {
          int end = endOfScan(at);
          picture.write(file, at, end - at);
          at = end;
        }
      }
    }
  }

  /** Stuffing, TEM, RST0-7 and SOI have no length field. */
  private static boolean standsAlone(int marker) {
    return marker == 0 || marker == 1 || (marker >= 0xd0 && marker <= 0xd8);
  }

  /** Coded data run to the next marker that is neither a stuffed zero nor a restart. */
  private int endOfScan(int start) {
    int at = start;
    while (at < file.length) {
      if ((file[at] & 0xff) == 0xff && at + 1 < file.length) {
        int next = file[at + 1] & 0xff;
        if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) {
          return at;
        }
      }
      at++;
    }
    return at;
  }

  private void readSegment(int marker, int at, int length, ReadOptions options)
      throws PictureException {
    switch (marker) {
      case 0xc0, 0xc1, 0xc2 -> readFrame(at, length, options);
      case 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf ->
          throw new PictureException(
              name,
              "lossless, hierarchical or arithmetic-coded JPEG is not supported",
              "save it as a baseline or progressive JPEG or as PNG");
      case 0xda -> {
        scans++;
        if (scans > MOST_SCANS) {
          throw damaged("more than " + MOST_SCANS + " scans");
        }
      }
      case 0xe0 -> jfif |= startsWith(at, length, "JFIF\0");
      case 0xe1 -> {
        if (startsWith(at, length, "Exif\0")) {
          orientation = Exif.orientation(file, at + 6, length - 6);
        }
      }
      case 0xee -> {
        if (startsWith(at, length, "Adobe") && length >= 12) {
          adobeTransform = file[at + 11] & 0xff;
        }
      }
      default -> {}
    }
  }

  private void readFrame(int at, int length, ReadOptions options) throws PictureException {
    if (channels != 0) {
      throw damaged("it holds a second frame header");
    }
    if (length < 6 || length < 6 + 3 * (file[at + 5] & 0xff)) {
      throw damaged("its frame header is too short");
    }
    int bits = file[at] & 0xff;
    if (bits != 8) {
      throw new PictureException(
          name, "a JPEG of " + bits + " bits a sample is not supported", "save it with 8 bits");
    }
    height = unsigned16(at + 1);
    width = unsigned16(at + 3);
    options.requireSize(name, width, height);
    channels = file[at + 5] & 0xff;
    if (channels != 1 && channels != 3 && channels != 4) {
      throw damaged(channels + " channels instead of 1, 3 or 4");
    }
    namedRgb = channels == 3 && file[at + 6] == 'R' && file[at + 9] == 'G' && file[at + 12] == 'B';
  }

  private Picture decode(ReadOptions options) throws PictureException {
    ImageReader reader = jdkReader();
    AtomicReference<String> shortage = new AtomicReference<>("");
    try {
      reader.addIIOReadWarningListener(
          (source, warning) -> {
            if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
              shortage.set(warning);
            }
          });
      reader.setInput(
          new MemoryCacheImageInputStream(new ByteArrayInputStream(picture.toByteArray())),
          true,
          true);
      Raster raster = reader.readRaster(0, null);
      if (!shortage.get().isEmpty() && !options.lenient()) {
        throw truncated();
      }
      return Exif.upright(convert(raster), orientation);
    } catch (PictureException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Hostile files make the decoder throw more than it declares.
      throw new PictureException(
          name, "damaged JPEG: " + e.getMessage(), "export or copy it anew", e);
    } finally {
      reader.dispose();
    }
  }

  /** A plug-in on the class path must not decide what a picture's bytes are. */
  private ImageReader jdkReader() throws PictureException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("jpeg");
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if (reader.getClass().getName().startsWith("com.sun.imageio.")) {
        return reader;
      }
    }
    throw new PictureException(
        name, "this Java has no JPEG decoder", "use a JDK or JRE with the module java.desktop");
  }

  private Picture convert(Raster raster) throws PictureException {
    if (raster.getWidth() != width
        || raster.getHeight() != height
        || raster.getNumBands() != channels
        || !(raster.getDataBuffer() instanceof DataBufferByte)) {
      throw damaged("its decoder returned another size than its header claims");
    }
    byte[] samples = ((DataBufferByte) raster.getDataBuffer()).getData();
    int pixels = width * height;
    if (samples.length != (long) pixels * channels) {
      throw damaged("its decoder returned " + samples.length + " samples");
    }
    switch (channels) {
      case 1 -> {
        byte[] rgb = new byte[3 * pixels];
        for (int i = 0, t = 0; i < pixels; i++, t += 3) {
          rgb[t] = samples[i];
          rgb[t + 1] = samples[i];
          rgb[t + 2] = samples[i];
        }
        return new Picture(width, height, rgb);
      }
      case 3 -> {
        boolean storedRgb = adobeTransform == 0 || (adobeTransform < 0 && !jfif && namedRgb);
        if (!storedRgb) {
          convertYcc(samples, 3);
        }
        return new Picture(width, height, samples);
      }
      default -> {
        return new Picture(width, height, convertInk(samples, pixels));
      }
    }
  }

  /**
   * Four inks, as every reader without a profile does: a channel is paper left by its ink times
   * paper left by black. Adobe's writers store paper left, others store ink; YCCK holds the YCbCr
   * of its complement and leaves black alone.
   */
  private byte[] convertInk(byte[] samples, int pixels) {
    if (adobeTransform == 2) {
      convertYcc(samples, 4);
    }
    int flipBlack = adobeTransform == NO_ADOBE ? 0xff : 0;
    int flipInk = adobeTransform == 2 ? 0xff : flipBlack;
    byte[] rgb = new byte[3 * pixels];
    for (int i = 0, f = 0, t = 0; i < pixels; i++, f += 4, t += 3) {
      int light = (samples[f + 3] & 0xff) ^ flipBlack;
      for (int c = 0; c < 3; c++) {
        int product = ((samples[f + c] & 0xff) ^ flipInk) * light;
        rgb[t + c] = (byte) ((product + 127) / 255);
      }
    }
    return rgb;
  }

  /** YCbCr to RGB in place, T.871 section 7 with 16-bit fixed-point factors. */
  private static void convertYcc(byte[] samples, int stride) {
    for (int i = 0; i < samples.length; i += stride) {
      int luma = (samples[i] & 0xff) << 16 | 0x8000;
      int cb = (samples[i + 1] & 0xff) - 128;
      int cr = (samples[i + 2] & 0xff) - 128;
      samples[i] = clamp((luma + 91881 * cr) >> 16);
      samples[i + 1] = clamp((luma - 22554 * cb - 46802 * cr) >> 16);
      samples[i + 2] = clamp((luma + 116130 * cb) >> 16);
    }
  }

  private static byte clamp(int value) {
    return (byte) Math.max(0, Math.min(255, value));
  }

  private boolean startsWith(int at, int length, String prefix) {
    if (length < prefix.length()) {
      return false;
    }
    for (int i = 0; i < prefix.length(); i++) {
      if (file[at + i] != (byte) prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private int unsigned16(int at) {
    return (file[at] & 0xff) << 8 | (file[at + 1] & 0xff);
  }

  private PictureException truncated() {
    return new PictureException(
        name,
        "truncated JPEG: it ends before its pixels do",
        "copy or download it anew, or read it leniently with its missing part grey");
  }

  private PictureException damaged(String how) {
    return new PictureException(name, "damaged JPEG: " + how, "export or copy it anew");
  }
}
