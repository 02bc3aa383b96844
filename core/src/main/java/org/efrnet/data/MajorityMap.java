package org.efrnet.data;

import java.io.IOException;
import java.util.Arrays;
import org.efrnet.images.Mask;
import org.efrnet.labels.ClassTable;

/**
 * The class most often found at each pixel of a data set's truths. It looks at no picture, so a
 * network that does not beat it has learnt nothing but where the sky usually is.
 */
public final class MajorityMap {
  private final Mask mask;

  private MajorityMap(Mask mask) {
    this.mask = mask;
  }

  /**
   * Counts over all of a data set; the lower train id wins a tie, and a pixel that is never
   * labelled gets the class most frequent overall.
   *
   * @throws DataException when the truths differ in size or there are none
   */
  public static MajorityMap of(DataSet training) throws IOException {
    requireTruth(training);
    int classes = training.classes().size();
    Mask first = training.load(0).truth();
    int pixels = first.ids().length;
    int[] counts = new int[pixels * classes];
    long[] overall = new long[classes];
    for (int i = 0; i < training.size(); i++) {
      Mask truth = sameSize(training, i, first);
      for (int p = 0; p < pixels; p++) {
        int id = truth.ids()[p] & 0xff;
        if (id != ClassTable.IGNORE) {
          counts[p * classes + id]++;
          overall[id]++;
        }
      }
    }
    int usual = 0;
    for (int c = 1; c < classes; c++) {
      usual = overall[c] > overall[usual] ? c : usual;
    }
    byte[] ids = new byte[pixels];
    Arrays.fill(ids, (byte) usual);
    for (int p = 0; p < pixels; p++) {
      int most = 0;
      for (int c = 0; c < classes; c++) {
        if (counts[p * classes + c] > most) {
          most = counts[p * classes + c];
          ids[p] = (byte) c;
        }
      }
    }
    return new MajorityMap(new Mask(first.width(), first.height(), ids));
  }

  /** The map in train ids. */
  public Mask mask() {
    return mask;
  }

  /**
   * The share 0..1 of labelled pixels of a data set that the map names rightly.
   *
   * @throws DataException when a truth has another size than the map, or nothing is labelled
   */
  public double accuracy(DataSet test) throws IOException {
    requireTruth(test);
    long right = 0;
    long labelled = 0;
    for (int i = 0; i < test.size(); i++) {
      byte[] truth = sameSize(test, i, mask).ids();
      for (int p = 0; p < truth.length; p++) {
        if ((truth[p] & 0xff) != ClassTable.IGNORE) {
          labelled++;
          right += truth[p] == mask.ids()[p] ? 1 : 0;
        }
      }
    }
    if (labelled == 0) {
      throw new DataException(
          "data set " + test.name() + " has no labelled pixel: measure on labelled pictures");
    }
    return (double) right / labelled;
  }

  private static void requireTruth(DataSet data) throws DataException {
    if (!data.hasTruth()) {
      throw new DataException(
          "data set " + data.name() + " has no labels: a majority map needs a labelled split");
    }
  }

  private static Mask sameSize(DataSet data, int index, Mask wanted) throws IOException {
    Mask truth = data.load(index).truth();
    if (truth.width() != wanted.width() || truth.height() != wanted.height()) {
      throw new DataException(
          "example "
              + data.nameOf(index)
              + " of "
              + data.name()
              + " is "
              + truth.width()
              + "x"
              + truth.height()
              + " where "
              + wanted.width()
              + "x"
              + wanted.height()
              + " is wanted: a majority map needs pictures of one size");
    }
    return truth;
  }
}
