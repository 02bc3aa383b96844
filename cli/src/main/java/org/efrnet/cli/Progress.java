package org.efrnet.cli;

import java.io.PrintWriter;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far long work is: a bar on a terminal, one line per 10 % otherwise. */
public final class Progress implements AutoCloseable {
  /** Set by the launcher where stderr is a terminal; Java's own ways to ask differ by version. */
  private static final String TERMINAL = "efrnet.terminal";

  private final String task;
  private final long max;
  private final PrintWriter err;
  private final Optional<ProgressBar> bar;
  private long tenths;

  /**
   * Begins to show.
   *
   * @param err where lines go if there is no terminal
   * @param task one word
   * @param max how much there is to do
   */
  public Progress(PrintWriter err, String task, long max) {
    this.err = err;
    this.task = task;
    this.max = Math.max(1, max);
    this.bar =
        System.getProperty(TERMINAL) == null
            ? Optional.empty()
            : Optional.of(
                new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(max)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(200)
                    .build());
  }

  /**
   * Shows how much is done, and a few words with it, which may be blank. Less than before means
   * that the work has another part, of which so much is done.
   */
  public void to(long done, String detail) {
    if (bar.isPresent()) {
      bar.get().stepTo(done);
      bar.get().setExtraMessage(" " + detail);
      return;
    }
    long now = 10 * done / max;
    if (now > tenths) {
      err.println(task + " " + 100 * done / max + " %" + (detail.isEmpty() ? "" : "  " + detail));
    }
    tenths = now;
  }

  @Override
  public void close() {
    bar.ifPresent(ProgressBar::close);
  }
}
