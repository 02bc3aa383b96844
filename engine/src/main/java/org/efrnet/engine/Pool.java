package org.efrnet.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.javacpp.Pointer;

/** Memory that maps share which are not needed at the same time. */
final class Pool {
  /**
   * A piece of it.
   *
   * @param address of its first byte, owned by the pool's {@link Handles}
   */
  record Block(Pointer address, long bytes) {}

  /** A block much larger than what is asked for is kept for something larger. */
  private static final int MOST_WASTE = 4;

  private final Handles handles;
  private final dnnl_engine engine;
  private final List<Block> free = new ArrayList<>();
  private long total;

  Pool(Handles handles, dnnl_engine engine) {
    this.handles = handles;
    this.engine = engine;
  }

  /** A block that is free, the smallest that is large enough, or a new one. */
  Block take(long bytes) {
    Optional<Block> found =
        free.stream()
            .filter(b -> b.bytes >= bytes && b.bytes <= MOST_WASTE * bytes)
            .min(Comparator.comparingLong(Block::bytes));
    found.ifPresent(free::remove);
    return found.orElseGet(() -> fresh(bytes));
  }

  /** A new block, which is never given to another map unless it is given back. */
  Block fresh(long bytes) {
    dnnl_memory memory =
        handles.allocated(engine, handles.strided(Kind.S8, new long[] {bytes}, new long[] {1}));
    total += bytes;
    return new Block(Handles.address(memory), bytes);
  }

  void give(Block block) {
    free.add(block);
  }

  /** Bytes of all blocks. */
  long total() {
    return total;
  }
}
