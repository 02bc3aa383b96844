package org.efrnet.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.efrnet.metrics.ClassScore;
import org.efrnet.metrics.Scores;
import org.efrnet.text.WholeFile;

/**
 * Writes a run's {@code train.jsonl}: a JSON object a line, each with the step that it belongs to.
 * Lines are told apart by their further keys: {@code loss} for the mean since the line before,
 * {@code watch} for a look at pictures that are not trained on, {@code note} for what a reader
 * should know.
 */
final class LogWriter {
  private static final JsonMapper JSON = new JsonMapper();

  private final Path file;

  LogWriter(Path run) {
    this.file = run.resolve(RunLog.NAME);
  }

  void clear() throws IOException {
    Files.deleteIfExists(file);
  }

  /** All lines, or nothing where none was written. */
  String text() throws IOException {
    // Byte by byte: a line that was cut within a character is torn, not an error.
    return Files.exists(file) ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8) : "";
  }

  void note(long step, String note) throws IOException {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", step);
    line.put("note", note);
    append(line);
  }

  void report(Trainer.Report report) throws IOException {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", report.step());
    line.put("epoch", report.epoch());
    line.put("loss", Math.round(report.loss() * 1e5) / 1e5);
    line.put("rate", Math.round(report.rate() * 1e7) / 1e7);
    line.put("picturesPerSecond", Math.round(report.picturesPerSecond() * 100) / 100.0);
    append(line);
  }

  /**
   * A look at pictures that are not trained on.
   *
   * @param pictures how many there were
   */
  void watch(long step, int epoch, String data, int pictures, Scores scores) throws IOException {
    ObjectNode line = JSON.createObjectNode();
    line.put("step", step);
    line.put("epoch", epoch);
    ObjectNode watch = line.putObject("watch");
    watch.put("data", data);
    watch.put("pictures", pictures);
    put(watch, "miou", scores.miou());
    put(watch, "pixelAccuracy", scores.pixelAccuracy());
    ArrayNode classes = watch.putArray("classes");
    for (ClassScore c : scores.classes()) {
      put(classes.addObject().put("name", c.name()), "iou", c.iou());
    }
    append(line);
  }

  /** What was never seen has no score: null, not 0. */
  private static void put(ObjectNode node, String key, double percent) {
    if (Double.isNaN(percent)) {
      node.putNull(key);
    } else {
      node.put(key, rounded(percent));
    }
  }

  /** Percent as the log has it, with two decimals. */
  static double rounded(double percent) {
    return Math.round(percent * 100) / 100.0;
  }

  private void append(ObjectNode line) throws IOException {
    Files.writeString(
        file,
        line + "\n",
        StandardCharsets.UTF_8,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /**
   * Forgets what a killed run logged behind its checkpoint and will log again, and a line that it
   * did not write to its end.
   */
  void forgetAfter(long step) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    StringBuilder kept = new StringBuilder();
    for (JsonNode line : lines()) {
      if (line.path("step").asLong(Long.MAX_VALUE) <= step) {
        kept.append(line).append('\n');
      }
    }
    WholeFile.write(file, kept.toString());
  }

  private List<JsonNode> lines() throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : text().lines().toList()) {
      try {
        lines.add(JSON.readTree(line));
      } catch (JsonProcessingException torn) {
        // A run that was killed, or a disk that was full, ended in the middle of it.
      }
    }
    return lines;
  }
}
