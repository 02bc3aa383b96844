package org.efrnet.cli.compare;

import java.util.List;
import java.util.Locale;

/**
 * A table for people and programs.
 *
 * @param id of its file, such as {@code table2}
 * @param title plain text
 * @param about what all of it has in common, a sentence or two
 * @param columns the first names the rows
 * @param rows as many cells each as there are columns
 * @param notes on single rows
 */
record Table(
    String id, String title, String about, List<Column> columns, List<Row> rows, List<Note> notes) {
  /**
   * A column.
   *
   * @param name for people, with its unit
   * @param key for programs
   * @param number whether it is aligned as numbers are
   */
  record Column(String name, String key, boolean number) {
    static Column text(String name, String key) {
      return new Column(name, key, false);
    }

    static Column number(String name, String key) {
      return new Column(name, key, true);
    }
  }

  /** Who a cell's figure is from. */
  enum Source {
    /** Measured or counted here. */
    OURS,
    /** Copied from the paper. */
    PRINTED,
    /** No figure: why, or a dash. */
    NONE
  }

  /**
   * A cell.
   *
   * @param text for people
   * @param value for programs: no unit, no spaces between digits; empty if there is none
   */
  record Cell(String text, String value, Source source) {
    static final Cell DASH = new Cell("\u2013", "", Source.NONE);

    static Cell text(String text) {
      return new Cell(text, text, Source.OURS);
    }

    static Cell missing(String why) {
      return new Cell(why, "", Source.NONE);
    }

    static Cell ours(double value, int decimals) {
      return of(value, decimals, Source.OURS);
    }

    static Cell printed(double value, int decimals) {
      return of(value, decimals, Source.PRINTED);
    }

    /** A whole number in groups of three digits. */
    static Cell count(long value) {
      return new Cell(
          String.format(Locale.ROOT, "%,d", value).replace(',', '\u00a0'),
          Long.toString(value),
          Source.OURS);
    }

    private static Cell of(double value, int decimals, Source source) {
      if (!Double.isFinite(value)) {
        return DASH;
      }
      String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
      return new Cell(text, text, source);
    }
  }

  /**
   * A row.
   *
   * @param mark a word behind its name, such as {@code reconstruction}; may be empty
   * @param emphasised whether it is what the table is about
   */
  record Row(List<Cell> cells, String mark, boolean emphasised) {
    Row {
      cells = List.copyOf(cells);
    }
  }

  /** A remark on a row. */
  record Note(String subject, String text) {}

  Table {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
    notes = List.copyOf(notes);
    for (Row row : rows) {
      if (row.cells.size() != columns.size()) {
        throw new IllegalArgumentException(
            "table "
                + id
                + ": a row has "
                + row.cells.size()
                + " cells, the table "
                + columns.size()
                + " columns");
      }
    }
  }

  /** As CSV of RFC 4180, with a line of keys. */
  String csv() {
    StringBuilder text = new StringBuilder();
    line(text, columns.stream().map(Column::key).toList());
    for (Row row : rows) {
      line(text, row.cells.stream().map(Cell::value).toList());
    }
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> values) {
    for (int i = 0; i < values.size(); i++) {
      String value = values.get(i);
      text.append(i == 0 ? "" : ",");
      text.append(value.matches("[^\",\r\n]*") ? value : '"' + value.replace("\"", "\"\"") + '"');
    }
    text.append("\r\n");
  }

  /** As Markdown whose columns stand below one another in a terminal too. */
  String markdown() {
    int[] widths = new int[columns.size()];
    for (int c = 0; c < widths.length; c++) {
      widths[c] = Math.max(3, columns.get(c).name.length());
      for (Row row : rows) {
        widths[c] = Math.max(widths[c], cell(row, c).length());
      }
    }
    StringBuilder text = new StringBuilder();
    text.append("## ").append(title).append("\n\n").append(about).append("\n\n");
    for (int c = 0; c < widths.length; c++) {
      padded(text, columns.get(c).name, widths[c], columns.get(c).number);
    }
    text.append("|\n");
    for (int c = 0; c < widths.length; c++) {
      text.append('|').append("-".repeat(widths[c] + 1));
      text.append(columns.get(c).number ? ':' : '-');
    }
    text.append("|\n");
    for (Row row : rows) {
      for (int c = 0; c < widths.length; c++) {
        padded(text, cell(row, c), widths[c], columns.get(c).number);
      }
      text.append("|\n");
    }
    if (!notes.isEmpty()) {
      text.append('\n');
      notes.forEach(
          n -> text.append("* ").append(n.subject).append(": ").append(n.text).append('\n'));
    }
    return text.append('\n').toString();
  }

  private static String cell(Row row, int column) {
    String text = row.cells.get(column).text.replace("\\", "\\\\").replace("|", "\\|");
    return column == 0 && !row.mark.isEmpty() ? text + " (" + row.mark + ")" : text;
  }

  private static void padded(StringBuilder text, String cell, int width, boolean right) {
    String blanks = " ".repeat(Math.max(0, width - cell.length()));
    text.append("| ").append(right ? blanks + cell : cell + blanks).append(' ');
  }
}
