package org.efrnet.conformance;

import java.util.List;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;

/** What takes more than one operation to show. */
enum Composed implements Small.Body {
  CONV_GROUPED {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      T y = ops.conv(x, Conv.pointwise(At.A, 3, 8));
      return ops.conv(
          y, new Conv(At.B, 8, 12, Size.square(3), 2, Size.square(1), Size.square(1), 4, true));
    }
  },
  CONV_SHARED {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      Conv conv = Conv.square(At.A, 3, 3, 3);
      return ops.conv(ops.conv(x, conv), conv);
    }
  },
  CONV_WIDE_STRIDED {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      // As wide as the shortcuts of a ResNet.
      T y = ops.relu(ops.conv(x, Conv.pointwise(At.A, 3, 256)));
      return ops.conv(y, Conv.pointwise(At.B, 256, 512).strided(2));
    }
  },
  TRANSPOSED_NORMALISED {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      T small = ops.maxPool(x, new Pool(3, 2, 1, false));
      return norm(
          ops, ops.convTranspose(small, new ConvTranspose(At.A, 3, 4, 3, 2, 1, false), x), 4);
    }
  },
  CONV_NORMALISED {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      return norm(ops, ops.conv(x, Conv.square(At.A, 3, 4, 3)), 4);
    }
  },
  CONV_NORMALISED_BEHIND_CONCAT {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      T y = ops.conv(x, Conv.square(At.A, 3, 13, 3).strided(2));
      return norm(ops, ops.concat(List.of(y, ops.maxPool(x, new Pool(3, 2, 1, false)))), 16);
    }
  },
  UNPOOL {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      Pooled<T> pooled = ops.maxPoolWithIndices(x, Pool.HALVE);
      return ops.maxUnpool(ops.sigmoid(pooled.values()), pooled.indices(), x);
    }
  },
  UNPOOL_TIES {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      Pooled<T> pooled = ops.maxPoolWithIndices(ops.clip(x, 0.5f, 1), Pool.HALVE);
      return ops.maxUnpool(pooled.values(), pooled.indices(), x);
    }
  },
  UNPOOL_COLLISIONS {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      Pooled<T> pooled = ops.maxPoolWithIndices(x, new Pool(3, 2, 1, false));
      T y = ops.conv(pooled.values(), Conv.square(At.A, 3, 3, 3));
      return ops.maxUnpool(y, pooled.indices(), x);
    }
  },
  UNPOOL_OTHER_CHANNELS_AS_SIZE {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      Pooled<T> pooled = ops.maxPoolWithIndices(x, Pool.HALVE);
      T like = ops.conv(x, Conv.pointwise(At.A, 3, 8));
      return ops.maxUnpool(pooled.values(), pooled.indices(), like);
    }
  },
  CONV_OF_GLOBAL_AVERAGE {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      return norm(ops, ops.conv(ops.globalAvgPool(x), Conv.pointwise(At.A, 3, 5)), 5);
    }
  },
  BILINEAR_FROM_ONE_PIXEL {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      return ops.resize(ops.globalAvgPool(x), x, Interpolation.BILINEAR);
    }
  },
  ALIGNED_TO_ONE_PIXEL {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      return ops.resize(x, ops.globalAvgPool(x), Interpolation.BILINEAR_ALIGNED);
    }
  },
  RESIZED_JOINED_MIXED_NORMALISED {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      T a = ops.conv(x, Conv.square(At.A, 3, 6, 3).strided(2));
      T b = ops.maxPool(x, new Pool(3, 2, 1, false));
      T joined =
          ops.concat(
              List.of(
                  ops.resize(a, x, Interpolation.BILINEAR),
                  ops.resize(b, x, Interpolation.BILINEAR)));
      return norm(ops, ops.conv(joined, Conv.pointwise(At.B, 9, 4)), 4);
    }
  },
  CONCAT_OF_3 {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      T wide = ops.conv(x, Conv.pointwise(At.A, 3, 5));
      return ops.concat(List.of(wide, x, ops.sigmoid(x)));
    }
  },
  ADD {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      return ops.add(x, ops.sigmoid(x));
    }
  },
  ADD_TO_ITSELF {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      T y = ops.sigmoid(x);
      // The second sum shows whether the first one wrote into its input.
      return ops.add(ops.add(y, y), y);
    }
  },
  GATE_BY_CHANNEL {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      return ops.add(x, ops.mul(x, ops.sigmoid(ops.globalAvgPool(x))));
    }
  },
  GATE_BY_PIXEL {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      return ops.mul(x, ops.sigmoid(x));
    }
  },
  INPUTS_STAY_AS_THEY_ARE {
    @Override
    public <T> T logits(Ops<T> ops, T x) {
      T y = ops.conv(x, Conv.pointwise(At.A, 3, 4));
      T all =
          ops.concat(
              List.of(
                  ops.relu(y),
                  ops.clip(y, -1, 1),
                  ops.prelu(y, Prelu.scalar(At.B)),
                  ops.sigmoid(y),
                  norm(ops, y, 4)));
      return ops.concat(List.of(all, y));
    }
  };

  private static final class At {
    static final Name A = new Name("a");
    static final Name B = new Name("b");
    static final Name NORM = new Name("norm");
  }

  private static <T> T norm(Ops<T> ops, T x, int channels) {
    return ops.batchNorm(x, new BatchNorm(At.NORM, channels, 1e-3, 0.1));
  }
}
