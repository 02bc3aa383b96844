package org.efrnet.cli;

import org.efrnet.bundle.BundleException;
import org.efrnet.bundle.ModelBundle;

/** What {@code --version} prints: the code's version and licence, the embedded model's licence. */
final class Version {
  private Version() {}

  static String[] lines() {
    String version = Version.class.getPackage().getImplementationVersion();
    String model;
    try {
      ModelBundle bundle = ModelBundle.named(ModelOptions.DEFAULT_MODEL);
      model =
          "model "
              + bundle.config().name()
              + ": "
              + bundle.config().licence().id()
              + ". "
              + bundle.config().licence().note();
    } catch (BundleException e) {
      model = "no model on the class path: " + e.getMessage();
    }
    return new String[] {
      "efrnet " + (version == null ? "(development)" : version) + ": Apache-2.0",
      model,
      "Java "
          + Runtime.version()
          + ", "
          + System.getProperty("os.name")
          + " "
          + System.getProperty("os.arch")
    };
  }
}
