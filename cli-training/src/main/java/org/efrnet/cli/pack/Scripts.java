package org.efrnet.cli.pack;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files of a pack that are written by hand: they lie beside this class. */
final class Scripts {
  private Scripts() {}

  /** Writes one into a folder; programs are made executable where the file system knows of it. */
  static void write(String name, Path folder) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = Scripts.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new PackException("this build has no " + name + ": build it anew");
      }
      Files.copy(in, file);
    }
    if ((Folders.executable(name) || name.equals(Pieces.JOIN))
        && !file.toFile().setExecutable(true, false)) {
      throw new PackException(file + " cannot be made executable: choose another -o");
    }
  }
}
