package org.efrnet.video;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Hands things from one thread to the next, a few at a time. Either whoever hands over waits while
 * it is full, so that nothing is lost, or the oldest gives way, so that nothing is late.
 */
final class Handover<T> {
  private final int capacity;
  private final boolean latest;
  private final Consumer<T> discard;
  private final Deque<T> waiting = new ArrayDeque<>();
  private boolean ended;
  private boolean cancelled;

  /**
   * A handover.
   *
   * @param capacity things that may wait, at least 1
   * @param latest whether the oldest gives way, instead of the giver waiting
   * @param discard receives what nobody will take
   */
  Handover(int capacity, boolean latest, Consumer<T> discard) {
    this.capacity = capacity;
    this.latest = latest;
    this.discard = discard;
  }

  /** Whether anybody still wants things; the thing is discarded if not. */
  synchronized boolean put(T thing) throws InterruptedException {
    while (!latest && !cancelled && waiting.size() == capacity) {
      wait();
    }
    if (cancelled) {
      discard.accept(thing);
      return false;
    }
    if (waiting.size() == capacity) {
      discard.accept(waiting.removeFirst());
    }
    waiting.addLast(thing);
    notifyAll();
    return true;
  }

  /** The next thing; empty when there will be none. */
  synchronized Optional<T> take() throws InterruptedException {
    while (!ended && !cancelled && waiting.isEmpty()) {
      wait();
    }
    if (waiting.isEmpty()) {
      return Optional.empty();
    }
    T thing = waiting.removeFirst();
    notifyAll();
    return Optional.of(thing);
  }

  /** Says that nothing more will come. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Says that nothing more is wanted, and discards what waits. */
  synchronized void cancel() {
    cancelled = true;
    waiting.forEach(discard);
    waiting.clear();
    notifyAll();
  }
}
