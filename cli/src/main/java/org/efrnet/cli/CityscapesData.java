package org.efrnet.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.efrnet.data.Cityscapes;
import org.efrnet.data.DataSets;

/** The data of options that only Cityscapes gives a meaning. */
final class CityscapesData {
  private CityscapesData() {}

  static Cityscapes open(Path dir, String split, String option) throws IOException {
    DataSets.Layout layout = DataSets.layoutOf(dir);
    if (layout != DataSets.Layout.CITYSCAPES) {
      throw new Failure(
          option
              + " is for Cityscapes, and data "
              + dir
              + " have the layout "
              + layout
              + ": give Cityscapes' folder, or leave it out");
    }
    return Cityscapes.open(dir, split);
  }
}
