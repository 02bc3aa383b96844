package org.efrnet.images;

/**
 * What can be wrong with a file of one format, said alike by all readers.
 *
 * @param name stands for the picture in messages
 * @param format the format's name
 */
record Fault(String name, String format) {
  PictureException truncated() {
    return new PictureException(
        name, "truncated " + format + ": it ends before its pixels do", "copy or download it anew");
  }

  PictureException damaged(String how) {
    return new PictureException(name, "damaged " + format + ": " + how, "export or copy it anew");
  }

  PictureException unsupported(String what, String remedy) {
    return new PictureException(name, format + ": " + what + " is not supported", remedy);
  }
}
