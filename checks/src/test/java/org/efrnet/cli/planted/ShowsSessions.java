package org.efrnet.cli.planted;

import ai.onnxruntime.OrtSession;

/** Shows a type of ONNX Runtime in a public signature. */
public final class ShowsSessions {
  private ShowsSessions() {}

  public static void run(OrtSession... sessions) {}
}
