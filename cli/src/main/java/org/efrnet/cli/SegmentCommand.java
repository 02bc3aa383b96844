package org.efrnet.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.images.Picture;
import org.efrnet.images.PictureNames;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;
import org.efrnet.segment.PolygonJson;
import org.efrnet.segment.ResultJson;
import org.efrnet.segment.Segmentation;
import org.efrnet.segment.Segmenter;
import org.efrnet.text.WholeFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code efrnet segment}. */
@Command(
    name = "segment",
    description = {
      "Segments pictures. For each it writes NAME.overlay.png (with a legend), NAME.mask.png",
      "(class ids as an indexed PNG of the picture's size) and NAME.json (shares and times);",
      "where asked for, NAME.confidence.png and NAME.polygons.json."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet segment samples/street.jpg",
      "  efrnet segment pictures/ more/one.png -o out --size 640x360",
      "  efrnet segment street.jpg -o out --confidence --polygons --min-area 100"
    })
final class SegmentCommand implements Callable<Integer> {
  private static final double OPACITY = 0.5;
  private static final double LEAST_SHOWN = 0.005;
  private static final int MOST_SHOWN = 5;

  @Parameters(
      arity = "1..*",
      paramLabel = "PICTURE|DIR",
      description = "JPEG, PNG, BMP, GIF or TIFF files, or folders of them.")
  private List<Path> inputs;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = ".",
      description = "Where the results go (default: the current folder).")
  private Path out;

  @Option(
      names = "--model",
      paramLabel = "BUNDLE",
      defaultValue = ModelOptions.DEFAULT_MODEL,
      description = "A model's name, or its folder (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(
      names = "--lenient",
      description = "Take truncated JPEG pictures as far as they go; otherwise they are an error.")
  private boolean lenient;

  @Option(
      names = "--confidence",
      description = "Write NAME.confidence.png: how sure each pixel's class is, 255 for certain.")
  private boolean confidence;

  @Option(
      names = "--polygons",
      description = "Write NAME.polygons.json: the outlines of all regions, as GeoJSON has them.")
  private boolean polygons;

  @Option(
      names = "--min-area",
      paramLabel = "PIXELS",
      converter = AreaConverter.class,
      description = "Leave smaller regions out of the polygons (default: ${DEFAULT-VALUE}).")
  private int minArea = 1;

  @Mixin private ModelOptions options;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    boolean failed = false;
    List<Path> pictures = new ArrayList<>();
    for (Path input : inputs) {
      if (Files.isDirectory(input)) {
        List<Path> found;
        try {
          found = picturesIn(input);
        } catch (IOException | UncheckedIOException e) {
          err.println("efrnet: " + input + ": cannot be listed: " + Main.message(e));
          failed = true;
          continue;
        }
        if (found.isEmpty()) {
          err.println(
              "efrnet: "
                  + input
                  + ": no "
                  + String.join(", ", PictureNames.ENDINGS)
                  + " in this folder");
          failed = true;
        }
        pictures.addAll(found);
      } else {
        pictures.add(input);
      }
    }
    ReadOptions reading = new ReadOptions(ReadOptions.DEFAULT.maxPixels(), lenient);
    try (PicturesAhead ahead = new PicturesAhead(pictures, reading)) {
      return segmented(pictures, ahead) && !failed ? 0 : 1;
    }
  }

  /** Whether every picture was. */
  private boolean segmented(List<Path> pictures, PicturesAhead ahead) throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    boolean failed = false;
    Map<Path, String> names = distinctNames(pictures);
    ModelBundle bundle = ModelBundle.of(model);
    Files.createDirectories(out);
    try (Segmenter segmenter = open(bundle);
        Progress progress = new Progress(err, "segment", pictures.size())) {
      int done = 0;
      for (Path picture : pictures) {
        try {
          String line = segment(segmenter, bundle, picture, names.get(picture), ahead.take());
          spec.commandLine().getOut().println(line);
          spec.commandLine().getOut().flush();
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
          err.println("efrnet: " + named(picture, e));
          failed = true;
        }
        done++;
        if (pictures.size() > 1) {
          progress.to(done, "");
        }
      }
    }
    return !failed;
  }

  private Segmenter open(ModelBundle bundle) {
    Segmenter.Options chosen = options.segmenting();
    return Segmenter.load(bundle, confidence ? chosen.withConfidence() : chosen);
  }

  private static String named(Path picture, Throwable e) {
    String message = Main.message(e);
    return message.contains(picture.toString()) ? message : picture + ": " + message;
  }

  private static List<Path> picturesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(f -> PictureNames.isPicture(f.getFileName().toString()))
          .sorted()
          .toList();
    }
  }

  /**
   * Names of results: the picture's without its ending. Where two pictures of one call would write
   * the same files, all but the first get a number.
   */
  private static Map<Path, String> distinctNames(List<Path> pictures) {
    Map<Path, String> names = new HashMap<>();
    Set<String> taken = new HashSet<>();
    for (Path picture : pictures) {
      if (names.containsKey(picture)) {
        continue;
      }
      String base = PictureNames.base(String.valueOf(picture.getFileName()));
      String name = base;
      // Not every disk tells A from a.
      for (int n = 2; !taken.add(name.toLowerCase(Locale.ROOT)); n++) {
        name = base + "-" + n;
      }
      names.put(picture, name);
    }
    return names;
  }

  private String segment(
      Segmenter segmenter,
      ModelBundle bundle,
      Path file,
      String name,
      PicturesAhead.Decoded decoded)
      throws IOException {
    Picture picture = decoded.picture();
    double decode = decoded.millis();
    Path told = out.resolve(name + ".json");
    requireOwn(told);
    long start = System.nanoTime();
    Segmentation result = segmenter.segment(picture);
    double total = decode + (System.nanoTime() - start) / 1e6;
    Pictures.writePng(out.resolve(name + PictureNames.OVERLAY), result.overlay(OPACITY));
    result.writeMask(out.resolve(name + PictureNames.MASK));
    if (confidence) {
      result.writeConfidence(out.resolve(name + PictureNames.CONFIDENCE));
    }
    if (polygons) {
      WholeFile.write(
          out.resolve(name + ".polygons.json"),
          (PolygonJson.of(bundle, file.toString(), result, minArea) + "\n").getBytes(UTF_8));
    }
    WholeFile.write(
        told, (Format.json(json(segmenter, file, result, decode, total)) + "\n").getBytes(UTF_8));
    return String.format(
        Locale.ROOT,
        "%s  %dx%d  %.0f ms  %s",
        file,
        picture.width(),
        picture.height(),
        total,
        largest(result.shares()));
  }

  /**
   * NAME.json is also what programs for labelling by hand call a picture's annotations, and those
   * are never replaced.
   *
   * @throws Failure if the file is there and is no result of this command
   */
  private static void requireOwn(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) == 0) {
      return;
    }
    boolean own;
    try {
      JsonNode there = Format.read(Files.readAllBytes(file));
      own = there.has("image") && there.has("millis");
    } catch (JsonProcessingException e) {
      own = false;
    }
    if (!own) {
      throw new Failure(
          file + ": is there and was not written by 'segment'; choose another folder with -o");
    }
  }

  private static String largest(List<Segmentation.Share> shares) {
    return shares.stream()
        .filter(share -> share.fraction() >= LEAST_SHOWN)
        .limit(MOST_SHOWN)
        .map(Segmentation.Share::toString)
        .collect(Collectors.joining(", "));
  }

  private static ObjectNode json(
      Segmenter segmenter, Path file, Segmentation result, double decode, double total) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("image", file.toString());
    ResultJson.describe(segmenter, result, decode, total, node);
    return node;
  }

  static final class AreaConverter implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (!text.matches("[1-9][0-9]{0,8}")) {
        throw new TypeConversionException("'" + text + "' is not a number of pixels, 1..999999999");
      }
      return Integer.valueOf(text);
    }
  }
}
