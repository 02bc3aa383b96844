package org.efrnet.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Picture;

/** JPEGs that are made here, as cameras make them. */
final class SampleJpeg {
  private static final int WIDTH = 751;
  private static final int HEIGHT = 563;

  private SampleJpeg() {}

  /** A street scene of the size of the sample's photograph, where that is not at hand. */
  static byte[] draw() throws IOException {
    return of(StreetScenes.of(1, WIDTH, HEIGHT, 1).load(0).picture());
  }

  /** A picture in the quality that Java's own writer takes by default. */
  static byte[] of(Picture picture) throws IOException {
    BufferedImage image =
        new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        image.setRGB(
            x, y, picture.at(x, y, 0) << 16 | picture.at(x, y, 1) << 8 | picture.at(x, y, 2));
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (!ImageIO.write(image, "jpeg", bytes)) {
      throw new IOException("this Java writes no JPEG; use a JDK with the module java.desktop");
    }
    return bytes.toByteArray();
  }
}
