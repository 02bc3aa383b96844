package org.efrnet.graph;

import java.util.ArrayList;
import java.util.List;
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

/** A method of {@link Ops} as data. Each record knows how to call its method again. */
public sealed interface Op {
  /** Calls the operation in a reading; as many results as the operation has outputs. */
  <T> List<T> read(Ops<T> ops, List<T> in);

  /** {@link Ops#conv}. */
  record Convolve(Conv conv) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.conv(in.get(0), conv));
    }
  }

  /** {@link Ops#convTranspose}: input, like. */
  record ConvolveTransposed(ConvTranspose conv) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.convTranspose(in.get(0), conv, in.get(1)));
    }
  }

  /** {@link Ops#batchNorm}. */
  record Normalise(BatchNorm norm) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.batchNorm(in.get(0), norm));
    }
  }

  /** {@link Ops#prelu}. */
  record Activate(Prelu prelu) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.prelu(in.get(0), prelu));
    }
  }

  /** {@link Ops#clip}. */
  record Clip(float low, float high) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.clip(in.get(0), low, high));
    }
  }

  /** {@link Ops#sigmoid}. */
  record Sigmoid() implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.sigmoid(in.get(0)));
    }
  }

  /** {@link Ops#maxPool}. */
  record MaxPool(Pool pool) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.maxPool(in.get(0), pool));
    }
  }

  /** {@link Ops#maxPoolWithIndices}: values at port 0, indices at port 1. */
  record MaxPoolWithIndices(Pool pool) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      Pooled<T> pooled = ops.maxPoolWithIndices(in.get(0), pool);
      return List.of(pooled.values(), pooled.indices());
    }
  }

  /** {@link Ops#maxUnpool}: input, indices, like. */
  record MaxUnpool() implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.maxUnpool(in.get(0), in.get(1), in.get(2)));
    }
  }

  /** {@link Ops#avgPool}. */
  record AvgPool(Pool pool) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.avgPool(in.get(0), pool));
    }
  }

  /** {@link Ops#globalAvgPool}. */
  record GlobalAvgPool() implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.globalAvgPool(in.get(0)));
    }
  }

  /** {@link Ops#gridPool}. */
  record GridPool(int bins) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.gridPool(in.get(0), bins));
    }
  }

  /** {@link Ops#padChannels}. */
  record PadChannels(int channels) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.padChannels(in.get(0), channels));
    }
  }

  /** {@link Ops#resize}: input, like. */
  record Resize(Interpolation interpolation) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.resize(in.get(0), in.get(1), interpolation));
    }
  }

  /** {@link Ops#shrink}. */
  record Shrink(int factor, Interpolation interpolation) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.shrink(in.get(0), factor, interpolation));
    }
  }

  /** {@link Ops#concat}. */
  record Concat() implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.concat(in));
    }
  }

  /** {@link Ops#add}. */
  record Add() implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.add(in.get(0), in.get(1)));
    }
  }

  /** {@link Ops#mul}: input, gate. */
  record Mul() implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.mul(in.get(0), in.get(1)));
    }
  }

  /** {@link Ops#dropout}. */
  record Dropout(ChannelDropout dropout) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.dropout(in.get(0), dropout));
    }
  }

  /** {@link Ops#stage}. */
  record Stage(Name name) implements Op {
    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      return List.of(ops.stage(name, in.get(0)));
    }
  }

  /**
   * An operation and what is done to its result, value by value. It stands for its parts, one after
   * the other: to a reading that is no {@link FusingOps} it is nothing else.
   *
   * @param first what gives the result
   * @param then operations on it: {@link Activate}, {@link Clip}, {@link Sigmoid}, {@link
   *     Normalise}, {@link Add}
   */
  record Fused(Op first, List<Op> then) implements Op {
    public Fused {
      then = List.copyOf(then);
    }

    /** The same with one more operation at the end. */
    Fused followedBy(Op op) {
      List<Op> longer = new ArrayList<>(then);
      longer.add(op);
      return new Fused(first, longer);
    }

    /** How many inputs are the first operation's; the others follow. */
    public int inputsOfFirst(int inputs) {
      return inputs - (int) then.stream().filter(Add.class::isInstance).count();
    }

    @Override
    public <T> List<T> read(Ops<T> ops, List<T> in) {
      if (ops instanceof FusingOps<T> fusing) {
        return List.of(fusing.fused(this, in));
      }
      int next = inputsOfFirst(in.size());
      T result = first.read(ops, in.subList(0, next)).get(0);
      for (Op op : then) {
        List<T> operands = op instanceof Add ? List.of(result, in.get(next++)) : List.of(result);
        result = op.read(ops, operands).get(0);
      }
      return List.of(result);
    }
  }
}
