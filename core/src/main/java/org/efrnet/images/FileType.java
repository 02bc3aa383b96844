package org.efrnet.images;

import java.nio.charset.StandardCharsets;

/** What a file is by its first bytes; those that are only named are told apart to say so. */
enum FileType {
  PNG("PNG"),
  JPEG("JPEG"),
  BMP("BMP"),
  GIF("GIF"),
  TIFF("TIFF"),
  WEBP("WebP"),
  HEIC("HEIC"),
  AVIF("AVIF"),
  JPEG_XL("JPEG XL"),
  JPEG_2000("JPEG 2000"),
  PHOTOSHOP("Photoshop"),
  PDF("PDF"),
  UNKNOWN("");

  private final String title;

  FileType(String title) {
    this.title = title;
  }

  /** With its article, the name that its users know. */
  String title() {
    return (this == AVIF ? "an " : "a ") + title;
  }

  static FileType of(byte[] file) {
    if (Png.isPng(file)) {
      return PNG;
    }
    if (Jpeg.isJpeg(file)) {
      return JPEG;
    }
    String start = new String(file, 0, Math.min(file.length, 12), StandardCharsets.ISO_8859_1);
    if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) {
      return GIF;
    }
    if (start.startsWith("BM")) {
      return BMP;
    }
    // 42 is the classic file, 43 the one with 64-bit offsets, which the reader refuses by name.
    if (start.matches("(?s)(II[*+]\0|MM\0[*+]).*")) {
      return TIFF;
    }
    if (start.startsWith("RIFF") && start.endsWith("WEBP")) {
      return WEBP;
    }
    if (start.startsWith("ftyp", 4)) {
      return start.startsWith("avi", 8) ? AVIF : isHeif(start) ? HEIC : UNKNOWN;
    }
    if (start.startsWith("\u00ff\n") || start.startsWith("JXL ", 4)) {
      return JPEG_XL;
    }
    if (start.startsWith("jP  ", 4) || start.startsWith("\u00ffO\u00ffQ")) {
      return JPEG_2000;
    }
    return start.startsWith("8BPS") ? PHOTOSHOP : start.startsWith("%PDF") ? PDF : UNKNOWN;
  }

  /** The brands of ISO/IEC 23008-12; the others of that container are films. */
  private static boolean isHeif(String start) {
    return start.startsWith("hei", 8)
        || start.startsWith("hev", 8)
        || start.startsWith("mif", 8)
        || start.startsWith("msf", 8);
  }
}
