package org.efrnet.readings;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.efrnet.graph.Model;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * The reading that measures how large the values become that convolutions read: the {@link
 * Reference}, which notes the largest magnitude of every convolution's input on its way. Images are
 * read one after the other by the same instance, which keeps the largest of all. As slow as the
 * reference, and for one thread.
 */
public final class Ranges implements Ops<Reference.Planes> {
  private final Reference reference;
  private final SortedMap<String, Double> largest = new TreeMap<>();

  /** A reading with these weights that has seen nothing yet. */
  public Ranges(Weights weights) {
    this.reference = new Reference(weights);
  }

  /**
   * Measures a model on a batch of images.
   *
   * @param model as it will be computed: after the passes, which change names and values
   * @param image (N, 3, H, W), normalised as the model was trained
   * @return as {@link #largest}
   */
  public static SortedMap<String, Double> of(Model model, FloatTensor image) {
    Ranges ranges = new Ranges(model.weights());
    model.graph().logits(ranges, Reference.Planes.of(image));
    return ranges.largest();
  }

  /**
   * The largest magnitude that each convolution, transposed ones too, has read so far, by its name;
   * 0 where it read nothing but zeros.
   */
  public SortedMap<String, Double> largest() {
    return Collections.unmodifiableSortedMap(new TreeMap<>(largest));
  }

  private void note(Name convolution, Reference.Planes input) {
    double magnitude = 0;
    for (double value : input.values()) {
      magnitude = Math.max(magnitude, Math.abs(value));
    }
    largest.merge(convolution.value(), magnitude, Math::max);
  }

  @Override
  public Reference.Planes conv(Reference.Planes x, Conv conv) {
    note(conv.at(), x);
    return reference.conv(x, conv);
  }

  @Override
  public Reference.Planes convTranspose(
      Reference.Planes x, ConvTranspose conv, Reference.Planes like) {
    note(conv.at(), x);
    return reference.convTranspose(x, conv, like);
  }

  @Override
  public Reference.Planes batchNorm(Reference.Planes x, BatchNorm norm) {
    return reference.batchNorm(x, norm);
  }

  @Override
  public Reference.Planes prelu(Reference.Planes x, Prelu prelu) {
    return reference.prelu(x, prelu);
  }

  @Override
  public Reference.Planes clip(Reference.Planes x, float low, float high) {
    return reference.clip(x, low, high);
  }

  @Override
  public Reference.Planes sigmoid(Reference.Planes x) {
    return reference.sigmoid(x);
  }

  @Override
  public Reference.Planes maxPool(Reference.Planes x, Pool pool) {
    return reference.maxPool(x, pool);
  }

  @Override
  public Pooled<Reference.Planes> maxPoolWithIndices(Reference.Planes x, Pool pool) {
    return reference.maxPoolWithIndices(x, pool);
  }

  @Override
  public Reference.Planes maxUnpool(
      Reference.Planes x, Reference.Planes indices, Reference.Planes like) {
    return reference.maxUnpool(x, indices, like);
  }

  @Override
  public Reference.Planes globalAvgPool(Reference.Planes x) {
    return reference.globalAvgPool(x);
  }

  @Override
  public Reference.Planes padChannels(Reference.Planes x, int channels) {
    return reference.padChannels(x, channels);
  }

  @Override
  public Reference.Planes resize(
      Reference.Planes x, Reference.Planes like, Interpolation interpolation) {
    return reference.resize(x, like, interpolation);
  }

  @Override
  public Reference.Planes concat(List<Reference.Planes> xs) {
    return reference.concat(xs);
  }

  @Override
  public Reference.Planes add(Reference.Planes a, Reference.Planes b) {
    return reference.add(a, b);
  }

  @Override
  public Reference.Planes mul(Reference.Planes x, Reference.Planes gate) {
    return reference.mul(x, gate);
  }

  @Override
  public Reference.Planes dropout(Reference.Planes x, ChannelDropout dropout) {
    return reference.dropout(x, dropout);
  }
}
