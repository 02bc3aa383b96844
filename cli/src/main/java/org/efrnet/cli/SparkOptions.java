package org.efrnet.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where Apache Spark runs, for the commands that it can do. */
public final class SparkOptions {
  /** Spark within this process, with all cores. */
  public static final String HERE = "local[*]";

  private static final String MASTER =
      "local|local\\[(\\*|[1-9][0-9]{0,3})(,[1-9][0-9]?)?\\]|spark://.+|k8s://.+|yarn";

  @Option(
      names = "--spark",
      arity = "0..1",
      fallbackValue = HERE,
      paramLabel = "MASTER",
      converter = MasterConverter.class,
      description = "On Apache Spark: local[N] for N cores here, or spark://HOST:PORT.")
  private Optional<String> master = Optional.empty();

  @Option(
      names = "--conf",
      paramLabel = "NAME=VALUE",
      description = "A setting of Spark's, such as spark.executor.memory=4g; again for more.")
  private Map<String, String> settings = new LinkedHashMap<>();

  /** Where Spark runs, if it is asked for. */
  public Optional<String> master() {
    return master;
  }

  /** Further settings of Spark's, by name. */
  public Map<String, String> settings() {
    return Map.copyOf(settings);
  }

  static final class MasterConverter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      if (!text.matches(MASTER)) {
        throw new TypeConversionException(
            "'"
                + text
                + "' is no master of Spark's; write local[*], local[2], spark://HOST:PORT, yarn or"
                + " k8s://..., or --spark last for local[*]");
      }
      return text;
    }
  }
}
