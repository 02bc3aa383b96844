package org.efrnet.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.concurrent.CancellationException;
import org.efrnet.images.Picture;
import org.efrnet.images.ReadOptions;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.efrnet.spark.PictureLabels.Failed;
import org.efrnet.spark.PictureLabels.Labelled;
import org.efrnet.text.OneLine;

/** Labels pictures in an executor. What is wrong with a picture is its own; the rest goes on. */
record Labeller(Labelling labelling) implements Serializable {
  private static final long serialVersionUID = 1;
  private static final int LONGEST_MESSAGE = 2000;

  /** Where a picture comes from. */
  @FunctionalInterface
  interface Source {
    Picture read(String name, ReadOptions options) throws IOException;
  }

  /**
   * Reads and labels a picture.
   *
   * @param name stands for the picture in messages
   * @throws IllegalStateException if it is not the picture that is wrong: the model is not there,
   *     or the engine cannot run here
   * @throws IllegalArgumentException likewise
   * @throws CancellationException if the task was told to end
   */
  PictureLabels label(Source source, String name) {
    Segmenters segmenters = Segmenters.of(labelling);
    ReadOptions reading = new ReadOptions(ReadOptions.DEFAULT.maxPixels(), labelling.lenient());
    Picture picture;
    try {
      picture = source.read(name, reading);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      return failed(name, e);
    }
    Segmenter segmenter = segmenters.take();
    Segmentation result;
    try {
      result = segmenter.segment(picture);
    } catch (CancellationException e) {
      throw e;
    } catch (RuntimeException | OutOfMemoryError e) {
      return failed(name, e);
    } finally {
      segmenters.give(segmenter);
    }
    try {
      return Labelled.of(result);
    } catch (OutOfMemoryError e) {
      return failed(name, e);
    }
  }

  private static Failed failed(String name, Throwable e) {
    String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    if (e instanceof OutOfMemoryError) {
      text = "it does not fit into the executor's memory; raise spark.executor.memory";
    }
    String line = OneLine.of(text, LONGEST_MESSAGE);
    return new Failed(line.contains(name) ? line : name + ": " + line);
  }
}
