package org.efrnet.graph;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Name;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * Batch normalisation by running statistics is affine in every channel: behind a convolution it is
 * that convolution with another weight and a bias. It is folded through resizes in between, whose
 * weights sum to 1. A convolution whose output or parameters are used elsewhere too stays as it is.
 */
final class FoldBatchNorm implements Pass {
  @Override
  public boolean exactInTraining() {
    return false;
  }

  @Override
  public Model apply(Model model) {
    Folding folding = new Folding(model);
    Graph graph = Rewriting.of(model.graph(), folding::replacement);
    return new Model(graph, folding.weights(graph));
  }

  /** One application of the pass. */
  private static final class Folding {
    private final Map<String, FloatTensor> tensors;
    private final Set<Name> folded = new HashSet<>();

    Folding(Model model) {
      tensors = new TreeMap<>(model.weights().tensors());
    }

    Optional<Value> replacement(Rewriting graph, Node node) {
      if (!(node.op() instanceof Op.Normalise n)) {
        return Optional.empty();
      }
      Optional<Value> value = normalised(graph, node.inputs().get(0), n.norm());
      value.ifPresent(v -> folded.add(n.norm().at()));
      return value;
    }

    /** The value, computed so that it is normalised already; empty if that cannot be. */
    private Optional<Value> normalised(Rewriting graph, Value x, BatchNorm norm) {
      Optional<Node> producer = graph.soleProducer(x);
      if (producer.isEmpty()) {
        return Optional.empty();
      }
      Node node = producer.get();
      if (node.op() instanceof Op.Resize resize) {
        Value like = graph.now(node.inputs().get(1));
        return normalised(graph, node.inputs().get(0), norm)
            .map(y -> graph.ops().resize(y, like, resize.interpolation()));
      }
      if (node.op() instanceof Op.Convolve c && !graph.shares(c)) {
        Conv conv = c.conv();
        fold(conv.at(), conv.bias(), 0, norm);
        return Optional.of(graph.ops().conv(graph.now(node.inputs().get(0)), conv.biased()));
      }
      if (node.op() instanceof Op.ConvolveTransposed c && !graph.shares(c)) {
        ConvTranspose conv = c.conv();
        fold(conv.at(), conv.bias(), 1, norm);
        Value like = graph.now(node.inputs().get(1));
        return Optional.of(
            graph.ops().convTranspose(graph.now(node.inputs().get(0)), conv.biased(), like));
      }
      return Optional.empty();
    }

    /**
     * Rewrites the tensors of a convolution.
     *
     * @param outDimension which dimension of its weight counts output channels
     */
    private void fold(Name at, boolean biased, int outDimension, BatchNorm norm) {
      float[] gamma = values(norm.at() + ".weight");
      float[] beta = values(norm.at() + ".bias");
      float[] mean = values(norm.at() + ".running_mean");
      float[] variance = values(norm.at() + ".running_var");
      float[] before = biased ? values(at + ".bias") : new float[norm.channels()];
      double[] scale = new double[norm.channels()];
      float[] bias = new float[norm.channels()];
      for (int c = 0; c < bias.length; c++) {
        scale[c] = gamma[c] / Math.sqrt(variance[c] + norm.epsilon());
        bias[c] = (float) ((before[c] - mean[c]) * scale[c] + beta[c]);
      }
      FloatTensor weight = tensors.get(at + ".weight");
      int[] shape = weight.shape();
      int inner = shape[2] * shape[3] * (outDimension == 0 ? shape[1] : 1);
      float[] scaled = new float[weight.values().length];
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] = (float) (weight.values()[i] * scale[i / inner % shape[outDimension]]);
      }
      tensors.put(at + ".weight", new FloatTensor(shape, scaled));
      tensors.put(at + ".bias", new FloatTensor(new int[] {bias.length}, bias));
    }

    private float[] values(String name) {
      return tensors.get(name).values();
    }

    /** The tensors after folding, without those of batch norms that are gone. */
    Weights weights(Graph graph) {
      for (Node node : graph.nodes()) {
        if (node.op() instanceof Op.Normalise n) {
          folded.remove(n.norm().at());
        }
      }
      for (Name at : folded) {
        tensors.remove(at + ".weight");
        tensors.remove(at + ".bias");
        tensors.remove(at + ".running_mean");
        tensors.remove(at + ".running_var");
      }
      return Weights.of(tensors);
    }
  }
}
