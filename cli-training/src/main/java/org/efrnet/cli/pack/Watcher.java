package org.efrnet.cli.pack;

import java.io.IOException;

/** Is told how far packing is. */
public interface Watcher {
  /** The stages of packing, in their order; a pack may leave some out. */
  enum Stage {
    /** Java's own part. */
    RUNTIME(15),
    /** Copying jars. */
    JARS(15),
    /** Reading which libraries the natives need. */
    LIBRARIES(20),
    /** Copying a data set. */
    DATA(10),
    /** Checksums of the files. */
    CHECKSUMS(15),
    /** Writing pieces. */
    PIECES(25);

    private final int share;

    Stage(int share) {
      this.share = share;
    }

    /** What all stages before this one take of the whole, in percent. */
    public int before() {
      int sum = 0;
      for (Stage stage : values()) {
        if (stage == this) {
          break;
        }
        sum += stage.share;
      }
      return sum;
    }

    /** What this stage takes of the whole, in percent. */
    public int share() {
      return share;
    }
  }

  /**
   * Called often, from the thread that packs.
   *
   * @param done bytes, 0..total
   * @param total at least 1
   * @throws IOException to give up packing
   */
  void at(Stage stage, long done, long total) throws IOException;
}
