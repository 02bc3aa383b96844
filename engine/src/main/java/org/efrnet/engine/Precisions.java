package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2_vnni;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_vnni;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;

import java.util.List;
import org.efrnet.bundle.BundleConfig;

/** In which precisions this machine's processor computes by itself. */
final class Precisions {
  private Precisions() {}

  /**
   * The fastest first, as measured on processors of both kinds: with AMX or AVX-512's bf16 and VNNI
   * instructions 8 bits beat 16, and 16 beat 32. What processors without them imitate is slower,
   * and in 8 bits may saturate.
   */
  static List<String> here() {
    return of(dnnl_get_effective_cpu_isa());
  }

  /** Those of a set of instructions, one of oneDNN's {@code dnnl_cpu_isa} bit sets. */
  static List<String> of(int isa) {
    if (includes(isa, dnnl_cpu_isa_avx512_core_bf16)) {
      return List.of(BundleConfig.INT8, BundleConfig.BF16, BundleConfig.FP32);
    }
    return includes(isa, dnnl_cpu_isa_avx512_core_vnni) || includes(isa, dnnl_cpu_isa_avx2_vnni)
        ? List.of(BundleConfig.INT8, BundleConfig.FP32)
        : List.of(BundleConfig.FP32);
  }

  private static boolean includes(int isa, int wanted) {
    return (isa & wanted) == wanted;
  }

  /** What maps are made of where a precision does not say 8 bits. */
  static Kind floating(String precision) {
    return precision.equals(BundleConfig.FP32) || !here().contains(BundleConfig.BF16)
        ? Kind.F32
        : Kind.BF16;
  }
}
