package org.efrnet.images;

/**
 * An sRGB picture held in Java memory: 8 bits a channel, interleaved R, G, B, rows from the top.
 *
 * <p>The array is the caller's promise: whoever hands bytes over does not write to them afterwards,
 * and whoever reads {@link #rgb()} does not write at all. Copying every frame of a video twice to
 * enforce it would cost more than the network's first layer.
 *
 * @param width pixels a row, at least 1
 * @param height rows, at least 1
 * @param rgb {@code 3 * width * height} bytes, each 0..255 as an unsigned byte
 */
public record Picture(int width, int height, byte[] rgb) {
  public Picture {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "picture size " + width + "x" + height + ": both sides must be at least 1");
    }
    if (rgb.length != 3L * width * height) {
      throw new IllegalArgumentException(
          "picture "
              + width
              + "x"
              + height
              + " needs "
              + 3L * width * height
              + " bytes, got "
              + rgb.length);
    }
  }

  /** The channel value 0..255 at a pixel; channel 0 is red, 1 green, 2 blue. */
  public int at(int x, int y, int channel) {
    return rgb[3 * (y * width + x) + channel] & 0xff;
  }
}
