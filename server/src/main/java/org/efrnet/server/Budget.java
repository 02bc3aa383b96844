package org.efrnet.server;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** So much of something for all requests together. Thread-safe; nobody waits for it. */
final class Budget {
  private final long all;
  private final AtomicLong used = new AtomicLong();

  Budget(long all) {
    this.all = all;
  }

  long all() {
    return all;
  }

  long used() {
    return used.get();
  }

  /** Takes nothing yet, and more later. */
  Share share() {
    return new Share();
  }

  /** Takes so much at once, if there is so much left. */
  Optional<Share> take(long amount) {
    Share share = new Share();
    return share.grow(amount) ? Optional.of(share) : Optional.empty();
  }

  /** What a request holds of it, until the last of its holders closes it. */
  final class Share implements AutoCloseable {
    private final AtomicInteger holders = new AtomicInteger(1);
    private final AtomicLong amount = new AtomicLong();

    private Share() {}

    /** Takes more; false if there is not so much left, and then nothing is taken. */
    boolean grow(long more) {
      if (used.addAndGet(more) > all) {
        used.addAndGet(-more);
        return false;
      }
      amount.addAndGet(more);
      return true;
    }

    /** Another holder, who closes it too. */
    Share held() {
      holders.incrementAndGet();
      return this;
    }

    @Override
    public void close() {
      if (holders.decrementAndGet() == 0) {
        used.addAndGet(-amount.get());
      }
    }
  }
}
