package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_workspace_md;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.efrnet.engine.Flow.Maps;
import org.efrnet.ops.Pool;

/**
 * Takes values from where maxima stood: what oneDNN has no operation for. Places are bytes, each
 * the number of a maximum within its window, row by row, channels last.
 */
final class Gathering {
  private final Kind kind;
  private final int n;
  private final Maps source;
  private final Maps pooled;
  private final Pool window;
  private final ByteBuffer where;

  private Gathering(Kind kind, int n, Flow.Places places) {
    this.kind = kind;
    this.n = n;
    this.source = places.source;
    this.pooled = places.pooled;
    this.window = places.window;
    this.where =
        new BytePointer(Handles.address(places.where)).capacity(n * pooled.each()).asBuffer();
  }

  /**
   * Those of a pooling.
   *
   * @throws IllegalArgumentException if oneDNN keeps them in another way here
   */
  static Gathering of(LearningOps ops, Flow.Places places) {
    Maps pooled = places.pooled;
    dnnl_memory_desc bytes =
        ops.handles.bytes(
            new long[] {ops.n, pooled.channels, pooled.height, pooled.width},
            Assembly.channelsLast(pooled.channels, pooled.height, pooled.width));
    if (dnnl_memory_desc_equal(bytes, ops.descOf(places.there, dnnl_query_workspace_md)) == 0) {
      throw LearningConvolutions.cannot("networks that unpool on this processor");
    }
    return new Gathering(ops.kind, ops.n, places);
  }

  /**
   * @param from maps of the size that was pooled
   * @param to maps of the pooled size
   */
  void gather(Pointer from, Pointer to) {
    if (kind == Kind.F32) {
      IntBuffer values = new IntPointer(from).capacity(n * source.each()).asBuffer();
      IntBuffer made = new IntPointer(to).capacity(n * pooled.each()).asBuffer();
      eachPlace((at, place) -> made.put(at, values.get(place)));
    } else {
      ShortBuffer values = new ShortPointer(from).capacity(n * source.each()).asBuffer();
      ShortBuffer made = new ShortPointer(to).capacity(n * pooled.each()).asBuffer();
      eachPlace((at, place) -> made.put(at, values.get(place)));
    }
  }

  @FunctionalInterface
  private interface Move {
    void move(int at, int place);
  }

  private void eachPlace(Move move) {
    int channels = pooled.channels;
    int at = 0;
    for (int picture = 0; picture < n; picture++) {
      for (int y = 0; y < pooled.height; y++) {
        for (int x = 0; x < pooled.width; x++) {
          for (int c = 0; c < channels; c++, at++) {
            int spot = where.get(at) & 0xff;
            int row = y * window.stride() + spot / window.kernel();
            int column = x * window.stride() + spot % window.kernel();
            move.move(at, ((picture * source.height + row) * source.width + column) * channels + c);
          }
        }
      }
    }
  }
}
