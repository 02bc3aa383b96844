package org.efrnet.cli;

import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option {@code --threads} of every command that computes. */
public final class Threads {
  private static final String NUMBER = "[1-9][0-9]{0,3}";

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Converter.class,
      description = "Threads to compute with (default: OMP_NUM_THREADS, or all cores).")
  private Optional<Integer> said = Optional.empty();

  /** How many, at least 1. */
  public int count() {
    return said.orElseGet(Threads::byDefault);
  }

  /** How many the words say, if they do. */
  Optional<Integer> said() {
    return said;
  }

  /** What {@code OMP_NUM_THREADS} says, as native libraries read it too; else every core. */
  private static int byDefault() {
    String text = System.getenv().getOrDefault("OMP_NUM_THREADS", "");
    return text.matches(NUMBER)
        ? Integer.parseInt(text)
        : Runtime.getRuntime().availableProcessors();
  }

  /** Reads a number of threads, 1..9999. */
  public static final class Converter implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (!text.matches(NUMBER)) {
        throw new TypeConversionException("'" + text + "' is not a number of threads, 1..9999");
      }
      return Integer.valueOf(text);
    }
  }
}
