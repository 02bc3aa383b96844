package org.efrnet.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of threads as a word of the command line. */
final class Threads implements ITypeConverter<Integer> {
  private static final String NUMBER = "[1-9][0-9]{0,3}";

  /** What {@code OMP_NUM_THREADS} says, as native libraries read it too; else every core. */
  static int byDefault() {
    String text = System.getenv().getOrDefault("OMP_NUM_THREADS", "");
    return text.matches(NUMBER)
        ? Integer.parseInt(text)
        : Runtime.getRuntime().availableProcessors();
  }

  @Override
  public Integer convert(String text) {
    if (!text.matches(NUMBER)) {
      throw new TypeConversionException("'" + text + "' is not a number of threads, 1..9999");
    }
    return Integer.valueOf(text);
  }
}
