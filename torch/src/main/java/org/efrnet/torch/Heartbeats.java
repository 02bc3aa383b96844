package org.efrnet.torch;

import java.util.OptionalInt;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Store;

/**
 * Finds out who went away. Every process counts up its own number in the store each second and
 * looks at those of the others: whose number stands still is gone, or its host is. A connection
 * alone would not tell of a host that lost its power.
 */
final class Heartbeats implements AutoCloseable {
  private static final int MILLIS = 1000;

  /**
   * Beats of one's own, not time: where all are stopped for a while and go on, nobody was silent.
   * Longer than a process of a busy machine goes without any turn.
   */
  private static final int BEATS_OF_SILENCE = 20;

  /** With a broken connection as well, less is enough. */
  private static final int BEATS_AFTER_A_BREAK = 4;

  /** Time for whoever waits in a sum to see that its connection broke, and to end in order. */
  private static final int SECONDS_TO_END = 5;

  private final Store store;
  private final String key;
  private final int rank;
  private final long[] counts;
  private final int[] silences;
  private final Consumer<OptionalInt> silence;
  private final Thread thread;
  private boolean storeGone;
  private boolean done;

  /**
   * Begins to beat. Everybody has beaten once before.
   *
   * @param store a connection that nobody else uses; closed by {@link #close}
   * @param key of the numbers in the store, less the rank
   * @param silence told once, on a thread of its own, if somebody stays silent and this is not
   *     closed soon after: the rank, or empty if it is the store that went away
   */
  Heartbeats(Store store, String key, int rank, int size, Consumer<OptionalInt> silence) {
    this.store = store;
    this.key = key;
    this.rank = rank;
    this.counts = new long[size];
    this.silences = new int[size];
    this.silence = silence;
    this.thread = new Thread(this::beat, "efrnet-heartbeat");
    thread.setDaemon(true);
    thread.start();
  }

  private void beat() {
    try {
      while (!isOver()) {
        exchange();
        Thread.sleep(MILLIS);
      }
      for (int i = 0; i < SECONDS_TO_END && !isDone(); i++) {
        Thread.sleep(1000);
      }
    } catch (InterruptedException e) {
      return;
    }
    if (!isDone()) {
      silence.accept(silent(BEATS_OF_SILENCE));
    }
  }

  private synchronized boolean isDone() {
    return done;
  }

  private synchronized boolean isOver() {
    return done || storeGone || silent(BEATS_OF_SILENCE).isPresent();
  }

  /** The first whose number has stood still for so many beats. */
  private synchronized OptionalInt silent(int beats) {
    for (int i = 0; i < silences.length; i++) {
      if (silences[i] >= beats) {
        return OptionalInt.of(i);
      }
    }
    return OptionalInt.empty();
  }

  private void exchange() {
    try (PointerScope scope = new PointerScope()) {
      store.add(key + rank, 1);
      for (int i = 0; i < counts.length; i++) {
        if (i != rank) {
          long count = store.add(key + i, 0);
          synchronized (this) {
            silences[i] = count == counts[i] ? silences[i] + 1 : 0;
            counts[i] = count;
          }
        }
      }
    } catch (RuntimeException e) {
      synchronized (this) {
        storeGone = true;
      }
    }
  }

  /**
   * Who is gone, now that a connection broke; waits until it is known.
   *
   * @return empty if it is the store that went away, or if nobody stays silent
   */
  OptionalInt gone() {
    try {
      for (int i = 0; i < 3 * BEATS_AFTER_A_BREAK; i++) {
        OptionalInt silent = silent(BEATS_AFTER_A_BREAK);
        synchronized (this) {
          if (storeGone || silent.isPresent()) {
            return storeGone ? OptionalInt.empty() : silent;
          }
        }
        Thread.sleep(MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return OptionalInt.empty();
  }

  /** Whether the store went away. */
  synchronized boolean storeIsGone() {
    return storeGone;
  }

  /** Stops beating and watching. */
  void end() {
    synchronized (this) {
      done = true;
    }
  }

  @Override
  public void close() {
    end();
    thread.interrupt();
    try {
      thread.join(2000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!thread.isAlive()) {
      store.close();
    }
  }
}
