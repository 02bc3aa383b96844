package org.efrnet.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.efrnet.data.Example;
import org.efrnet.images.LegendEntry;
import org.efrnet.images.Mask;
import org.efrnet.images.Normalization;
import org.efrnet.images.Overlay;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;
import org.efrnet.images.Resize;
import org.efrnet.labels.ClassTable;
import org.efrnet.segment.LogitRows;
import org.efrnet.segment.UpsampleArgmax;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Single stages of a frame of 1280x720 that the network sees at 640x360. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StagesBenchmark {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 360;
  private static final int CLASSES = 19;
  private static final double OPACITY = 0.5;

  private final Example street = Street.of(Street.WIDTH, Street.HEIGHT);
  private final Picture picture = street.picture();
  private final byte[] jpeg = Street.jpeg(picture);
  private final float[] planes = new float[3 * WIDTH * HEIGHT];
  private final LogitRows logits =
      LogitRows.planar(
          Street.logits(Street.of(WIDTH, HEIGHT).truth(), CLASSES), CLASSES, HEIGHT, WIDTH);
  private final UpsampleArgmax same = new UpsampleArgmax(CLASSES, HEIGHT, WIDTH, HEIGHT, WIDTH);
  private final byte[] sameIds = new byte[WIDTH * HEIGHT];
  private final UpsampleArgmax twice =
      new UpsampleArgmax(CLASSES, HEIGHT, WIDTH, Street.HEIGHT, Street.WIDTH);
  private final byte[] twiceIds = new byte[Street.WIDTH * Street.HEIGHT];
  private final ClassTable classes = ClassTable.named("streets");
  private final Mask mask = classesOnly(street.truth());
  private final int[] colours =
      classes.classes().stream().mapToInt(type -> type.colour().rgb()).toArray();
  private final List<LegendEntry> legend =
      classes.classes().stream()
          .map(type -> new LegendEntry(type.name(), type.colour().rgb(), 1.0 / classes.size()))
          .toList();

  /** A network gives a class to every pixel, labels do not. */
  private static Mask classesOnly(Mask truth) {
    byte[] ids = truth.ids().clone();
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (ids[i] & 0xff) == ClassTable.IGNORE ? 0 : ids[i];
    }
    return new Mask(truth.width(), truth.height(), ids);
  }

  /** A JPEG of 1280x720 to a picture. */
  @Benchmark
  public Picture decodeJpeg() throws IOException {
    return Pictures.read(jpeg, "street", ReadOptions.DEFAULT);
  }

  /** 1280x720 to normalised planes of 640x360. */
  @Benchmark
  public float[] resizeAndNormalise() {
    Normalization.IMAGENET.planes(Resize.bilinear(picture, WIDTH, HEIGHT), planes, 0);
    return planes;
  }

  /** Logits of 19 classes to a class map, both 640x360. */
  @Benchmark
  public byte[] argmax() {
    same.into(logits, sameIds);
    return sameIds;
  }

  /** Logits of 19 classes at 640x360 to a class map of 1280x720. */
  @Benchmark
  public byte[] upsampleAndArgmax() {
    twice.into(logits, twiceIds);
    return twiceIds;
  }

  /** Colours over 1280x720, and the legend. */
  @Benchmark
  public Picture overlay() {
    return Overlay.legend(Overlay.blend(picture, mask, colours, OPACITY), legend);
  }
}
