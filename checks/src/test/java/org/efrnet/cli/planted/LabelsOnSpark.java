package org.efrnet.cli.planted;

import org.apache.spark.sql.Row;

/** Planted: looks into Spark from outside its module. */
final class LabelsOnSpark {
  private LabelsOnSpark() {}

  static int fields(Row row) {
    return row.length();
  }
}
