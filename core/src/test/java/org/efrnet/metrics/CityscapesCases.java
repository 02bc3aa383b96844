package org.efrnet.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.efrnet.data.CityscapesScenes;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Picture;

/**
 * Label maps and predictions made by numbers, on which the official evaluation was run: the same on
 * every machine.
 */
public final class CityscapesCases {
  static final List<String> NAMES = List.of("mixed", "sparse", "perfect", "crowds", "hard");

  private static final int WIDTH = 96;
  private static final int HEIGHT = 48;
  private static final int[] ALL = range(0, 34);

  private CityscapesCases() {}

  /**
   * A picture of a case.
   *
   * @param labels label ids
   * @param numbers of objects, as {@code instanceIds} has them
   * @param prediction label ids
   */
  record Case(String name, Mask labels, char[] numbers, Mask prediction) {}

  static List<Case> of(String name, long seed) {
    Random random = new Random(31 * seed + NAMES.indexOf(name));
    List<Case> pictures = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      String frame = "city_%06d_%06d".formatted(i, 19);
      pictures.add(
          switch (name) {
            // Every label, void among them, right and wrong.
            case "mixed" -> picture(frame, random, ALL, ALL, 0.7, 0.8);
            // Few classes; others are predicted that the truth does not have.
            case "sparse" ->
                picture(frame, random, new int[] {0, 7, 23, 26}, new int[] {7, 8, 3, 33}, 0.6, 0.5);
            case "perfect" -> picture(frame, random, ALL, ALL, 1, 0.9);
            // People and vehicles, none of them told apart.
            case "crowds" -> picture(frame, random, range(22, 34), range(22, 34), 0.5, 0);
            // Objects alone, mostly mistaken for others of their category.
            default -> picture(frame, random, range(24, 34), range(24, 34), 0.3, 1);
          });
    }
    return pictures;
  }

  private static int[] range(int from, int to) {
    return java.util.stream.IntStream.range(from, to).toArray();
  }

  /** Rectangles over rectangles, as objects lie before others. */
  private static Case picture(
      String name, Random random, int[] true_, int[] guessed, double right, double single) {
    byte[] labels = new byte[WIDTH * HEIGHT];
    byte[] prediction = new byte[labels.length];
    char[] numbers = new char[labels.length];
    java.util.Arrays.fill(labels, (byte) true_[0]);
    java.util.Arrays.fill(prediction, (byte) true_[0]);
    java.util.Arrays.fill(numbers, (char) true_[0]);
    for (int n = 0; n < 60; n++) {
      int label = true_[random.nextInt(true_.length)];
      boolean object = label >= 24 && random.nextDouble() < single;
      int x = random.nextInt(WIDTH);
      int y = random.nextInt(HEIGHT);
      int width = 1 + random.nextInt(30);
      int height = 1 + random.nextInt(16);
      for (int row = y; row < Math.min(HEIGHT, y + height); row++) {
        for (int column = x; column < Math.min(WIDTH, x + width); column++) {
          int i = row * WIDTH + column;
          labels[i] = (byte) label;
          numbers[i] = (char) (object ? 1000 * label + n : label);
          prediction[i] =
              (byte)
                  (random.nextDouble() < right ? label : guessed[random.nextInt(guessed.length)]);
        }
      }
    }
    return new Case(
        name, new Mask(WIDTH, HEIGHT, labels), numbers, new Mask(WIDTH, HEIGHT, prediction));
  }

  /** Writes a case in the official layout, predictions as {@code results/NAME_pred.png}. */
  static void write(Path dir, List<Case> pictures) throws IOException {
    Path results = Files.createDirectories(dir.resolve("results"));
    for (Case picture : pictures) {
      byte[] black = new byte[3 * WIDTH * HEIGHT];
      CityscapesScenes.writePicture(
          dir, "val", "city", picture.name, new Picture(WIDTH, HEIGHT, black));
      CityscapesScenes.writeLabels(
          dir, "gtFine", "val", "city", picture.name, picture.labels, picture.numbers);
      Masks.writeGrey(results.resolve(picture.name + "_pred.png"), picture.prediction);
    }
  }

  /**
   * Writes all cases: {@code DIR/NAME}, each a data set on which the official evaluation runs.
   *
   * @param args a folder and a seed
   */
  public static void main(String[] args) throws IOException {
    for (String name : NAMES) {
      write(Path.of(args[0], name), of(name, Long.parseLong(args[1])));
    }
  }
}
