package org.efrnet.video;

import java.util.Locale;
import org.bytedeco.ffmpeg.avutil.AVRational;

/** A rational number as FFmpeg has them: frame rates, time bases, aspect ratios. */
record Fraction(int over, int under) {
  static final Fraction NONE = new Fraction(0, 1);

  static Fraction of(AVRational rational) {
    return new Fraction(rational.num(), rational.den());
  }

  boolean isPositive() {
    return over > 0 && under > 0;
  }

  double value() {
    return (double) over / under;
  }

  Fraction inverse() {
    return new Fraction(under, over);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.4g", value());
  }
}
