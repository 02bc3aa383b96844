package org.efrnet.cli.video;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.cli.Failure;
import org.efrnet.cli.ModelOptions;
import org.efrnet.cli.StopSignal;
import org.efrnet.segment.Segmenter;
import org.efrnet.text.WholeFile;
import org.efrnet.video.VideoOptions;
import org.efrnet.video.VideoReport;
import org.efrnet.video.VideoRun;
import org.efrnet.video.VideoSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code efrnet video}. */
@Command(
    name = "video",
    description = {
      "Segments every frame of a video, or the latest of a camera or stream, and writes the",
      "overlay as a video with the source's size, rate and sound. Ctrl-C ends it, and the file is",
      "whole; a camera or stream goes on until then."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet video street.mp4",
      "  efrnet video street.mp4 -o both.mp4 --side-by-side --smooth --report street.json",
      "  efrnet video rtsp://camera.local/stream -o now.mp4 --frames 500",
      "  efrnet video /dev/video0 --report camera.json"
    })
final class VideoCommand implements Callable<Integer> {
  /** The frame under way is finished and the file's index written; the rest is the disk's. */
  private static final int SECONDS_TO_STOP = 60;

  private static final double LEAST_SHOWN = 0.005;

  @Parameters(
      paramLabel = "FILE|URL|/dev/videoN",
      description = "A video, a live stream such as rtsp://HOST/PATH, or a camera (Linux).")
  private String input;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = {
        "The video to write: .mp4, .m4v, .mov or .mkv; one that exists is replaced. Default: of a",
        "file NAME.overlay.mp4 in the current folder, of a camera or stream none."
      })
  private Optional<Path> out = Optional.empty();

  @Option(
      names = "--side-by-side",
      description = "The picture stands to the left of its overlay: frames twice as wide.")
  private boolean sideBySide;

  @Option(
      names = "--smooth",
      description = "Steady the classes over time where the picture is still.")
  private boolean smooth;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write a JSON file with times by stage, drops, flicker and class shares.")
  private Optional<Path> report = Optional.empty();

  @Option(
      names = "--frames",
      paramLabel = "N",
      converter = FramesConverter.class,
      description = "Stop after so many frames.")
  private Long frames = Long.MAX_VALUE;

  @Option(
      names = "--model",
      paramLabel = "BUNDLE",
      defaultValue = ModelOptions.DEFAULT_MODEL,
      description = "A model's name, or its folder (default: ${DEFAULT-VALUE}).")
  private String model;

  @Mixin private ModelOptions options;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    VideoSource source = source();
    VideoOptions wanted = wanted(source);
    if (report.isPresent()) {
      Path folder = report.get().toAbsolutePath().getParent();
      if (!Files.isDirectory(folder)) {
        throw new Failure(report.get() + ": its folder is not there; make it first");
      }
    }
    ModelBundle bundle = ModelBundle.of(model);
    Segmenter.Options segmenting = options.segmenting();
    AtomicBoolean stop = new AtomicBoolean();
    try (StopSignal signal =
        new StopSignal(
            stop,
            "efrnet: stopping; the video is being ended",
            SECONDS_TO_STOP,
            "efrnet: the video could not be ended in "
                + SECONDS_TO_STOP
                + " s; what was written is lost")) {
      try (Segmenters segmenters =
          Segmenters.load(
              bundle, smooth ? segmenting.withConfidence() : segmenting, !source.isLive())) {
        VideoReport result;
        try (Sight sight = new Sight(spec.commandLine().getErr(), frames)) {
          result = VideoRun.run(source, wanted, segmenters.forFrames(), stop::get, sight);
        }
        if (report.isPresent()) {
          WholeFile.write(report.get(), ReportJson.of(source, wanted, segmenters, result) + "\n");
        }
        print(source, wanted, result);
        return complaints(source, wanted, result) ? 1 : 0;
      }
    }
  }

  private VideoSource source() {
    try {
      return VideoSource.of(input);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private VideoOptions wanted(VideoSource source) {
    VideoOptions wanted =
        VideoOptions.DEFAULT.withSideBySide(sideBySide).withSmooth(smooth).withFrames(frames);
    Optional<Path> file = out;
    if (file.isEmpty() && !source.isLive()) {
      String name = String.valueOf(Path.of(input).getFileName());
      int dot = name.lastIndexOf('.');
      file = Optional.of(Path.of((dot > 0 ? name.substring(0, dot) : name) + ".overlay.mp4"));
    }
    try {
      return file.map(wanted::to).orElse(wanted);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void print(VideoSource source, VideoOptions wanted, VideoReport result) {
    PrintWriter terminal = spec.commandLine().getOut();
    terminal.printf(
        Locale.ROOT,
        "%s: %d frames of %dx%d, %.1f fps%s%s%n",
        source.name(),
        result.frames(),
        result.width(),
        result.height(),
        result.fps(),
        source.isLive() ? ", " + result.dropped() + " dropped" : "",
        result.reconnected() > 0 ? ", reconnected " + result.reconnected() + " times" : "");
    terminal.println(
        "ms p50/p95/p99: "
            + result.millis().entrySet().stream()
                .map(VideoCommand::spread)
                .collect(Collectors.joining(", ")));
    terminal.println(flicker(result));
    String classes =
        result.shares().classes().stream()
            .filter(share -> share.mean() >= LEAST_SHOWN)
            .sorted((a, b) -> Double.compare(b.mean(), a.mean()))
            .map(share -> share.name() + " " + percent(share.mean()))
            .collect(Collectors.joining(", "));
    terminal.println(classes);
    if (result.codec().isPresent()) {
      terminal.println(
          wanted.out().orElseThrow()
              + ": "
              + result.codec().get()
              + (result.audio().isEmpty()
                  ? ""
                  : ", sound copied: " + String.join(", ", result.audio())));
    }
    terminal.flush();
  }

  private static String spread(Map.Entry<String, VideoReport.Percentiles> stage) {
    VideoReport.Percentiles millis = stage.getValue();
    return String.format(
        Locale.ROOT, "%s %.1f/%.1f/%.1f", stage.getKey(), millis.p50(), millis.p95(), millis.p99());
  }

  private String flicker(VideoReport result) {
    OptionalDouble shown = result.flicker();
    if (shown.isEmpty()) {
      return "flicker: nothing was still, so none could be seen";
    }
    return "flicker: "
        + percent(shown.getAsDouble())
        + " of still pixels change their class from frame to frame"
        + (smooth
            ? ", " + percent(result.unsmoothedFlicker().orElseThrow()) + " without --smooth"
            : "")
        + " ("
        + percent(result.stillShare())
        + " are still)";
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  /** Says what is not as it should be; whether that makes it a failure. */
  private boolean complaints(VideoSource source, VideoOptions wanted, VideoReport result) {
    PrintWriter err = spec.commandLine().getErr();
    if (!result.audioLeftOut().isEmpty()) {
      err.println(
          "efrnet: "
              + wanted.out().orElseThrow()
              + ": its container takes no sound of "
              + String.join(", ", result.audioLeftOut())
              + ", which is left out; write to a file that ends in .mkv to keep it");
    }
    if (result.resized() > 0) {
      err.println(
          "efrnet: "
              + source.name()
              + ": "
              + result.resized()
              + " frames had another size than the first and were scaled to it");
    }
    if (result.isComplete()) {
      return false;
    }
    String problem =
        result.fault().orElse(result.damaged() + " of its packets or frames are damaged");
    err.println(
        "efrnet: "
            + source.name()
            + ": "
            + problem
            + "; the "
            + result.frames()
            + " frames that it gave are done"
            + wanted.out().map(file -> " and in " + file).orElse(""));
    return true;
  }

  static final class FramesConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      if (!text.matches("[1-9][0-9]{0,14}")) {
        throw new TypeConversionException("'" + text + "' is not a number of frames, 1 or more");
      }
      return Long.valueOf(text);
    }
  }
}
