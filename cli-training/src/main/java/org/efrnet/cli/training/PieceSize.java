package org.efrnet.cli.training;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of bytes, as {@code 60MiB}. */
record PieceSize(long bytes) {
  private static final Pattern TEXT = Pattern.compile("([1-9][0-9]{0,8})(kB|KiB|MB|MiB|GB|GiB)");
  private static final Map<String, Long> UNITS =
      Map.of(
          "kB",
          1000L,
          "KiB",
          1L << 10,
          "MB",
          1_000_000L,
          "MiB",
          1L << 20,
          "GB",
          1_000_000_000L,
          "GiB",
          1L << 30);

  static final class Converter implements ITypeConverter<PieceSize> {
    @Override
    public PieceSize convert(String text) {
      Matcher matcher = TEXT.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "'" + text + "' is not a size, such as 60MiB (units: kB, KiB, MB, MiB, GB, GiB)");
      }
      return new PieceSize(Long.parseLong(matcher.group(1)) * UNITS.get(matcher.group(2)));
    }
  }
}
