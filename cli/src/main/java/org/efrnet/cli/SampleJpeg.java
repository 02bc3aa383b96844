package org.efrnet.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Picture;

/** A street scene as a JPEG, where no photograph is at hand: of the size of the sample's. */
final class SampleJpeg {
  private static final int WIDTH = 751;
  private static final int HEIGHT = 563;

  private SampleJpeg() {}

  static byte[] draw() throws IOException {
    Picture scene = StreetScenes.of(1, WIDTH, HEIGHT, 1).load(0).picture();
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        image.setRGB(x, y, scene.at(x, y, 0) << 16 | scene.at(x, y, 1) << 8 | scene.at(x, y, 2));
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (!ImageIO.write(image, "jpeg", bytes)) {
      throw new IOException("this Java writes no JPEG; use a JDK with the module java.desktop");
    }
    return bytes.toByteArray();
  }
}
