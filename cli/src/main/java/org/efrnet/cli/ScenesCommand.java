package org.efrnet.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.efrnet.data.DataSet;
import org.efrnet.data.LabelledFolder;
import org.efrnet.data.StreetScenes;
import org.efrnet.labels.SegmentationClass;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code efrnet scenes}. */
@Command(
    name = "scenes",
    description = {
      "Writes generated street scenes as a folder of one's own data: images/, masks/,",
      "classes.yaml, train.txt, val.txt. Train on it, then put your own pictures in their place."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet scenes data/own",
      "  efrnet scenes data/eight --classes all --count 400 --val 60 --size 320x240 --seed 7"
    })
final class ScenesCommand implements Callable<Integer> {
  /** The classes that the scenes are labelled in. */
  enum Classes {
    /** Way, Obstacle, Surroundings. */
    THREE,
    /** The eight that are drawn. */
    ALL;

    DataSet of(StreetScenes scenes) {
      return this == THREE ? scenes.inThreeClasses() : scenes;
    }
  }

  private static final int MOST = 100_000;

  @Parameters(paramLabel = "DIR", description = "The folder to make; it must be missing or empty.")
  private Path dir;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "200",
      description = "Scenes to train on, in train.txt (default: ${DEFAULT-VALUE}).")
  private int count;

  @Option(
      names = "--val",
      paramLabel = "N",
      defaultValue = "40",
      description = "Scenes to judge on, in val.txt (default: ${DEFAULT-VALUE}).")
  private int val;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      defaultValue = "256x192",
      converter = PictureSize.Converter.class,
      description = "Size of the pictures (default: ${DEFAULT-VALUE}).")
  private PictureSize size;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Scenes to train on are of seed S, those to judge on of S + 1 (default: 1).")
  private long seed;

  @Option(
      names = "--classes",
      paramLabel = "three|all",
      defaultValue = "three",
      description = {
        "three: Way, Obstacle, Surroundings, the way's rim ignored; all: the eight classes that",
        "are drawn (default: ${DEFAULT-VALUE})."
      })
  private Classes classes;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Map<String, DataSet> splits = new LinkedHashMap<>();
    splits.put("train", scenes("--count", count, seed));
    splits.put("val", scenes("--val", val, seed + 1));
    PrintWriter out = spec.commandLine().getOut();
    try (Progress progress = new Progress(spec.commandLine().getErr(), "scenes", count + val)) {
      LabelledFolder.write(dir, splits, written -> progress.to(written, ""));
    }
    out.printf(
        Locale.ROOT,
        "%s: %d scenes to train on, %d to judge on, %dx%d, classes %s%n",
        dir,
        count,
        val,
        size.width(),
        size.height(),
        splits.get("train").classes().classes().stream()
            .map(SegmentationClass::name)
            .collect(Collectors.joining(", ")));
    return 0;
  }

  private DataSet scenes(String option, int number, long ofSeed) {
    if (number < 1 || number > MOST) {
      throw new ParameterException(
          spec.commandLine(), option + " is " + number + ", must be 1.." + MOST);
    }
    try {
      return classes.of(StreetScenes.of(number, size.width(), size.height(), ofSeed));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--size: " + e.getMessage(), e);
    }
  }
}
