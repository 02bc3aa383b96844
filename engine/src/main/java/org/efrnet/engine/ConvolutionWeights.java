package org.efrnet.engine;

import java.util.Arrays;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;

/**
 * The weights of a convolution as oneDNN is told of them.
 *
 * @param key what tells them from all others
 * @param dims (out, in, height, width), with groups in front if there are several
 * @param strides how {@code values} lie
 * @param values (out, in, height, width), row-major
 * @param outputs channels of the result
 * @param mask which of the dimensions count output channels, a bit each
 */
record ConvolutionWeights(
    String key, long[] dims, long[] strides, float[] values, int outputs, int mask) {
  /**
   * Weights in 8 bits.
   *
   * @param values whole numbers within -127..127
   * @param scales what 1 stands for, for each output channel
   */
  record Rounded(float[] values, float[] scales) {}

  /**
   * Of a convolution.
   *
   * @param outputs its own channels, or more: those behind have zeros for weights
   */
  static ConvolutionWeights of(Conv conv, int outputs, Constants constants) {
    int groups = conv.groups();
    long height = conv.kernel().height();
    long width = conv.kernel().width();
    long in = conv.in() / groups;
    long out = outputs / groups;
    long each = in * height * width;
    float[] own = constants.values(conv.at() + ".weight");
    float[] values = Arrays.copyOf(own, Math.toIntExact(outputs * each));
    String key = conv.at() + " " + outputs;
    return groups == 1
        ? new ConvolutionWeights(
            key,
            new long[] {out, in, height, width},
            new long[] {each, height * width, width, 1},
            values,
            outputs,
            1)
        : new ConvolutionWeights(
            key,
            new long[] {groups, out, in, height, width},
            new long[] {out * each, each, height * width, width, 1},
            values,
            outputs,
            3);
  }

  /** Of a transposed convolution, which the house stores as (in, out, k, k). */
  static ConvolutionWeights of(ConvTranspose conv, Constants constants) {
    int k = conv.kernel();
    int each = k * k;
    float[] own = constants.values(conv.at() + ".weight");
    float[] values = new float[own.length];
    for (int in = 0; in < conv.in(); in++) {
      for (int out = 0; out < conv.out(); out++) {
        System.arraycopy(
            own, (in * conv.out() + out) * each, values, (out * conv.in() + in) * each, each);
      }
    }
    return new ConvolutionWeights(
        conv.at().value(),
        new long[] {conv.out(), conv.in(), k, k},
        new long[] {(long) conv.in() * each, each, k, 1},
        values,
        conv.out(),
        1);
  }

  /** In 8 bits, each output channel by itself: batch norm has made them differ by magnitudes. */
  Rounded rounded() {
    float[] scales = new float[outputs];
    float[] rounded = new float[values.length];
    int each = values.length / outputs;
    for (int o = 0; o < outputs; o++) {
      float largest = 0;
      for (int i = o * each; i < (o + 1) * each; i++) {
        largest = Math.max(largest, Math.abs(values[i]));
      }
      scales[o] = largest == 0 ? 1 : largest / 127;
      for (int i = o * each; i < (o + 1) * each; i++) {
        rounded[i] = Math.round(values[i] / scales[o]);
      }
    }
    return new Rounded(rounded, scales);
  }
}
