package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_s8;

/** The numbers that maps are made of. */
enum Kind {
  F32(dnnl_f32, 4),
  BF16(dnnl_bf16, 2),
  S8(dnnl_s8, 1);

  /** oneDNN's. */
  final int code;

  final int bytes;

  Kind(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }
}
