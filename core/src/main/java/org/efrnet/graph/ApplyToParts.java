package org.efrnet.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.efrnet.ops.BatchNorm;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;

/**
 * Batch norm and activation of joined values are done to each of them before they are joined: a
 * part that a convolution gives then takes them in. In ENet's first block that is the convolution
 * beside the pooled image. A part's batch norm gets the name of the whole with the part's number
 * behind it.
 */
final class ApplyToParts implements Pass {
  private static final int IMAGE_CHANNELS = 3;

  @Override
  public boolean exactInTraining() {
    return false;
  }

  @Override
  public Model apply(Model model) {
    Parting parting = new Parting(new TreeMap<>(model.weights().tensors()));
    Graph graph = Rewriting.of(model.graph(), parting::replacement);
    return new Model(graph, Weights.of(parting.tensors));
  }

  /**
   * One application of the pass.
   *
   * @param tensors the model's, changed on the way
   */
  private record Parting(Map<String, FloatTensor> tensors) {
    Optional<Value> replacement(Rewriting graph, Node node) {
      boolean normalises = node.op() instanceof Op.Normalise && !graph.shares(node.op());
      boolean activates =
          node.op() instanceof Op.Clip
              || (node.op() instanceof Op.Activate a && a.prelu().slopes() == 1);
      if (!normalises && !activates) {
        return Optional.empty();
      }
      Optional<Node> join =
          graph
              .soleProducer(node.inputs().get(0))
              .flatMap(p -> graph.recorded(graph.now(node.inputs().get(0))));
      if (join.isEmpty() || !(join.get().op() instanceof Op.Concat)) {
        return Optional.empty();
      }
      List<Value> parts = join.get().inputs();
      if (parts.stream().noneMatch(part -> endsInConvolution(graph, part))) {
        return Optional.empty();
      }
      List<Value> done = new ArrayList<>();
      int first = 0;
      for (Value part : parts) {
        int channels = channels(graph, part);
        if (node.op() instanceof Op.Normalise n) {
          BatchNorm norm = n.norm();
          BatchNorm own =
              new BatchNorm(
                  norm.at().in(Integer.toString(done.size())),
                  channels,
                  norm.epsilon(),
                  norm.momentum());
          for (String kind : List.of("weight", "bias", "running_mean", "running_var")) {
            float[] all = tensors.get(norm.at() + "." + kind).values();
            tensors.put(
                own.at() + "." + kind,
                new FloatTensor(
                    new int[] {channels}, Arrays.copyOfRange(all, first, first + channels)));
          }
          done.add(graph.ops().batchNorm(part, own));
        } else {
          done.add(node.op().read(graph.ops(), List.of(part)).get(0));
        }
        first += channels;
      }
      if (node.op() instanceof Op.Normalise n) {
        for (String kind : List.of("weight", "bias", "running_mean", "running_var")) {
          tensors.remove(n.norm().at() + "." + kind);
        }
      }
      return Optional.of(graph.ops().concat(done));
    }

    /** A batch norm in between is on its way into the convolution. */
    private static boolean endsInConvolution(Rewriting graph, Value value) {
      return graph
          .recorded(value)
          .filter(
              made ->
                  made.op() instanceof Op.Convolve
                      || (made.op() instanceof Op.Normalise
                          && endsInConvolution(graph, made.inputs().get(0))))
          .isPresent();
    }

    private static int channels(Rewriting graph, Value value) {
      Optional<Node> made = graph.recorded(value);
      if (made.isEmpty()) {
        return IMAGE_CHANNELS;
      }
      List<Value> inputs = made.get().inputs();
      Op op = made.get().op();
      if (op instanceof Op.Convolve c) {
        return c.conv().out();
      } else if (op instanceof Op.ConvolveTransposed c) {
        return c.conv().out();
      } else if (op instanceof Op.PadChannels p) {
        return p.channels();
      } else if (op instanceof Op.Concat) {
        return inputs.stream().mapToInt(input -> channels(graph, input)).sum();
      }
      return channels(graph, inputs.get(0));
    }
  }
}
