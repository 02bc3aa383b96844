package org.efrnet.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.segment.Engines;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import org.efrnet.text.Nearest;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How a model is run, but for the threads: what they are bounded by differs by command. */
public final class NetworkOptions {
  private static final String AUTO = "auto";

  @Option(
      names = "--size",
      paramLabel = "native|WxH|HEIGHT",
      converter = SizeConverter.class,
      description = "Size at which the network sees a picture (default: as the model says).")
  private SizePolicy size = new SizePolicy.BundleHeight();

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      converter = EngineConverter.class,
      description = "What computes (default: the fastest of those that run here).")
  private Optional<String> engine = Optional.empty();

  @Option(
      names = "--precision",
      paramLabel = "auto|fp32|bf16|int8",
      converter = PrecisionConverter.class,
      description = "Numbers to compute in; auto is the fastest that the model allows (default).")
  private String precision = AUTO;

  SizePolicy size() {
    return size;
  }

  /**
   * What the words say.
   *
   * @param threads to compute with
   */
  public Segmenter.Options segmenting(int threads) {
    Segmenter.Options chosen = Segmenter.Options.DEFAULT.with(size).withThreads(threads);
    chosen = engine.map(chosen::withEngine).orElse(chosen);
    return precision.equals(AUTO) ? chosen : chosen.withPrecision(precision);
  }

  private static String known(String what, String word, List<String> names) {
    if (!names.contains(word)) {
      throw new TypeConversionException(
          what
              + " '"
              + word
              + "' is none of "
              + String.join(", ", names)
              + Nearest.hint(word, names));
    }
    return word;
  }

  static final class EngineConverter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      return known("engine", text, Engines.names());
    }
  }

  static final class PrecisionConverter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      List<String> names = new ArrayList<>(List.of(AUTO));
      names.addAll(BundleConfig.PRECISION_NAMES);
      return known("precision", text, names);
    }
  }

  static final class SizeConverter implements ITypeConverter<SizePolicy> {
    @Override
    public SizePolicy convert(String text) {
      try {
        return SizePolicy.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
