package org.efrnet.training;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What {@code train.jsonl} says of a run so far. Lines of other kinds and further fields are passed
 * over; so is a last line that a crash or a write in progress cut off. Where steps were trained
 * again after a crash, the later lines count.
 */
final class RunLog {
  static final String NAME = "train.jsonl";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private final Path run;
  private final Optional<FileTime> written;
  private final Table table = new Table();
  private final List<Watch> watches = new ArrayList<>();
  private final List<Note> notes = new ArrayList<>();
  private int unreadable;

  /**
   * A judgement on watched pictures.
   *
   * @param step steps done
   * @param epoch 1-based; 0 if the line does not say it
   * @param data what was judged on; may be empty
   * @param pictures how many; 0 if the line does not say it
   * @param miou percent; not a number if it is not said
   * @param pixelAccuracy percent; not a number if it is not said
   */
  record Watch(
      long step,
      long epoch,
      String data,
      long pictures,
      double miou,
      double pixelAccuracy,
      List<ClassIou> classes) {
    Watch {
      classes = List.copyOf(classes);
    }

    /** Whether it judged these pictures, as far as their name and number tell. */
    boolean isOn(String name, long count) {
      return data.equals(name) && pictures == count;
    }

    /** Percent; not a number where the class was neither there nor predicted, or is not named. */
    double iouOf(String name) {
      return classes.stream()
          .filter(entry -> entry.name.equals(name))
          .mapToDouble(ClassIou::iou)
          .findFirst()
          .orElse(Double.NaN);
    }
  }

  /** What a reader should know, such as where the weights started from. */
  record Note(long step, String text) {}

  /** A class's IoU in percent; not a number if it was neither there nor predicted. */
  record ClassIou(String name, double iou) {}

  private RunLog(Path run, Optional<FileTime> written) {
    this.run = run;
    this.written = written;
  }

  /**
   * Reads a run's log; a log that is not there yet has no lines.
   *
   * @throws IOException if the file is there and cannot be read
   */
  static RunLog read(Path run) throws IOException {
    Path file = run.resolve(NAME);
    byte[] bytes;
    RunLog log;
    try {
      log = new RunLog(run, Optional.of(Files.getLastModifiedTime(file)));
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return new RunLog(run, Optional.empty());
    }
    for (int from = 0; from < bytes.length; ) {
      int end = from;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      if (!log.readLine(bytes, from, end - from) && end < bytes.length) {
        log.unreadable++;
      }
      from = end + 1;
    }
    return log;
  }

  /** Returns false if it is no JSON object; a blank line is nothing and right. */
  private boolean readLine(byte[] bytes, int from, int length) throws IOException {
    Table.Row row = new Table.Row();
    Optional<JsonNode> watch = Optional.empty();
    Optional<String> note = Optional.empty();
    // Token by token: a tree for each of a hundred thousand lines takes three times as long.
    try (JsonParser parser = JSON.createParser(bytes, from, length)) {
      JsonToken start = parser.nextToken();
      if (start == null) {
        return true;
      }
      if (start != JsonToken.START_OBJECT) {
        return false;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        if (field.equals("watch")) {
          watch = Optional.of(JSON.readTree(parser));
        } else if (field.equals("note") && parser.currentToken() == JsonToken.VALUE_STRING) {
          note = Optional.of(parser.getText());
        } else if (parser.currentToken().isNumeric()) {
          row.set(field, parser.getDoubleValue());
        } else {
          parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        return false;
      }
    } catch (JsonProcessingException e) {
      return false;
    }
    if (!(row.step >= 0 && row.step <= 1e15)) {
      return true;
    }
    if (row.hasLoss) {
      table.add(row);
    }
    watch.filter(JsonNode::isObject).ifPresent(node -> add(node, row));
    note.ifPresent(text -> notes.add(new Note((long) row.step, text)));
    return true;
  }

  private void add(JsonNode node, Table.Row row) {
    List<ClassIou> classes = new ArrayList<>();
    for (JsonNode entry : node.path("classes")) {
      if (entry.path("name").isTextual()) {
        classes.add(new ClassIou(entry.path("name").textValue(), percent(entry.path("iou"))));
      }
    }
    long step = (long) row.step;
    while (!watches.isEmpty() && last(watches).step >= step) {
      watches.remove(watches.size() - 1);
    }
    watches.add(
        new Watch(
            step,
            (long) row.epoch,
            node.path("data").asText(""),
            node.path("pictures").asLong(0),
            percent(node.path("miou")),
            percent(node.path("pixelAccuracy")),
            classes));
  }

  private static double percent(JsonNode node) {
    return node.isNumber() ? node.doubleValue() : Double.NaN;
  }

  private static <T> T last(List<T> list) {
    return list.get(list.size() - 1);
  }

  /** The folder's own name. */
  String folder() {
    Path name = run.toAbsolutePath().normalize().getFileName();
    return name == null ? run.toString() : name.toString();
  }

  /** Whether there is a log at all. */
  boolean exists() {
    return written.isPresent();
  }

  /** Whether the trained network stands beside the log: it is written when all steps are done. */
  boolean isFinished() {
    return Files.isDirectory(run.resolve("bundle"));
  }

  /** When the log was last written to; empty if there is none. */
  Optional<FileTime> written() {
    return written;
  }

  /** Lines, but for a torn last one, that are no JSON. */
  int unreadable() {
    return unreadable;
  }

  /** How many lines tell a loss. */
  int size() {
    return table.size;
  }

  /** The steps of the lines that tell a loss, ascending. */
  double[] steps() {
    return table.column(table.step);
  }

  /** Mean loss since the line before; not a number where it was none. */
  double[] losses() {
    return table.column(table.loss);
  }

  double[] rates() {
    return table.column(table.rate);
  }

  /** The last line's step; 0 if there is none. */
  long lastStep() {
    long line = table.size == 0 ? 0 : (long) table.step[table.size - 1];
    return Math.max(line, watches.isEmpty() ? 0 : last(watches).step);
  }

  /** The last line's epoch, 1-based; 0 if there is none. */
  long lastEpoch() {
    long line = table.size == 0 ? 0 : (long) table.epoch[table.size - 1];
    return Math.max(line, watches.isEmpty() ? 0 : last(watches).epoch);
  }

  /** Not a number if there is none. */
  double lastLoss() {
    return table.size == 0 ? Double.NaN : table.loss[table.size - 1];
  }

  /** Not a number if there is none. */
  double lastPicturesPerSecond() {
    return table.size == 0 ? Double.NaN : table.speed[table.size - 1];
  }

  /**
   * How long the steps took, all calls of a resumed run together; what a run waited between two
   * lines counts as well. A line that begins a resumed run counts as if it told of all its steps.
   *
   * @param recipe gives the pictures a step
   */
  Duration time(Recipe recipe) {
    double seconds = 0;
    double before = 0;
    for (int i = 0; i < table.size; i++) {
      if (table.speed[i] > 0) {
        double steps = table.step[i] - before;
        seconds += steps * recipe.phaseOf((int) table.epoch[i]).batch() / table.speed[i];
      }
      before = table.step[i];
    }
    return Duration.ofMillis(Math.round(1000 * seconds));
  }

  /** All notes, in the order of the log. */
  List<Note> notes() {
    return List.copyOf(notes);
  }

  /** All judgements, ascending by step. */
  List<Watch> watches() {
    return List.copyOf(watches);
  }

  Optional<Watch> lastWatch() {
    return watches.isEmpty() ? Optional.empty() : Optional.of(last(watches));
  }

  /** The first of those with the highest mIoU. */
  Optional<Watch> bestWatch() {
    return bestWatch(watch -> true);
  }

  /** The first of those with the highest mIoU among some. */
  Optional<Watch> bestWatch(Predicate<Watch> which) {
    return watches.stream()
        .filter(watch -> !Double.isNaN(watch.miou))
        .filter(which)
        .max(
            Comparator.comparingDouble(Watch::miou)
                .thenComparing(Comparator.comparingLong(Watch::step).reversed()));
  }

  /** The lines that tell a loss, by columns: a hundred thousand of them are five arrays. */
  private static final class Table {
    private double[] step = new double[256];
    private double[] epoch = new double[256];
    private double[] loss = new double[256];
    private double[] rate = new double[256];
    private double[] speed = new double[256];
    private int size;

    /** A line's numbers. */
    private static final class Row {
      private double step = Double.NaN;
      private double epoch;
      private double loss = Double.NaN;
      private double rate = Double.NaN;
      private double speed = Double.NaN;
      private boolean hasLoss;

      void set(String field, double value) {
        switch (field) {
          case "step" -> step = value;
          case "epoch" -> epoch = value;
          case "loss" -> {
            loss = value;
            hasLoss = true;
          }
          case "rate" -> rate = value;
          case "picturesPerSecond" -> speed = value;
          default -> {}
        }
      }
    }

    void add(Row row) {
      while (size > 0 && step[size - 1] >= row.step) {
        size--;
      }
      if (size == step.length) {
        step = Arrays.copyOf(step, 2 * size);
        epoch = Arrays.copyOf(epoch, 2 * size);
        loss = Arrays.copyOf(loss, 2 * size);
        rate = Arrays.copyOf(rate, 2 * size);
        speed = Arrays.copyOf(speed, 2 * size);
      }
      step[size] = row.step;
      epoch[size] = row.epoch;
      loss[size] = row.loss;
      rate[size] = row.rate;
      speed[size] = row.speed;
      size++;
    }

    double[] column(double[] values) {
      return Arrays.copyOf(values, size);
    }
  }
}
