package org.efrnet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.efrnet.data.DataSets;
import org.efrnet.text.OneLine;
import org.efrnet.text.StrictYaml;

/**
 * What a bundle's recipe tells of the pictures that its training saw; the rest of the recipe is the
 * training's own.
 *
 * @param source in lower case: {@code camvid}, {@code camvid-original}, {@code cityscapes}, {@code
 *     folder}, or {@code streets} for generated scenes
 * @param splits of that source
 * @param from the bundle that the training started from, by name or folder; empty if it started
 *     from random weights
 */
record TrainedOn(String source, List<String> splits, String from) {
  private static final String FOLDER = "folder";
  private static final String CITYSCAPES = "cityscapes";
  private static final String GENERATED = "streets";

  TrainedOn {
    splits = List.copyOf(splits);
  }

  /**
   * Reads a recipe as bundles carry it, with every key.
   *
   * @param of named in the error
   */
  static TrainedOn parse(String recipe, String of) {
    try {
      JsonNode tree = StrictYaml.parse(recipe);
      String source = text(tree.path("data").path("source"), "data.source");
      String split = text(tree.path("data").path("split"), "data.split");
      return new TrainedOn(
          source.toLowerCase(Locale.ROOT),
          List.of(split.split("\\+", -1)),
          tree.path("from").asText(""));
    } catch (IOException e) {
      throw new Failure("recipe of " + of + ": " + e.getMessage(), e);
    }
  }

  private static String text(JsonNode node, String key) throws IOException {
    if (!node.isTextual()) {
      throw new IOException(
          "'"
              + key
              + "' is "
              + (node.isMissingNode() ? "missing" : OneLine.of(node.toString()))
              + ", so it cannot be told what the model was trained on; put the recipe right");
    }
    return node.textValue();
  }

  /**
   * Whether a folder of that layout may hold what was trained on: generated scenes lie nowhere, and
   * both layouts of CamVid hold the same pictures by the same names.
   */
  boolean mayLieIn(DataSets.Layout layout) {
    return switch (layout) {
      case FOLDER -> source.equals(FOLDER);
      case CITYSCAPES -> source.equals(CITYSCAPES);
      case CAMVID, CAMVID_ORIGINAL -> !List.of(FOLDER, CITYSCAPES, GENERATED).contains(source);
    };
  }
}
