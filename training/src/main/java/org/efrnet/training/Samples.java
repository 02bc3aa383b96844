package org.efrnet.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.efrnet.data.Example;
import org.efrnet.images.Canvas;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.PixelFont;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;

/** Sample predictions of a run: picture, truth and prediction side by side. */
public final class Samples {
  /** The folder below the run's that holds them, one folder an epoch. */
  public static final String FOLDER = "samples";

  private static final int WIDEST = 480;
  private static final int GAP = 8;
  private static final int CAPTION = 20;
  private static final int GROUND = 0x1b1f24;
  private static final int TEXT = 0xd5dae0;
  private static final int HATCH = 6;
  private static final int VOID = 0x5f5f5f;
  private static final int VOID_STRIPE = 0x747474;
  private static final int LONGEST_NAME = 80;
  private static final Pattern EPOCH = Pattern.compile("epoch-([0-9]{1,9})");

  private Samples() {}

  /**
   * Three panels with captions: the picture, its truth and what was predicted, in the classes'
   * colours. What has no truth is hatched in neutral grey, which no class can be taken for. Panels
   * are 480 pixels wide at most.
   *
   * @param prediction train ids, of the picture's size
   * @throws IllegalArgumentException if the sizes differ
   */
  public static Picture strip(Example example, Mask prediction, ClassTable classes) {
    Picture picture = example.picture();
    if (prediction.width() != picture.width() || prediction.height() != picture.height()) {
      throw new IllegalArgumentException(
          "sample "
              + example.name()
              + ": its prediction is "
              + prediction.width()
              + "x"
              + prediction.height()
              + ", its picture "
              + picture.width()
              + "x"
              + picture.height()
              + "; both must have the same size");
    }
    int width = Math.min(WIDEST, picture.width());
    int height = Math.max(1, (int) Math.round(picture.height() * (double) width / picture.width()));
    int[] palette = classes.palette();
    Canvas canvas = new Canvas(3 * width + 2 * GAP, CAPTION + height, GROUND);
    caption(canvas, 0, width, "picture");
    canvas.paste(Resize.bilinear(picture, width, height), 0, CAPTION);
    caption(canvas, width + GAP, width, "truth");
    canvas.paste(
        coloured(Resize.nearest(example.truth(), width, height), palette), width + GAP, CAPTION);
    caption(canvas, 2 * (width + GAP), width, "prediction" + right(example.truth(), prediction));
    canvas.paste(
        coloured(Resize.nearest(prediction, width, height), palette), 2 * (width + GAP), CAPTION);
    return canvas.picture();
  }

  private static void caption(Canvas canvas, int left, int width, String text) {
    PixelFont.draw(
        canvas,
        PixelFont.shortened(text, Math.max(0, width - 4)),
        left + Math.min(4, width / 2),
        (CAPTION - PixelFont.CAPITAL_HEIGHT) / 2,
        1,
        TEXT);
  }

  /** Which share of the labelled pixels is right; nothing where none is labelled. */
  private static String right(Mask truth, Mask prediction) {
    long labelled = 0;
    long right = 0;
    for (int i = 0; i < truth.ids().length; i++) {
      int id = truth.ids()[i] & 0xff;
      labelled += id == ClassTable.IGNORE ? 0 : 1;
      right += id != ClassTable.IGNORE && id == (prediction.ids()[i] & 0xff) ? 1 : 0;
    }
    return labelled == 0
        ? ""
        : String.format(Locale.ROOT, ", %.1f %% of pixels right", 100.0 * right / labelled);
  }

  private static Picture coloured(Mask mask, int[] palette) {
    byte[] rgb = new byte[3 * mask.ids().length];
    for (int y = 0, t = 0; y < mask.height(); y++) {
      for (int x = 0; x < mask.width(); x++) {
        int id = mask.at(x, y);
        int colour =
            id != ClassTable.IGNORE ? palette[id] : (x + y) / HATCH % 2 == 0 ? VOID : VOID_STRIPE;
        rgb[t++] = (byte) (colour >> 16);
        rgb[t++] = (byte) (colour >> 8);
        rgb[t++] = (byte) colour;
      }
    }
    return new Picture(mask.width(), mask.height(), rgb);
  }

  /**
   * Writes a {@link #strip} as {@code RUN/samples/epoch-0005/02-NAME.png}, replacing the file in
   * one step. Of the name, all but letters, digits, dots, dashes and underscores of ASCII become
   * underscores, and its first 80 characters are taken; the index keeps names apart.
   *
   * @param run the run's folder, which is there
   * @param epoch 1-based, at least 0
   * @param index the example's place among the samples, at least 0
   * @throws IOException if it cannot be written
   */
  public static void write(
      Path run, int epoch, int index, Example example, Mask prediction, ClassTable classes)
      throws IOException {
    if (epoch < 0 || index < 0) {
      throw new IllegalArgumentException(
          "sample " + index + " of epoch " + epoch + ": neither can be negative");
    }
    Path folder = run.resolve(FOLDER).resolve(String.format(Locale.ROOT, "epoch-%04d", epoch));
    Files.createDirectories(folder);
    Pictures.writePng(
        folder.resolve(fileName(index, example.name())), strip(example, prediction, classes));
  }

  static String fileName(int index, String name) {
    String safe = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return String.format(
        Locale.ROOT,
        "%02d-%s.png",
        index,
        safe.substring(0, Math.min(safe.length(), LONGEST_NAME)));
  }

  /** The pictures in a run's folder by epoch, ordered by name within; none is an empty map. */
  static NavigableMap<Integer, List<Path>> byEpoch(Path run) throws IOException {
    NavigableMap<Integer, List<Path>> found = new TreeMap<>();
    for (Path folder : entries(run.resolve(FOLDER))) {
      Matcher name = EPOCH.matcher(String.valueOf(folder.getFileName()));
      if (name.matches()) {
        List<Path> pictures = new ArrayList<>();
        for (Path file : entries(folder)) {
          String fileName = String.valueOf(file.getFileName());
          // Hidden ones are being written.
          if (fileName.endsWith(".png")
              && !fileName.startsWith(".")
              && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            pictures.add(file);
          }
        }
        if (!pictures.isEmpty()) {
          found
              .computeIfAbsent(Integer.valueOf(name.group(1)), e -> new ArrayList<>())
              .addAll(pictures);
        }
      }
    }
    return found;
  }

  private static List<Path> entries(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
