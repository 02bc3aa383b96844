package org.efrnet.torch;

/** Makes libtorch's errors readable: their messages carry a C++ stack that no user wants. */
final class TorchErrors {
  private TorchErrors() {}

  /** The same error with its first line alone, if it came from libtorch; else the error itself. */
  static RuntimeException translated(RuntimeException e) {
    String message = e.getMessage();
    if (e.getClass() != RuntimeException.class || message == null) {
      return e;
    }
    int end = message.indexOf('\n');
    return new IllegalStateException(
        "libtorch: " + (end < 0 ? message : message.substring(0, end)), e);
  }
}
