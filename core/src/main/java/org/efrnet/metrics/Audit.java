package org.efrnet.metrics;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;

/**
 * The same predictions under every convention that papers and programs call mIoU or accuracy. One
 * matrix, many figures: whoever compares two tables sees how much of their difference is the
 * convention's.
 *
 * @param lines the headline first, copied
 */
public record Audit(List<Line> lines) {
  /**
   * A convention's figure.
   *
   * @param key one word, for programs
   * @param name for people
   * @param percent 0..100; NaN where nothing was counted
   * @param usedBy one line on who counts so
   * @param isHeadline whether it is the one that this project reports
   */
  public record Line(String key, String name, double percent, String usedBy, boolean isHeadline) {}

  public Audit {
    lines = List.copyOf(lines);
  }

  /** What a class without any pixel in truth and prediction counts for. */
  private enum Absent {
    LEFT_OUT,
    ZERO,
    ONE
  }

  /**
   * All conventions.
   *
   * @param byPicture the matrix of every picture, at least one
   * @throws IllegalArgumentException if there is none, or they differ in classes
   */
  public static Audit of(List<ConfusionMatrix> byPicture) {
    if (byPicture.isEmpty()) {
      throw new IllegalArgumentException(
          "an audit of no pictures: give the matrix of one at least");
    }
    ConfusionMatrix all = new ConfusionMatrix(byPicture.get(0).classes());
    byPicture.forEach(all::merge);
    return new Audit(
        List.of(
            new Line(
                "miou",
                "mIoU over the data set, absent classes left out, void ignored",
                miou(all, Absent.LEFT_OUT),
                "Cityscapes' official evaluation and nearly all papers",
                true),
            line(
                "miou.absentZero",
                "mIoU, absent classes count 0",
                miou(all, Absent.ZERO),
                "programs that add a small number to the union alone"),
            line(
                "miou.absentOne",
                "mIoU, absent classes count 1",
                miou(all, Absent.ONE),
                "programs that add a small number to intersection and union, such as losses"),
            line(
                "miou.foundOnly",
                "mIoU of the classes of which a pixel was found",
                foundOnly(all),
                "programs that take a class of IoU 0 for an absent one"),
            line(
                "miou.perPicture",
                "mean of the pictures' mIoU, absent classes left out",
                perPicture(byPicture, one -> miou(one, Absent.LEFT_OUT)),
                "programs that average over batches of one picture"),
            line(
                "miou.perPictureZero",
                "mean of the pictures' mIoU, absent classes count 0",
                perPicture(byPicture, one -> miou(one, Absent.ZERO)),
                "the same with a small number added to the union"),
            line(
                "miou.perPictureOne",
                "mean of the pictures' mIoU, absent classes count 1",
                perPicture(byPicture, one -> miou(one, Absent.ONE)),
                "metrics of Keras and PyTorch libraries with a smoothing term"),
            line(
                "miou.voidAsClass",
                "mIoU with void as a class of its own",
                voidAsClass(all),
                "networks that learn void too, such as ENet's with 12 classes on CamVid"),
            line(
                "miou.voidTruthCounts",
                "mIoU, whatever is predicted on void is a false positive",
                voidTruthCounts(all),
                "programs that make void background and leave its own IoU out"),
            line(
                "miou.voidPredictionsLeftOut",
                "mIoU, pixels predicted void left out",
                voidPredictionsLeftOut(all),
                "programs that mask by the range of truth and of prediction alike"),
            line(
                "miou.withoutFirst",
                "mIoU without the first class, as background",
                withoutFirst(all),
                "data sets whose first class is background; no street's, here for comparison"),
            line(
                "fwiou",
                "IoU weighted by how frequent a class is in the truth",
                frequencyWeighted(all),
                "FCN and its followers, beside the mIoU"),
            line(
                "meanAccuracy",
                "mean over classes of the share of their pixels found",
                100 * all.meanAccuracy(),
                "SegNet's and ENet's rows of the paper's Table 4, there titled IoU"),
            line(
                "pixelAccuracy",
                "share of pixels given their class",
                100 * all.pixelAccuracy(),
                "SegNet ('global'), FCN"),
            line(
                "dice",
                "mean Dice (F1) of classes, absent ones left out",
                mean(all.classes(), id -> dice(all, id)),
                "medical imaging; never below the mIoU")));
  }

  private static Line line(String key, String name, double percent, String usedBy) {
    return new Line(key, name, percent, usedBy, false);
  }

  private static double miou(ConfusionMatrix matrix, Absent absent) {
    double forAbsent =
        switch (absent) {
          case LEFT_OUT -> Double.NaN;
          case ZERO -> 0;
          case ONE -> 1;
        };
    return mean(matrix.classes(), id -> matrix.iou(id).orElse(forAbsent));
  }

  /** In percent, over those of the first ids whose figure is a number. */
  private static double mean(int ids, IntToDoubleFunction figure) {
    double sum = 0;
    int present = 0;
    for (int id = 0; id < ids; id++) {
      double value = figure.applyAsDouble(id);
      if (!Double.isNaN(value)) {
        sum += value;
        present++;
      }
    }
    return 100 * sum / present;
  }

  private static double foundOnly(ConfusionMatrix matrix) {
    return mean(
        matrix.classes(),
        id -> {
          OptionalDouble iou = matrix.iou(id);
          return iou.isPresent() && iou.getAsDouble() > 0 ? iou.getAsDouble() : Double.NaN;
        });
  }

  /** Pictures without any counted pixel leave the mean. */
  private static double perPicture(
      List<ConfusionMatrix> pictures, ToDoubleFunction<ConfusionMatrix> figure) {
    return mean(
            pictures.size(),
            i -> pictures.get(i).pixels() == 0 ? Double.NaN : figure.applyAsDouble(pictures.get(i)))
        / 100;
  }

  /** Of {@code classes + 1} rows and columns, void being the last of each. */
  private static double voidAsClass(ConfusionMatrix matrix) {
    int classes = matrix.classes();
    long[][] counts = new long[classes + 1][];
    System.arraycopy(matrix.counts(), 0, counts, 0, classes);
    counts[classes] = matrix.ignoredTruth();
    return mean(classes + 1, id -> iou(counts, id));
  }

  private static double voidTruthCounts(ConfusionMatrix matrix) {
    long[] onVoid = matrix.ignoredTruth();
    return mean(
        matrix.classes(),
        id ->
            ratio(
                matrix.counts()[id][id],
                matrix.truthPixels(id)
                    + matrix.predictedPixels(id)
                    - matrix.counts()[id][id]
                    + onVoid[id]));
  }

  private static double voidPredictionsLeftOut(ConfusionMatrix matrix) {
    long[][] counts = matrix.counts();
    for (long[] row : counts) {
      row[matrix.classes()] = 0;
    }
    return mean(matrix.classes(), id -> iou(counts, id));
  }

  private static double withoutFirst(ConfusionMatrix matrix) {
    return mean(matrix.classes() - 1, id -> matrix.iou(id + 1).orElse(Double.NaN));
  }

  private static double frequencyWeighted(ConfusionMatrix matrix) {
    double sum = 0;
    for (int id = 0; id < matrix.classes(); id++) {
      sum += matrix.truthPixels(id) * matrix.iou(id).orElse(0);
    }
    return 100 * sum / matrix.pixels();
  }

  private static double dice(ConfusionMatrix matrix, int id) {
    return ratio(2 * matrix.counts()[id][id], matrix.truthPixels(id) + matrix.predictedPixels(id));
  }

  private static double iou(long[][] counts, int id) {
    long union = -counts[id][id];
    for (long pixels : counts[id]) {
      union += pixels;
    }
    for (long[] row : counts) {
      union += row[id];
    }
    return ratio(counts[id][id], union);
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? Double.NaN : (double) part / whole;
  }
}
