package org.efrnet.cli.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.efrnet.text.OneLine;
import org.efrnet.text.WholeFile;

/**
 * A comparison as files: {@code compare.json} with everything, and what is made of it: {@code
 * compare.md}, {@code compare.html} and a CSV file a table.
 */
public final class Report {
  /** Of the JSON that this version writes and reads. */
  public static final int FORMAT = 1;

  /** The page's file name. */
  public static final String PAGE = "compare.html";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Measured measured;
  private final List<Table> tables;
  private final List<Doubts.Doubt> doubts;

  private Report(Measured measured) {
    this.measured = measured;
    this.tables = new Tables(measured).all();
    this.doubts = new Doubts(measured).all();
  }

  /**
   * Makes tables of what was measured.
   *
   * @throws IllegalArgumentException in one line, if the JSON is not one of a comparison
   */
  public static Report of(JsonNode json) {
    if (json.path("format").asInt() != FORMAT) {
      throw new IllegalArgumentException(
          "'format' is "
              + OneLine.of(json.path("format").toString())
              + ", this version reads "
              + FORMAT
              + ": measure anew, or take the version that wrote it");
    }
    return new Report(new Measured(json));
  }

  /**
   * Reads a {@code compare.json}.
   *
   * @throws IOException in one line, if it cannot be read or is none
   */
  public static Report read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      return of(JSON.readTree(bytes));
    } catch (JsonProcessingException e) {
      throw new IOException(
          file + ": is not valid JSON: " + OneLine.of(e.getOriginalMessage()) + "; copy it anew",
          e);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** The tables and doubts as Markdown. */
  public String markdown() {
    StringBuilder text = new StringBuilder("# EFRNet compared\n\n");
    text.append(Page.about(measured)).append("\n\n");
    tables.forEach(table -> text.append(table.markdown()));
    text.append("## What does not add up in the paper\n\n");
    for (Doubts.Doubt doubt : doubts) {
      text.append("### ").append(doubt.title()).append("\n\n");
      doubt.paragraphs().forEach(p -> text.append(p).append("\n\n"));
      doubt.table().ifPresent(t -> text.append(t.markdown().replaceFirst("^## \n\n\n\n", "")));
    }
    return text.toString().stripTrailing() + "\n";
  }

  /**
   * Writes all files, each in one step.
   *
   * @param folder made if missing
   * @throws IOException if one cannot be written
   */
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    WholeFile.write(
        folder.resolve("compare.json"), JSON.writeValueAsString(measured.json()) + "\n");
    WholeFile.write(folder.resolve("compare.md"), markdown());
    WholeFile.write(folder.resolve(PAGE), Page.html(measured, tables, doubts));
    for (Table table : tables) {
      WholeFile.write(folder.resolve(table.id() + ".csv"), table.csv());
    }
  }
}
