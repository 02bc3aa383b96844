package org.efrnet.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.efrnet.images.Pictures;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;

/** The README's Java, compiled and run. */
final class ReadmeSnippet {
  private ReadmeSnippet() {}

  static void run() throws IOException {
    // README: begin
    try (Segmenter segmenter = Segmenter.load("efrnet.camvid")) {
      Segmentation s = segmenter.segment(Pictures.read(Path.of("samples/street.jpg")));
      Pictures.writePng(Path.of("overlay.png"), s.overlay(0.5));
      System.out.println(s.shares());
    }
    // README: end
  }
}
