package org.efrnet.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code WIDTHxHEIGHT} in pixels. */
record PictureSize(int width, int height) {
  static final class Converter implements ITypeConverter<PictureSize> {
    @Override
    public PictureSize convert(String text) {
      if (!text.matches("[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")) {
        throw new TypeConversionException("'" + text + "' is not WIDTHxHEIGHT, such as 640x360");
      }
      String[] sides = text.split("x", -1);
      return new PictureSize(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
    }
  }
}
