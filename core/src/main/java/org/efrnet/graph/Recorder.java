package org.efrnet.graph;

import java.util.ArrayList;
import java.util.List;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;

/** The reading that writes down: every call becomes a node. */
final class Recorder implements FusingOps<Value> {
  private final List<Node> nodes = new ArrayList<>();

  List<Node> nodes() {
    return List.copyOf(nodes);
  }

  Node node(int id) {
    return nodes.get(id);
  }

  private Value record(Op op, Value... inputs) {
    return record(op, List.of(inputs));
  }

  private Value record(Op op, List<Value> inputs) {
    Node node = new Node(nodes.size(), op, inputs);
    nodes.add(node);
    return new Value(node.id(), 0);
  }

  @Override
  public Value fused(Op.Fused fused, List<Value> in) {
    return record(fused, in);
  }

  @Override
  public Value conv(Value x, Conv conv) {
    return record(new Op.Convolve(conv), x);
  }

  @Override
  public Value convTranspose(Value x, ConvTranspose conv, Value like) {
    return record(new Op.ConvolveTransposed(conv), x, like);
  }

  @Override
  public Value batchNorm(Value x, BatchNorm norm) {
    return record(new Op.Normalise(norm), x);
  }

  @Override
  public Value prelu(Value x, Prelu prelu) {
    return record(new Op.Activate(prelu), x);
  }

  @Override
  public Value clip(Value x, float low, float high) {
    return record(new Op.Clip(low, high), x);
  }

  @Override
  public Value sigmoid(Value x) {
    return record(new Op.Sigmoid(), x);
  }

  @Override
  public Value maxPool(Value x, Pool pool) {
    return record(new Op.MaxPool(pool), x);
  }

  @Override
  public Pooled<Value> maxPoolWithIndices(Value x, Pool pool) {
    Value values = record(new Op.MaxPoolWithIndices(pool), x);
    return new Pooled<>(values, new Value(values.node(), 1));
  }

  @Override
  public Value maxUnpool(Value x, Value indices, Value like) {
    return record(new Op.MaxUnpool(), x, indices, like);
  }

  @Override
  public Value avgPool(Value x, Pool pool) {
    return record(new Op.AvgPool(pool), x);
  }

  @Override
  public Value globalAvgPool(Value x) {
    return record(new Op.GlobalAvgPool(), x);
  }

  @Override
  public Value gridPool(Value x, int bins) {
    return record(new Op.GridPool(bins), x);
  }

  @Override
  public Value padChannels(Value x, int channels) {
    return record(new Op.PadChannels(channels), x);
  }

  @Override
  public Value resize(Value x, Value like, Interpolation interpolation) {
    return record(new Op.Resize(interpolation), x, like);
  }

  @Override
  public Value shrink(Value x, int factor, Interpolation interpolation) {
    return record(new Op.Shrink(factor, interpolation), x);
  }

  @Override
  public Value concat(List<Value> xs) {
    return record(new Op.Concat(), xs);
  }

  @Override
  public Value add(Value a, Value b) {
    return record(new Op.Add(), a, b);
  }

  @Override
  public Value mul(Value x, Value gate) {
    return record(new Op.Mul(), x, gate);
  }

  @Override
  public Value dropout(Value x, ChannelDropout dropout) {
    return record(new Op.Dropout(dropout), x);
  }

  @Override
  public Value stage(Name name, Value x) {
    return record(new Op.Stage(name), x);
  }
}
