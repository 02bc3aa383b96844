package org.efrnet.segment;

import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A second thread for whoever owns it: takes half of a task while its owner does the other half.
 * Parked between tasks, and handing one over allocates nothing. It is a daemon, and touches no
 * natives of an engine but the logits that it reads. Owned and used by one thread.
 */
final class Partner implements AutoCloseable {
  private enum State {
    IDLE,
    WORKING,
    CLOSED
  }

  private final Thread thread;
  private Thread owner = Thread.currentThread();
  private Runnable work = () -> {};
  private Optional<Throwable> failure = Optional.empty();

  /** Written last by whoever hands something over, and read first by whoever takes it. */
  private volatile State state = State.IDLE;

  Partner(String name) {
    this.thread = new Thread(this::live, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void live() {
    while (state != State.CLOSED) {
      if (state == State.WORKING) {
        try {
          work.run();
        } catch (RuntimeException | Error e) {
          failure = Optional.of(e);
        }
        state = State.IDLE;
        LockSupport.unpark(owner);
      } else {
        LockSupport.park(this);
      }
    }
  }

  /**
   * Does two things at once and returns when both are done.
   *
   * @param theirs done by the partner
   * @param own done by the calling thread
   * @throws RuntimeException what either of them threw, the calling thread's first
   */
  void both(Runnable theirs, Runnable own) {
    owner = Thread.currentThread();
    failure = Optional.empty();
    work = theirs;
    state = State.WORKING;
    LockSupport.unpark(thread);
    try {
      own.run();
    } finally {
      // What the two share is nobody else's before both are done, whatever happens.
      boolean interrupted = false;
      while (state == State.WORKING) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        owner.interrupt();
      }
    }
    if (failure.isPresent()) {
      if (failure.get() instanceof Error e) {
        throw e;
      }
      throw (RuntimeException) failure.get();
    }
  }

  /** Ends the thread and waits for that; a second call does nothing. */
  @Override
  public void close() {
    state = State.CLOSED;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
