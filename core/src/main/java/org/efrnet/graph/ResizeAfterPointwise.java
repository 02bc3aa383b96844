package org.efrnet.graph;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.efrnet.ops.Conv;

/**
 * Values that are resized to one size, joined, and mixed by a 1x1 convolution without bias are
 * joined and mixed first, and resized once. A resize is linear and treats channels alike, so it
 * commutes with the mixing, gradients included; in EFRNet's Feature Fusion Modules it then moves 64
 * channels in place of 256, and the convolution runs on a quarter of the places.
 *
 * <p>Weights stay as they are. Only values of provably equal size are joined.
 */
final class ResizeAfterPointwise implements Pass {
  @Override
  public boolean exactInTraining() {
    return true;
  }

  @Override
  public Model apply(Model model) {
    Graph graph = model.graph();
    List<List<Extents.Extent>> extents = graph.values(new Extents(), Extents.Extent.IMAGE);
    return new Model(
        Rewriting.of(graph, (rewriting, node) -> replacement(rewriting, node, extents)),
        model.weights());
  }

  private static Optional<Value> replacement(
      Rewriting graph, Node node, List<List<Extents.Extent>> extents) {
    if (!(node.op() instanceof Op.Convolve mix) || !commutes(mix.conv())) {
      return Optional.empty();
    }
    Optional<Node> join = graph.soleProducer(node.inputs().get(0));
    if (join.isEmpty() || !(join.get().op() instanceof Op.Concat)) {
      return Optional.empty();
    }
    List<Value> small = new ArrayList<>();
    Set<Op> resizes = new HashSet<>();
    Set<Value> likes = new HashSet<>();
    Set<Extents.Extent> sizes = new HashSet<>();
    for (Value large : join.get().inputs()) {
      Optional<Node> resize = graph.soleProducer(large);
      if (resize.isEmpty() || !(resize.get().op() instanceof Op.Resize)) {
        return Optional.empty();
      }
      Value x = resize.get().inputs().get(0);
      small.add(graph.now(x));
      resizes.add(resize.get().op());
      likes.add(resize.get().inputs().get(1));
      sizes.add(x.equals(Value.IMAGE) ? Extents.Extent.IMAGE : extents.get(x.node()).get(x.port()));
    }
    if (resizes.size() > 1 || likes.size() > 1 || sizes.size() > 1) {
      return Optional.empty();
    }
    Op.Resize resize = (Op.Resize) resizes.iterator().next();
    Value mixed = graph.ops().conv(graph.ops().concat(small), mix.conv());
    Value like = graph.now(likes.iterator().next());
    return Optional.of(graph.ops().resize(mixed, like, resize.interpolation()));
  }

  // A bias would commute as well; without one, nothing rests on weights that sum to 1 exactly.
  private static boolean commutes(Conv conv) {
    return conv.isPointwise() && !conv.bias();
  }
}
