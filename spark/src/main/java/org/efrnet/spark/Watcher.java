package org.efrnet.spark;

/** Is told how far a job is, on the thread that started it, and asked whether it is to go on. */
public interface Watcher {
  /** For those who need not know. */
  Watcher NONE =
      new Watcher() {
        @Override
        public void done(long done, long all) {}

        @Override
        public void failed(String message) {}

        @Override
        public void waiting(String message) {}

        @Override
        public boolean stopped() {
          return false;
        }
      };

  /** So many of all pictures are dealt with, those of earlier runs among them. */
  void done(long done, long all);

  /** A picture failed; a line that names it, what is wrong and the remedy. */
  void failed(String message);

  /** Nothing has happened for long; a line that says why that may be. */
  void waiting(String message);

  /** Whether the job is to end as soon as it can. */
  boolean stopped();
}
