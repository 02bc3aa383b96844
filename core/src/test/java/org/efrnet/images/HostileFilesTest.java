package org.efrnet.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever the bytes: a picture or one line for the user, in bounded memory. */
class HostileFilesTest {
  private static final ReadOptions SMALL = new ReadOptions(100_000, false);

  /** Ten times what 100 000 pixels take in the widest form a reader holds at once. */
  private static final long MOST_BYTES = 20 << 20;

  private static Map<String, byte[]> files() throws Exception {
    BufferedImage noise = JdkPictures.noise(BufferedImage.TYPE_3BYTE_BGR, 5);
    int[] samples = new Random(4).ints(3 * 20 * 20, 0, 256).toArray();
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("png", PngBytes.of(samples, 20, 20, PngBytes.RGB, 8, true));
    files.put("jpeg", JdkPictures.write("jpeg", "", noise));
    files.put("bmp", JdkPictures.write("bmp", "", noise));
    files.put("bmp runs", JdkPictures.write("bmp", "BI_RLE8", JdkPictures.runs(8, 7)));
    files.put("gif", JdkPictures.write("gif", "", JdkPictures.runs(4, 6)));
    for (String packing : new String[] {"LZW", "PackBits", "Deflate"}) {
      files.put("tiff " + packing, JdkPictures.write("tiff", packing, noise));
    }
    TiffBytes tiles = new TiffBytes(ByteOrder.BIG_ENDIAN, 20, 20, 5, 4, 16);
    tiles.set(322, 16).set(323, 16).set(259, 8).set(284, 2).set(317, 2);
    for (int i = 0; i < 16; i++) {
      byte[] tile = new byte[512];
      new Random(i).nextBytes(tile);
      tiles.add(PngBytes.deflated(tile));
    }
    files.put("tiff tiles", tiles.file());
    return files;
  }

  @Test
  void flippedAndCutBytesGiveAPictureOrAPictureException() throws Exception {
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      byte[] good = file.getValue();
      assertThat(Pictures.read(good, file.getKey(), SMALL).width()).isPositive();
      int errors = 0;
      for (long seed = 0; seed < 800; seed++) {
        Random random = new Random(seed);
        byte[] wild = good.clone();
        // Half of the flips hit the head or the tail, where sizes and directories are.
        for (int i = random.nextInt(4); i >= 0; i--) {
          int most = Math.min(good.length, 200);
          int at = random.nextInt(random.nextBoolean() ? good.length : most);
          at = random.nextInt(4) == 0 ? good.length - 1 - Math.min(at, most - 1) : at;
          wild[at] =
              (byte)
                  (random.nextBoolean()
                      ? random.nextInt(256)
                      : wild[at] ^ (1 << random.nextInt(8)));
        }
        if (random.nextInt(3) == 0) {
          wild = Arrays.copyOf(wild, random.nextInt(wild.length));
        }
        errors += readOrRefuse(wild, file.getKey() + ", seed " + seed) ? 0 : 1;
      }
      assertThat(errors).as(file.getKey()).isBetween(100, 800);
    }
  }

  @Test
  void aFileClaimsItsSizeBeforeAnythingIsDecoded() throws Exception {
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      byte[] good = file.getValue();
      Picture picture = Pictures.read(good, file.getKey(), SMALL);
      assertThat(Pictures.isKnown(good)).isTrue();
      assertThat(Pictures.size(good, file.getKey()))
          .as(file.getKey())
          .isEqualTo(new ClaimedSize(picture.width(), picture.height()));
    }
    byte[] gif = files().get("gif").clone();
    Arrays.fill(gif, 6, 10, (byte) 0xff);
    assertThat(Pictures.size(gif, "bomb").pixels()).isEqualTo(65535L * 65535);
    assertThat(Pictures.isKnown("RIFF....WEBPVP8 ".getBytes(StandardCharsets.US_ASCII))).isFalse();
  }

  @Test
  void ofWildBytesASizeIsClaimedOrRefused() throws Exception {
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      for (long seed = 0; seed < 400; seed++) {
        Random random = new Random(seed);
        byte[] wild = Arrays.copyOf(file.getValue(), random.nextInt(file.getValue().length));
        for (int i = 0; i < 3 && wild.length > 0; i++) {
          wild[random.nextInt(Math.min(200, wild.length))] = (byte) random.nextInt(256);
        }
        try {
          Pictures.size(wild, "wild");
        } catch (PictureException e) {
          assertThat(e.getMessage()).startsWith("wild: ");
        } catch (RuntimeException e) {
          fail(file.getKey() + ", seed " + seed, e);
        }
      }
    }
  }

  @Test
  void cutAtEvery64thByteNothingIsRead() throws Exception {
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      byte[] good = file.getValue();
      for (int length = 0; length < good.length; length += 64) {
        String what = file.getKey() + " cut to " + length;
        assertThat(readOrRefuse(Arrays.copyOf(good, length), what)).as(what).isFalse();
      }
    }
  }

  private static boolean readOrRefuse(byte[] bytes, String what) {
    long before = JdkPictures.allocated();
    try {
      Picture picture = Pictures.read(bytes, what, SMALL);
      assertThat((long) picture.width() * picture.height()).isBetween(1L, SMALL.maxPixels());
      return true;
    } catch (PictureException e) {
      assertThat(e.getMessage()).startsWith(what + ": ").doesNotContain("\n").contains("; ");
      // Our own readers check before they step; the JDK's behind the JPEG reader is guarded.
      assertThat(what.startsWith("jpeg") || !(e.getCause() instanceof RuntimeException)).isTrue();
      return false;
    } catch (RuntimeException | Error e) {
      return fail(what, e);
    } finally {
      assertThat(JdkPictures.allocated() - before).as(what).isLessThan(MOST_BYTES);
    }
  }

  @Test
  void packedTextAndProfilesAreNeverUnpacked() throws Exception {
    byte[] zeros = PngBytes.deflated(new byte[20 << 20]);
    byte[] bomb = new byte[zeros.length + 3];
    bomb[0] = 'x';
    System.arraycopy(zeros, 0, bomb, 3, zeros.length);
    byte[] file =
        PngBytes.of(
            new int[] {9},
            1,
            1,
            PngBytes.GREY,
            8,
            false,
            PngBytes.chunk("iCCP", bomb),
            PngBytes.chunk("zTXt", bomb),
            PngBytes.chunk("iTXt", bomb));
    long before = JdkPictures.allocated();
    assertThat(Pictures.read(file, "bomb.png", SMALL).rgb()).containsExactly(9, 9, 9);
    assertThat(JdkPictures.allocated() - before).isLessThan(1 << 20);
  }

  @Test
  void aJpegOfEndlessScansIsRefused() throws Exception {
    byte[] file = JdkPictures.write("jpeg", "", JdkPictures.noise(BufferedImage.TYPE_3BYTE_BGR, 1));
    int scan = 0;
    while ((file[scan] & 0xff) != 0xff || (file[scan + 1] & 0xff) != 0xda) {
      scan++;
    }
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    many.write(file, 0, scan);
    for (int i = 0; i < 501; i++) {
      many.write(file, scan, file.length - 2 - scan);
    }
    many.write(file, file.length - 2, 2);
    assertThatThrownBy(() -> Pictures.read(many.toByteArray(), "many.jpg", SMALL))
        .hasMessageContaining("more than 500 scans");
  }

  @Test
  void aPictureIsWhatItsFirstBytesSayWhateverItsName() throws Exception {
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      Picture named = Pictures.read(file.getValue(), "x." + file.getKey(), SMALL);
      assertThat(Pictures.read(file.getValue(), "x.jpg", SMALL).rgb()).isEqualTo(named.rgb());
    }
  }

  @Test
  void picturesOneThick() throws Exception {
    for (int[] size : new int[][] {{1, 1}, {1, 700}, {700, 1}}) {
      BufferedImage image = new BufferedImage(size[0], size[1], BufferedImage.TYPE_3BYTE_BGR);
      image.setRGB(size[0] - 1, size[1] - 1, 0xffffff);
      for (String format : new String[] {"png", "jpeg", "bmp", "gif", "tiff"}) {
        byte[] file = JdkPictures.write(format, "", image);
        Picture picture = Pictures.read(file, "thin." + format, SMALL);
        assertThat(picture.width()).isEqualTo(size[0]);
        assertThat(picture.height()).isEqualTo(size[1]);
        assertThat(picture.at(size[0] - 1, size[1] - 1, 0)).as(format).isGreaterThan(200);
      }
    }
  }

  @Test
  void formatsThatAreNotReadAreNamed() {
    assertNamed("RIFF\1\1\1\1WEBPVP8 ", "a WebP file");
    assertNamed("\0\0\0\30ftypheic\0\0\0\0", "a HEIC file");
    assertNamed("\0\0\0\30ftypmif1\0\0\0\0", "a HEIC file");
    assertNamed("\0\0\0\34ftypavif\0\0\0\0", "an AVIF file");
    assertNamed("\0\0\0\14JXL \r\n\u0087\n", "a JPEG XL file");
    assertNamed("\0\0\0\14jP  \r\n\u0087\n", "a JPEG 2000 file");
    assertNamed("%PDF-1.7 ", "a PDF file");
    assertNamed("\0\0\0\30ftypmp42\0\0\0\0", "not a PNG, JPEG, BMP, GIF or TIFF picture");
  }

  private static void assertNamed(String start, String message) {
    byte[] file = start.getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> Pictures.read(file, "photo", SMALL))
        .isInstanceOf(PictureException.class)
        .hasMessageContaining("photo: " + message)
        .hasMessageContaining("convert it to PNG or JPEG");
  }
}
