package org.efrnet.benchmarks;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.efrnet.data.Example;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;

/** A drawn street, always the same: what the benchmarks work on. */
final class Street {
  static final int WIDTH = 1280;
  static final int HEIGHT = 720;

  private static final float MARGIN = 6;

  private Street() {}

  static Example of(int width, int height) {
    return StreetScenes.of(1, width, height, 1).load(0);
  }

  static byte[] jpeg(Picture picture) {
    BufferedImage image =
        new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        int rgb = picture.at(x, y, 0) << 16 | picture.at(x, y, 1) << 8 | picture.at(x, y, 2);
        image.setRGB(x, y, rgb);
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Logits as a network gives them: the true class well ahead, others at random. Noise alone would
   * have a border of classes in every pixel.
   *
   * @return planar (classes, height, width)
   */
  static float[] logits(Mask truth, int classes) {
    SplittableRandom random = new SplittableRandom(1);
    int pixels = truth.ids().length;
    float[] logits = new float[classes * pixels];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (4 * random.nextDouble() - 2);
    }
    for (int i = 0; i < pixels; i++) {
      int id = truth.ids()[i] & 0xff;
      if (id != ClassTable.IGNORE) {
        logits[id * pixels + i] += MARGIN;
      }
    }
    return logits;
  }
}
