package org.efrnet.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.efrnet.data.Example;
import org.efrnet.data.StreetScenes;
import org.efrnet.images.Mask;
import org.efrnet.labels.ClassTable;

/** Folders as a training leaves them, with made-up figures. */
final class RunFolders {
  private static final ClassTable STREETS = ClassTable.named("streets");

  private RunFolders() {}

  static String line(long step, double loss) {
    return String.format(
        Locale.ROOT,
        "{\"step\":%d,\"epoch\":%d,\"loss\":%.5f,\"rate\":%.6f,\"picturesPerSecond\":17.06}\n",
        step,
        1 + step / 200,
        loss,
        0.1 / (1 + step / 1000.0));
  }

  /** A judgement in which the last class is absent. */
  static String watch(long step, double miou) {
    StringBuilder classes = new StringBuilder();
    for (int i = 0; i < STREETS.size(); i++) {
      boolean last = i == STREETS.size() - 1;
      classes.append(i == 0 ? "" : ",").append("{\"name\":\"");
      classes.append(STREETS.classes().get(i).name()).append("\",\"iou\":");
      classes.append(last ? "null" : String.format(Locale.ROOT, "%.2f", miou + 10 - 2 * i));
      classes.append('}');
    }
    return String.format(
        Locale.ROOT,
        "{\"step\":%d,\"epoch\":%d,\"watch\":{\"data\":\"val of streets\",\"pictures\":20,"
            + "\"miou\":%.2f,\"pixelAccuracy\":%.2f,\"classes\":[%s]}}\n",
        step,
        step / 200,
        miou,
        miou + 20,
        classes);
  }

  /** A log of falling losses, a judgement every 200 steps. */
  static String log(int lines, double firstMiou, long seed) {
    Random random = new Random(seed);
    StringBuilder log = new StringBuilder();
    for (int i = 1; i <= lines; i++) {
      log.append(line(20L * i, (0.2 + 2 * Math.exp(-i / 40.0)) * (1 + 0.05 * random.nextDouble())));
      if (i % 10 == 0) {
        log.append(watch(20L * i, firstMiou + 30 * (1 - Math.exp(-i / 50.0))));
      }
    }
    return log.toString();
  }

  /** A run with a log, a recipe and two samples an epoch. */
  static Path complete(Path run) throws IOException {
    Files.createDirectories(run);
    Files.writeString(run.resolve("train.jsonl"), log(100, 30, 1));
    Files.writeString(run.resolve("recipe.yaml"), "name: streets.<first>\nseed: 1\n");
    StreetScenes scenes = StreetScenes.of(2, 128, 96, 7);
    for (int epoch : new int[] {5, 10}) {
      for (int i = 0; i < scenes.size(); i++) {
        Example example = scenes.load(i);
        Samples.write(run, epoch, i, example, shifted(example.truth()), scenes.classes());
      }
    }
    return run;
  }

  /** A mask in which some pixels are wrong. */
  static Mask shifted(Mask mask) {
    byte[] ids = mask.ids().clone();
    System.arraycopy(mask.ids(), 0, ids, 3, ids.length - 3);
    return new Mask(mask.width(), mask.height(), ids);
  }
}
