package org.efrnet.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.text.WholeFile;

/** Writes a bundle as an ONNX file that was proven to compute what the bundle's network does. */
public final class OnnxExport {
  /** Columns and rows at which a file is proven; odd ones too, where the network takes them. */
  private static final List<int[]> SIZES =
      List.of(new int[] {96, 64}, new int[] {65, 49}, new int[] {127, 33});

  private OnnxExport() {}

  /**
   * Writes the file, loads it in ONNX Runtime and compares it with the network's definition in
   * plain Java, at three sizes; a few seconds in all. The file gets its name when that is done: a
   * reader sees the old file, the new one, or none.
   *
   * @param file is replaced if it exists; its folder must exist
   * @param each is told how every comparison ended, also the one that failed
   * @throws IOException if the file cannot be written
   * @throws IllegalStateException if ONNX Runtime cannot run here, or computes something else from
   *     the file; nothing is left behind
   */
  public static void write(
      ModelBundle bundle, OnnxOptions options, Path file, Consumer<OnnxParity> each)
      throws IOException {
    write(OnnxModel.of(bundle, options), bundle, file, each);
  }

  /** The version of the ONNX Runtime by which files are proven. */
  public static String runtimeVersion() {
    return Natives.version();
  }

  static void write(OnnxModel model, ModelBundle bundle, Path file, Consumer<OnnxParity> each)
      throws IOException {
    Path target = file.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(String.valueOf(folder));
    }
    if (Files.isDirectory(target)) {
      throw new IOException(file + " is a folder; name the file, such as model.onnx");
    }
    Path part = WholeFile.part(target);
    try {
      Files.write(part, model.toBytes());
      prove(part, bundle, file, each);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static void prove(Path part, ModelBundle bundle, Path file, Consumer<OnnxParity> each)
      throws IOException {
    int multiple = bundle.network().sizeMultiple();
    // What was written is read again: the file is proven, not what was meant to be in it.
    try (OnnxSession session = OnnxSession.of(Files.readAllBytes(part), 1)) {
      for (int[] size : SIZES) {
        OnnxParity parity =
            OnnxParity.of(
                session,
                bundle.model(),
                bundle.config().normalization(),
                roundedUp(size[0], multiple),
                roundedUp(size[1], multiple));
        each.accept(parity);
        if (!parity.holds()) {
          throw new IllegalStateException(
              String.format(
                  Locale.ROOT,
                  "%s is not written: at %dx%d ONNX Runtime's logits differ by up to %.2g from the"
                      + " network's definition (allowed %.2g) and %.3f %% of the pixels have the"
                      + " same class (%.3f %% needed); the file would not do what '%s' does, please"
                      + " report it",
                  file,
                  parity.width(),
                  parity.height(),
                  parity.difference(),
                  parity.allowed(),
                  100 * parity.agreement(),
                  100 * OnnxParity.LEAST_AGREEMENT,
                  bundle.config().name()));
        }
      }
    }
  }

  private static int roundedUp(int side, int multiple) {
    return (side + multiple - 1) / multiple * multiple;
  }
}
