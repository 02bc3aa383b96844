package org.efrnet.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.efrnet.images.InstanceMap;
import org.efrnet.images.Mask;
import org.efrnet.labels.CityscapesLabels;
import org.efrnet.labels.CityscapesLabels.Label;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.LabelException;
import org.efrnet.text.OneLine;

/**
 * Counts as Cityscapes' official evaluation does ({@code evalPixelLevelSemanticLabeling}), to the
 * last digit if pictures come in the same order: sums of fractions depend on it.
 *
 * <ul>
 *   <li>Predictions are label ids. Ignored ones (0..6 and others that no class has) miss the true
 *       class, and blame none.
 *   <li>Truth that is ignored counts nowhere in IoU.
 *   <li>The iIoU weighs the found and the missed pixels of each object by the average size of its
 *       class over its own size; pixels of other classes that were given the class count plainly.
 *       Objects are what the instances number above 1000; crowds have numbers below and are none.
 *   <li>A category is its evaluated labels taken together. The iIoU exists for those whose labels
 *       all have objects (human, vehicle); there ignored labels of the category (caravan, trailer)
 *       are as good as any other.
 * </ul>
 *
 * <p>Not thread-safe.
 */
public final class CityscapesJudge {
  /** Numbers up to this are labels without an object. */
  private static final int OBJECTS_ABOVE = 1000;

  private static final int LABELS = 34;

  /** Pixels of an average object in the training pictures; source: the official evaluation. */
  private static final Map<String, Double> AVERAGE_SIZE =
      Map.of(
          "bicycle", 4672.3249222261,
          "caravan", 36771.8241758242,
          "motorcycle", 6298.7200839748,
          "rider", 3930.4788056518,
          "bus", 35732.1511111111,
          "train", 67583.7075812274,
          "car", 12794.0202738185,
          "person", 3462.4756337644,
          "truck", 27855.1264367816,
          "trailer", 16926.9763313609);

  private final List<Label> labels =
      CityscapesLabels.all().stream().filter(label -> label.id().value() >= 0).toList();

  /** By truth and prediction, both label ids. */
  private final long[][] counts = new long[LABELS][LABELS];

  private final Map<String, Weighted> ofClass = new TreeMap<>();
  private final Map<String, Weighted> ofCategory = new TreeMap<>();
  private final int[] labelOfTrainId = new int[256];
  private boolean instancesComplete = true;

  /** Pixels of objects, weighted. */
  private static final class Weighted {
    double found;
    double missed;

    void add(long foundPixels, long missedPixels, double weight) {
      found += foundPixels * weight;
      missed += missedPixels * weight;
    }
  }

  /** Has counted nothing yet. */
  public CityscapesJudge() {
    for (Label label : labels) {
      if (label.trainId() != ClassTable.IGNORE) {
        labelOfTrainId[label.trainId()] = label.id().value();
      }
      if (label.hasInstances() && !label.ignoreInEval()) {
        ofClass.put(label.name(), new Weighted());
      }
    }
    categories()
        .forEach(
            (name, members) -> {
              if (members.stream().allMatch(Label::hasInstances)) {
                ofCategory.put(name, new Weighted());
              }
            });
  }

  /** The labels of each category, in order. */
  private Map<String, List<Label>> categories() {
    Map<String, List<Label>> categories = new LinkedHashMap<>();
    for (Label label : labels) {
      categories.computeIfAbsent(label.category(), name -> new ArrayList<>()).add(label);
    }
    return categories;
  }

  /**
   * Counts one picture; after an exception nothing of it is counted.
   *
   * @param truth train ids of {@code cityscapes-19}, or {@link ClassTable#IGNORE}
   * @param prediction label ids 0..33, of the same size
   * @param instances of the same size; from the first picture without any on there is no iIoU
   * @param source of the prediction, for errors
   * @throws LabelException in one line, if sizes differ, the prediction has an id above 33, or the
   *     instances name a label that has no objects
   */
  public void add(Mask truth, Mask prediction, Optional<InstanceMap> instances, String source)
      throws LabelException {
    requireSize("prediction", prediction.width(), prediction.height(), truth, source);
    requireLabels(prediction, source);
    Map<Integer, long[]> objects = new TreeMap<>();
    if (instances.isPresent()) {
      InstanceMap map = instances.get();
      requireSize("instances", map.width(), map.height(), truth, source);
      objects = objects(map, prediction, source);
    }
    for (int i = 0; i < truth.ids().length; i++) {
      int trainId = truth.ids()[i] & 0xff;
      if (trainId != ClassTable.IGNORE) {
        counts[labelOfTrainId[trainId]][prediction.ids()[i] & 0xff]++;
      }
    }
    instancesComplete &= instances.isPresent();
    objects.forEach(this::addObject);
  }

  private static void requireSize(String what, int width, int height, Mask truth, String source)
      throws LabelException {
    if (width != truth.width() || height != truth.height()) {
      throw new LabelException(
          source
              + ": the "
              + what
              + " of "
              + width
              + "x"
              + height
              + " pixels, the labels of "
              + truth.width()
              + "x"
              + truth.height()
              + "; they must have the same size, label ids scaled by nearest");
    }
  }

  private static void requireLabels(Mask prediction, String source) throws LabelException {
    long[] pixels = prediction.histogram();
    for (int id = LABELS; id < pixels.length; id++) {
      if (pixels[id] > 0) {
        int first = 0;
        while ((prediction.ids()[first] & 0xff) != id) {
          first++;
        }
        throw new LabelException(
            OneLine.of(source)
                + ": value "
                + id
                + " is no label id of Cityscapes ("
                + pixels[id]
                + (pixels[id] == 1 ? " pixel, at (" : " pixels, the first at (")
                + first % prediction.width()
                + ", "
                + first / prediction.width()
                + ")); write label ids 0..33, 0 for no class");
      }
    }
  }

  /** By number: pixels, those given the object's label, those given any of its category. */
  private Map<Integer, long[]> objects(InstanceMap map, Mask prediction, String source)
      throws LabelException {
    Map<Integer, long[]> objects = new TreeMap<>();
    int last = -1;
    long[] tally = {};
    boolean[] sameCategory = {};
    for (int i = 0; i < map.ids().length; i++) {
      int number = map.ids()[i];
      if (number <= OBJECTS_ABOVE) {
        continue;
      }
      int id = number / OBJECTS_ABOVE;
      if (number != last) {
        if (!objects.containsKey(number)) {
          requireObjects(id, number, i, map.width(), source);
        }
        tally = objects.computeIfAbsent(number, n -> new long[3]);
        sameCategory = inCategoryOf(id);
        last = number;
      }
      int predicted = prediction.ids()[i] & 0xff;
      tally[0]++;
      tally[1] += predicted == id ? 1 : 0;
      tally[2] += sameCategory[predicted] ? 1 : 0;
    }
    return objects;
  }

  private void requireObjects(int id, int number, int at, int width, String source)
      throws LabelException {
    boolean known = id < LABELS && (labels.get(id).hasInstances() || labels.get(id).ignoreInEval());
    if (!known) {
      throw new LabelException(
          source
              + ": its instances have number "
              + number
              + " at ("
              + at % width
              + ", "
              + at / width
              + "), an object of label "
              + id
              + ", which "
              + (id < LABELS ? "('" + labels.get(id).name() + "') has none" : "there is not")
              + ": get the labels anew");
    }
  }

  private boolean[] inCategoryOf(int id) {
    boolean[] same = new boolean[LABELS];
    for (Label label : labels) {
      same[label.id().value()] = label.categoryId() == labels.get(id).categoryId();
    }
    return same;
  }

  private void addObject(int number, long[] tally) {
    Label label = labels.get(number / OBJECTS_ABOVE);
    if (label.ignoreInEval()) {
      return;
    }
    double weight = AVERAGE_SIZE.get(label.name()) / tally[0];
    ofClass.get(label.name()).add(tally[1], tally[0] - tally[1], weight);
    Weighted category = ofCategory.get(label.category());
    if (category != null) {
      category.add(tally[2], tally[0] - tally[2], weight);
    }
  }

  /** The figures as they stand now. */
  public CityscapesScores scores() {
    List<CityscapesScores.Row> classes = new ArrayList<>();
    for (Label label : labels) {
      if (!label.ignoreInEval()) {
        classes.add(
            row(
                label.name(),
                List.of(label),
                List.of(label),
                Optional.ofNullable(ofClass.get(label.name()))));
      }
    }
    List<CityscapesScores.Row> categories = new ArrayList<>();
    categories()
        .forEach(
            (name, members) -> {
              List<Label> evaluated = members.stream().filter(l -> !l.ignoreInEval()).toList();
              if (!evaluated.isEmpty()) {
                categories.add(
                    row(name, evaluated, members, Optional.ofNullable(ofCategory.get(name))));
              }
            });
    return new CityscapesScores(classes, categories);
  }

  /**
   * @param evaluated whose pixels are found and missed in the IoU
   * @param all the same and those that only objects count
   */
  private CityscapesScores.Row row(
      String name, List<Label> evaluated, List<Label> all, Optional<Weighted> objects) {
    long truth = 0;
    for (Label label : evaluated) {
      for (long pixels : counts[label.id().value()]) {
        truth += pixels;
      }
    }
    long found = pixels(evaluated, evaluated);
    List<Label> others =
        labels.stream().filter(l -> !l.ignoreInEval() && !all.contains(l)).toList();
    double iou = ratio((double) found, (double) (truth + pixels(others, evaluated)));
    double iiou = Double.NaN;
    if (objects.isPresent() && instancesComplete) {
      double part = objects.get().found;
      iiou = ratio(part, part + pixels(others, all) + objects.get().missed);
    }
    return new CityscapesScores.Row(name, iou, iiou);
  }

  private long pixels(List<Label> rows, List<Label> columns) {
    long sum = 0;
    for (Label row : rows) {
      for (Label column : columns) {
        sum += counts[row.id().value()][column.id().value()];
      }
    }
    return sum;
  }

  private static double ratio(double part, double whole) {
    return whole == 0 ? Double.NaN : part / whole;
  }
}
