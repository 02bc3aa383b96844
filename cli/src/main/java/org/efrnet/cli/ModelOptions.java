package org.efrnet.cli;

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

  @Mixin private Threads threads;

  SizePolicy size() {
    return size;
  }

  Segmenter open(ModelBundle bundle) {
    return Segmenter.load(
        bundle, Segmenter.Options.DEFAULT.with(size).withThreads(threads.count()));
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
