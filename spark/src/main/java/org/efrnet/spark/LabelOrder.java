package org.efrnet.spark;

/**
 * What to label, and how.
 *
 * @param input a folder, whose pictures and those of folders below it are meant, a picture, or a
 *     wildcard pattern; every executor sees it at this path
 * @param output the folder of results, made where there is none; every executor writes there
 * @param results what is written
 * @param labelling how pictures are labelled
 */
public record LabelOrder(String input, String output, Results results, Labelling labelling) {
  /** What is written of a picture. */
  public enum Results {
    /** A file {@code NAME.mask.png}, in folders as the pictures are. */
    MASKS,
    /** A row of a table: {@code path} and the fields of {@link LabelFunction#schema}. */
    PARQUET
  }
}
