package org.efrnet.cli;

import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.Segmenter;
import org.efrnet.segment.SizePolicy;
import picocli.CommandLine.ITypeConverter;
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
      names = "--threads",
      paramLabel = "N",
      converter = ThreadsConverter.class,
      description = "Threads to compute with (default: all cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  SizePolicy size() {
    return size;
  }

  Segmenter open(ModelBundle bundle) {
    return Segmenter.load(bundle, Segmenter.Options.DEFAULT.with(size).withThreads(threads));
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

  static final class ThreadsConverter implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (!text.matches("[1-9][0-9]{0,3}")) {
        throw new TypeConversionException("'" + text + "' is not a number of threads, 1 or more");
      }
      return Integer.valueOf(text);
    }
  }
}
