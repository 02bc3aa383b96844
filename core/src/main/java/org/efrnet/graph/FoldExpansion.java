package org.efrnet.graph;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Name;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * 1x1 convolutions whose results are joined and mixed by another 1x1 convolution are one matrix
 * after another, and become their product: one 1x1 convolution of what they expanded, under the
 * name of the mixing one. In EFRNet these are the linear expansions of the Feature Fusion Modules'
 * streams, once their batch norms are folded. Left alone is what is used elsewhere too, and what
 * would get no cheaper, because the inner convolutions narrow rather than expand.
 *
 * <p>Not exact in training: the product has other gradients than its factors.
 */
final class FoldExpansion implements Pass {
  @Override
  public boolean exactInTraining() {
    return false;
  }

  @Override
  public Model apply(Model model) {
    Folding folding = new Folding(new TreeMap<>(model.weights().tensors()), new HashSet<>());
    Graph graph = Rewriting.of(model.graph(), folding::replacement);
    return new Model(graph, Weights.of(folding.tensors));
  }

  /**
   * One application of the pass.
   *
   * @param tensors the model's, changed on the way
   * @param products convolutions that are products already; the old graph does not describe them
   */
  private record Folding(Map<String, FloatTensor> tensors, Set<Name> products) {
    Optional<Value> replacement(Rewriting graph, Node node) {
      Optional<Conv> mix = pointwise(graph, node);
      if (mix.isEmpty()) {
        return Optional.empty();
      }
      Optional<Node> join = graph.soleProducer(node.inputs().get(0));
      if (join.isEmpty() || !(join.get().op() instanceof Op.Concat)) {
        return Optional.empty();
      }
      List<Conv> expansions = new ArrayList<>();
      List<Value> narrow = new ArrayList<>();
      int channels = 0;
      for (Value wide : join.get().inputs()) {
        Optional<Node> producer = graph.soleProducer(wide);
        Optional<Conv> expansion = producer.flatMap(p -> pointwise(graph, p));
        if (expansion.isEmpty() || expansion.get().in() > expansion.get().out()) {
          return Optional.empty();
        }
        expansions.add(expansion.get());
        narrow.add(graph.now(producer.orElseThrow().inputs().get(0)));
        channels += expansion.get().in();
      }
      multiply(mix.get(), expansions, channels);
      products.add(mix.get().at());
      Conv product = Conv.pointwise(mix.get().at(), channels, mix.get().out()).biased();
      return Optional.of(graph.ops().conv(graph.ops().concat(narrow), product));
    }

    private Optional<Conv> pointwise(Rewriting graph, Node node) {
      return node.op() instanceof Op.Convolve c
              && c.conv().isPointwise()
              && !graph.shares(c)
              && !products.contains(c.conv().at())
          ? Optional.of(c.conv())
          : Optional.empty();
    }

    /** Puts the product in the place of its factors' tensors. */
    private void multiply(Conv mix, List<Conv> expansions, int channels) {
      double[] bias = bias(mix);
      double[] product = new double[mix.out() * channels];
      float[] left = tensors.get(mix.at() + ".weight").values();
      int firstWide = 0;
      int firstNarrow = 0;
      for (Conv expansion : expansions) {
        float[] right = tensors.get(expansion.at() + ".weight").values();
        double[] shift = bias(expansion);
        for (int out = 0; out < mix.out(); out++) {
          for (int wide = 0; wide < expansion.out(); wide++) {
            double factor = left[out * mix.in() + firstWide + wide];
            bias[out] += factor * shift[wide];
            for (int in = 0; in < expansion.in(); in++) {
              product[out * channels + firstNarrow + in] +=
                  factor * right[wide * expansion.in() + in];
            }
          }
        }
        firstWide += expansion.out();
        firstNarrow += expansion.in();
        tensors.remove(expansion.at() + ".weight");
        tensors.remove(expansion.at() + ".bias");
      }
      put(mix.at(), "weight", product, mix.out(), channels, 1, 1);
      put(mix.at(), "bias", bias, mix.out());
    }

    private double[] bias(Conv conv) {
      double[] bias = new double[conv.out()];
      if (conv.bias()) {
        float[] values = tensors.get(conv.at() + ".bias").values();
        for (int i = 0; i < bias.length; i++) {
          bias[i] = values[i];
        }
      }
      return bias;
    }

    private void put(Name at, String kind, double[] values, int... shape) {
      float[] rounded = new float[values.length];
      for (int i = 0; i < rounded.length; i++) {
        rounded[i] = (float) values[i];
      }
      tensors.put(at + "." + kind, new FloatTensor(shape, rounded));
    }
  }
}
