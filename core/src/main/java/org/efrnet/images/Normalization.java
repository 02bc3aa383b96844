package org.efrnet.images;

/** Pictures to planes. */
public record Normalization(float[] mean, float[] deviation) {
  /** ImageNet's statistics, of values 0..1. */
  public static final Normalization IMAGENET =
      new Normalization(new float[] {0.485f, 0.456f, 0.406f}, new float[] {0.229f, 0.224f, 0.225f});

  /** Writes three planes. */
  public void planes(Picture picture, float[] target, int offset) {
    int pixels = picture.width() * picture.height();
    byte[] rgb = picture.rgb();
    for (int c = 0; c < 3; c++) {
      float[] table = new float[256];
      for (int v = 0; v < 256; v++) {
        table[v] = (v / 255f - mean[c]) / deviation[c];
      }
      for (int i = 0, j = c, o = offset + c * pixels; i < pixels; i++, j += 3) {
        target[o + i] = table[rgb[j] & 0xff];
      }
    }
  }
}
