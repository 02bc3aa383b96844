package org.efrnet.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Asks long work to stop when the virtual machine is told to end, by Ctrl-C or SIGTERM, and lets it
 * end only when that work is done: a step in progress must not be torn apart, nor half a pack left.
 *
 * <p>Closed by the work, on its own thread, after its last word: nobody gets to say anything once
 * the virtual machine need not wait any more.
 */
public final class StopSignal implements AutoCloseable {
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread onSignal;

  /**
   * Waits for the signal from now on.
   *
   * @param stop becomes true when the signal comes
   * @param atOnce what is then said, a line; blank for nothing
   * @param seconds that the work may take to stop
   * @param tooLate what is said, a line, if it takes longer
   */
  public StopSignal(AtomicBoolean stop, String atOnce, int seconds, String tooLate) {
    this.onSignal = new Thread(() -> askAndWait(stop, atOnce, seconds, tooLate), "efrnet-stop");
    Runtime.getRuntime().addShutdownHook(onSignal);
  }

  private void askAndWait(AtomicBoolean stop, String atOnce, int seconds, String tooLate) {
    if (!atOnce.isBlank()) {
      System.err.println(atOnce);
    }
    stop.set(true);
    try {
      if (!done.await(seconds, TimeUnit.SECONDS)) {
        System.err.println(tooLate);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(onSignal);
    } catch (IllegalStateException alreadyStopping) {
      // The hook has begun: it is what waits for us.
    }
  }
}
