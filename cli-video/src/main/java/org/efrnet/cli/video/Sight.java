package org.efrnet.cli.video;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.efrnet.cli.Progress;
import org.efrnet.video.VideoRun;

/**
 * Shows how far a video is: as other long work where its length is known, else a line now and then.
 */
final class Sight implements VideoRun.Watcher, AutoCloseable {
  private static final long NANOS_BETWEEN_LINES = 10_000_000_000L;

  private final PrintWriter err;
  private final long most;
  private final long begin = System.nanoTime();
  private Optional<Progress> progress = Optional.empty();
  private long lines;

  /** For so many frames at most. */
  Sight(PrintWriter err, long most) {
    this.err = err;
    this.most = most;
  }

  @Override
  public void frame(long done, OptionalLong expected, long dropped, double fps) {
    String speed = String.format(Locale.ROOT, "%.1f fps", fps);
    long all = Math.min(most, expected.orElse(Long.MAX_VALUE));
    if (all < Long.MAX_VALUE) {
      if (progress.isEmpty()) {
        progress = Optional.of(new Progress(err, "video", all));
      }
      progress.get().to(Math.min(done, all), speed);
    } else if ((System.nanoTime() - begin) / NANOS_BETWEEN_LINES > lines) {
      lines++;
      err.println("video " + done + " frames  " + speed + ", " + dropped + " dropped");
    }
  }

  @Override
  public void notice(String line) {
    err.println("efrnet: " + line);
  }

  @Override
  public void close() {
    progress.ifPresent(Progress::close);
  }
}
