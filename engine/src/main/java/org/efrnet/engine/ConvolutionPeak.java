package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_dst_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_src_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import java.util.Map;
import java.util.OptionalDouble;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.bundle.BundleConfig;

/** How fast this machine convolves at its best: what engines' figures are to be held beside. */
public final class ConvolutionPeak {
  private static final int ROUNDS = 12;
  private static final long BATCH = 4;
  private static final long CHANNELS = 256;
  private static final long SIDE = 64;
  private static final long KERNEL = 3;

  private static final Map<String, Kind> KINDS =
      Map.of(BundleConfig.FP32, Kind.F32, BundleConfig.BF16, Kind.BF16, BundleConfig.INT8, Kind.S8);

  private ConvolutionPeak() {}

  /**
   * Measures oneDNN's convolution of 3x3 from 256 to 256 channels at 64x64, batch 4: the best of a
   * dozen rounds, for it is a limit.
   *
   * @param precision one of {@link BundleConfig#PRECISION_NAMES}
   * @param threads that compute at once, at least 1
   * @return 10^9 operations a second, a multiply-accumulate counted as two; empty if this machine
   *     does not compute in that precision, or nothing here can measure it
   */
  public static OptionalDouble gflops(String precision, int threads) {
    try {
      return OneDnnEngine.loaded(
          () ->
              Precisions.here().contains(precision)
                  ? OptionalDouble.of(measured(KINDS.get(precision), threads))
                  : OptionalDouble.empty());
    } catch (IllegalStateException e) {
      return OptionalDouble.empty();
    }
  }

  private static double measured(Kind kind, int threads) {
    OpenMp.setThreads(threads);
    try (Handles handles = new Handles()) {
      dnnl_engine engine = handles.engine();
      dnnl_stream stream = handles.stream(engine);
      dnnl_memory_desc map = handles.any(kind, BATCH, CHANNELS, SIDE, SIDE);
      dnnl_memory_desc weights = handles.any(kind, CHANNELS, CHANNELS, KERNEL, KERNEL);
      dnnl_primitive_attr attributes = handles.attributes();
      long[] one = {1, 1};
      dnnl_primitive_desc description =
          handles.description(
              "convolution",
              d ->
                  dnnl_convolution_forward_primitive_desc_create(
                      d,
                      engine,
                      dnnl_forward_inference,
                      dnnl_convolution_direct,
                      map,
                      weights,
                      null,
                      map,
                      one,
                      new long[] {0, 0},
                      one,
                      one,
                      attributes));
      dnnl_primitive primitive = handles.primitive("convolution", description);
      dnnl_exec_arg_t arguments = handles.arguments(3);
      int[] places = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
      int[] queries = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
      for (int i = 0; i < places.length; i++) {
        dnnl_memory_desc desc = dnnl_primitive_desc_query_md(description, queries[i], 0);
        dnnl_memory memory = handles.allocated(engine, desc);
        Pointer.memset(Handles.address(memory), 0, dnnl_memory_desc_get_size(desc));
        arguments.position(i).arg(places[i]).memory(memory);
      }
      arguments.position(0);
      long best = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS; round++) {
        long start = System.nanoTime();
        Handles.require(
            dnnl_primitive_execute(primitive, stream, places.length, arguments), "a convolution");
        best = Math.min(best, System.nanoTime() - start);
      }
      double macs = (double) BATCH * SIDE * SIDE * CHANNELS * CHANNELS * KERNEL * KERNEL;
      return 2 * macs / best;
    }
  }
}
