package org.efrnet.engine;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.engine.Flow.Gradient;
import org.efrnet.engine.Flow.Maps;
import org.efrnet.learning.LearningRule;

/**
 * Cross-entropy of a head's logits against the truth, weighted by class: the mean over the weights
 * of all pixels that have a truth, as PyTorch's. oneDNN computes the logarithms of probabilities
 * and the way back through them; what is one value a pixel is done here. A {@link SoftJaccard} may
 * be added.
 */
final class SoftmaxLoss {
  private final Maps logits;
  private final int batchHeight;
  private final int batchWidth;
  private final float[] classWeights;
  private final int ignore;
  private final double weight;
  private final FloatBuffer logarithms;

  /** The loss by the logarithms: 0 but at each pixel's truth. */
  private final FloatBuffer gradients;

  /** Where it is not 0, one place a pixel; -1 for none. */
  private final int[] places;

  private final Optional<SoftJaccard> jaccard;

  /**
   * Plans the steps behind a head.
   *
   * @param classes how many of the logits' channels are classes; others have no chance
   * @param weight of this head's loss in the sum
   */
  SoftmaxLoss(
      LearningOps ops,
      Maps logits,
      int classes,
      int batchHeight,
      int batchWidth,
      LearningRule rule,
      double weight) {
    this.logits = logits;
    this.batchHeight = batchHeight;
    this.batchWidth = batchWidth;
    this.ignore = rule.ignore();
    this.weight = weight;
    this.classWeights = new float[classes];
    Arrays.fill(classWeights, 1);
    System.arraycopy(rule.classWeights(), 0, classWeights, 0, rule.classWeights().length);
    long count = ops.n * logits.each();
    this.places = new int[ops.n * logits.height * logits.width];
    Arrays.fill(places, -1);
    this.jaccard =
        rule.jaccard() == 0
            ? Optional.empty()
            : Optional.of(new SoftJaccard(classes, logits.channels, weight * rule.jaccard()));
    // Logits have done their work where their logarithms of probabilities can take their place.
    Maps logs =
        logits.kind == Kind.F32
            ? logits
            : ops.maps(logits.channels, logits.used, logits.height, logits.width, Kind.F32, true);
    dnnl_primitive_desc there =
        ops.handles.description(
            "softmax",
            d ->
                dnnl_softmax_forward_primitive_desc_create(
                    d,
                    ops.engine,
                    dnnl_forward_training,
                    dnnl_softmax_log,
                    logits.desc,
                    logs.desc,
                    1,
                    ops.unmodified));
    ops.call(
        "softmax",
        0,
        there,
        ops.new Call().with(DNNL_ARG_SRC, logits.memory).with(DNNL_ARG_DST, logs.memory));
    this.logarithms = LearningAssembly.floats(logs.memory, count);
    dnnl_memory sparse = ops.handles.allocated(ops.engine, logs.desc);
    Pointer.memset(Handles.address(sparse), 0, count * Float.BYTES);
    this.gradients = LearningAssembly.floats(sparse, count);
    if (jaccard.isPresent()) {
      probabilities(ops, logs, sparse);
    }
    dnnl_primitive_desc backwards =
        ops.handles.description(
            "gradient of softmax",
            d ->
                dnnl_softmax_backward_primitive_desc_create(
                    d,
                    ops.engine,
                    dnnl_softmax_log,
                    ops.gradientDesc(logits),
                    logs.desc,
                    logs.desc,
                    1,
                    there,
                    ops.unmodified));
    ops.tape.add(
        () -> {
          Gradient gradient = ops.gradient(logits);
          ops.call(
              "softmax's gradient",
              0,
              backwards,
              ops.new Call()
                  .with(DNNL_ARG_DST, logs.memory)
                  .with(DNNL_ARG_DIFF_DST, sparse)
                  .with(DNNL_ARG_DIFF_SRC, gradient.memory));
          ops.give(logits, gradient);
        });
  }

  /** Leaves them where the gradient will lie. */
  private static void probabilities(LearningOps ops, Maps logs, dnnl_memory to) {
    dnnl_primitive_desc exponential =
        ops.handles.description(
            "probabilities",
            d ->
                dnnl_eltwise_forward_primitive_desc_create(
                    d,
                    ops.engine,
                    dnnl_forward_inference,
                    dnnl_eltwise_exp,
                    logs.desc,
                    logs.desc,
                    0,
                    0,
                    ops.unmodified));
    ops.call(
        "probabilities",
        0,
        exponential,
        ops.new Call().with(DNNL_ARG_SRC, logs.memory).with(DNNL_ARG_DST, to));
  }

  /**
   * Between the way there and the way back: the loss and its gradient.
   *
   * @param truth (n, height, width) of the batch, whose nearest pixels count if the head is smaller
   * @return the head's share in the sum of losses
   */
  double compare(byte[] truth) {
    int stride = logits.channels;
    double weights = 0;
    for (int i = 0; i < places.length; i++) {
      if (places[i] >= 0 && jaccard.isEmpty()) {
        gradients.put(places[i], 0);
      }
      int y = truthOf(truth, i);
      if (y == ignore) {
        places[i] = -1;
      } else if (y < classWeights.length) {
        places[i] = i * stride + y;
        weights += classWeights[y];
      } else {
        throw new IllegalArgumentException(
            "a truth of "
                + y
                + " is no class of this network, which has "
                + classWeights.length
                + ", nor the ignored value "
                + ignore);
      }
    }
    double more = jaccard.isPresent() ? jaccard.get().compare(places, gradients) : 0;
    double sum = 0;
    // Where nothing is labelled there is nothing to learn.
    double factor = weights == 0 ? 0 : weight / weights;
    for (int place : places) {
      if (place >= 0) {
        float w = classWeights[place % stride];
        sum -= w * logarithms.get(place);
        float other = jaccard.isPresent() ? gradients.get(place) : 0;
        gradients.put(place, (float) (other - w * factor));
      }
    }
    return sum * factor + more;
  }

  private int truthOf(byte[] truth, int i) {
    int height = logits.height;
    int width = logits.width;
    if (height == batchHeight && width == batchWidth) {
      return truth[i] & 0xff;
    }
    int x = i % width;
    int y = i / width % height;
    int picture = i / (width * height);
    long row = (long) y * batchHeight / height;
    long column = (long) x * batchWidth / width;
    return truth[(int) ((picture * (long) batchHeight + row) * batchWidth + column)] & 0xff;
  }
}
