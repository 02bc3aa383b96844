package org.efrnet.onnx;

import ai.onnxruntime.OrtException;
import org.efrnet.text.OneLine;

/** Makes ONNX Runtime's errors readable: their messages carry a C++ stack that no user wants. */
final class OnnxErrors {
  private static final int LONGEST = 300;

  private OnnxErrors() {}

  /** The same error, with its first line alone. */
  static IllegalStateException translated(OrtException e) {
    return new IllegalStateException(
        "onnxruntime: " + firstLine(String.valueOf(e.getMessage())), e);
  }

  static String firstLine(String message) {
    return OneLine.of(message.lines().findFirst().orElse(""), LONGEST);
  }
}
