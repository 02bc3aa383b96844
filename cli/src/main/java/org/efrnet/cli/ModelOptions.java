package org.efrnet.cli;

import java.util.Optional;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of every command that runs a model. */
final class ModelOptions {
  @Option(
      names = "--size",
      paramLabel = "native|WxH|HEIGHT",
      converter = SizeConverter.class,
      description = "Size at which the network sees a picture (default: as the model says).")
  private SizePolicy size = new SizePolicy.BundleHeight();

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      description = "What computes, such as libtorch (default: the fastest of this program).")
  private Optional<String> engine;

  @Option(
      names = "--precision",
      paramLabel = "fp32|bf16|int8",
      converter = PrecisionConverter.class,
      description = "In what it computes (default: the fastest that costs hardly any accuracy).")
  private Optional<String> precision;

  @Mixin private Threads threads;

  SizePolicy size() {
    return size;
  }

  Segmenter open(ModelBundle bundle) {
    Segmenter.Options options = Segmenter.Options.DEFAULT.with(size).withThreads(threads.count());
    if (engine.isPresent()) {
      options = options.withEngine(engine.get());
    }
    if (precision.isPresent()) {
      options = options.withPrecision(precision.get());
    }
    return Segmenter.load(bundle, options);
  }

  static final class PrecisionConverter implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      if (!BundleConfig.PRECISION_NAMES.contains(text)) {
        throw new TypeConversionException(
            "'" + text + "' is none of " + String.join(", ", BundleConfig.PRECISION_NAMES));
      }
      return text;
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
