package org.efrnet.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.efrnet.text.OneLine;

/**
 * A file system of a few megabytes in memory, for tests of a full disk. Mounting one takes Linux
 * and root; elsewhere the test is skipped with the reason, in CI it fails.
 */
public final class SmallDisk implements AutoCloseable {
  private static final int BLOCK = 4096;

  private final Path root;

  private SmallDisk(Path root) {
    this.root = root;
  }

  /**
   * Mounts an empty one.
   *
   * @param at an empty folder, empty again after {@link #close}
   * @param kilobytes that it holds, in blocks of 4
   */
  public static SmallDisk mount(Path at, int kilobytes) throws IOException, InterruptedException {
    String complaint =
        run("mount", "-t", "tmpfs", "-o", "size=" + kilobytes + "k", "tmpfs", at.toString());
    if (!complaint.isEmpty()) {
      assertThat(System.getenv("CI")).as("in CI a small disk must work: " + complaint).isNull();
      abort("no small disk here: " + complaint);
    }
    return new SmallDisk(at);
  }

  /** Its folder. */
  public Path root() {
    return root;
  }

  /**
   * Writes a file until so much room is left.
   *
   * @param file of any name below {@link #root}; replaced if it is there
   * @param left kilobytes, in blocks of 4
   */
  public void fill(Path file, int left) throws IOException {
    Files.deleteIfExists(file);
    long blocks = Files.getFileStore(root).getUsableSpace() / BLOCK - left * 1024L / BLOCK;
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long i = 0; i < blocks; i++) {
        out.write(new byte[BLOCK]);
      }
    }
    assertThat(Files.getFileStore(root).getUsableSpace()).isEqualTo(left * 1024L);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    assertThat(run("umount", root.toString())).isEmpty();
  }

  /** Nothing, or why it failed. */
  private static String run(String... command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      return OneLine.of(String.valueOf(e.getMessage()));
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    return code == 0 ? "" : OneLine.of(command[0] + " ended with " + code + ": " + said.strip());
  }
}
