package org.efrnet.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Locale;
import org.efrnet.conformance.RandomModels;
import org.efrnet.conformance.Small;
import org.efrnet.conformance.SmallNetworks;
import org.efrnet.networks.EfrNet;
import org.efrnet.networks.Networks;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.readings.Cost;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.readings.Reference;
import org.efrnet.readings.Shape;
import org.efrnet.weights.FloatTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every pass leaves the function as it is, and does what it is there for. */
class PassesTest {
  private static final List<List<Pass>> ALL =
      List.of(
          List.of(new ResizeAfterPointwise()),
          List.of(new FoldBatchNorm()),
          List.of(new ApplyToParts()),
          List.of(new DropIdentities(), new FuseElementwise()),
          Passes.inference(),
          Passes.fusing());

  private static final Name A = new Name("a");
  private static final Name B = new Name("b");
  private static final Name C = new Name("c");

  static List<String> networks() {
    return Networks.names();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void networksComputeTheSame(String name) {
    Network network = SmallNetworks.of(name, 3);
    Model model = RandomModels.of(network, 7);
    boolean free = network.sizeMultiple() == 1;
    FloatTensor image = RandomModels.image(1, 3, free ? 19 : 16, free ? 29 : 24, 8);
    FloatTensor expected = Reference.logits(model, image);
    for (List<Pass> passes : ALL) {
      assertSame(Reference.logits(Passes.apply(passes, model), image), expected);
    }
  }

  private static void assertSame(FloatTensor actual, FloatTensor expected) {
    float largest = 0;
    for (float value : expected.values()) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).isPositive();
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.values()).containsExactly(expected.values(), within(1e-5f * largest));
  }

  @Test
  void efrNetGetsCheaper() {
    Model model = RandomModels.of(EfrNet.of(19), 1);
    assertThat(convGmac(model)).isEqualTo("2.906");
    assertThat(convGmac(Passes.apply(Passes.training(), model))).isEqualTo("2.685");
    assertThat(Passes.apply(Passes.training(), model).weights()).isEqualTo(model.weights());
    assertThat(convGmac(Passes.apply(Passes.inference(), model))).isEqualTo("2.574");
    Model used = Passes.apply(Passes.inference(), model);
    // The stem's batch norm stands behind a concatenation and stays.
    assertThat(used.graph().nodes().stream().filter(n -> n.op() instanceof Op.Normalise))
        .singleElement()
        .satisfies(n -> assertThat(((Op.Normalise) n.op()).norm().at()).hasToString("b0.bn.1"));
    assertThat(used.weights().names())
        .containsExactlyInAnyOrderElementsOf(
            Parameters.of(used.graph()).stream().map(Parameter::name).toList());
  }

  private static String convGmac(Model model) {
    Cost cost = Cost.of(model.graph(), Shape.image(1, 360, 640));
    return String.format(Locale.ROOT, "%.3f", cost.convGmac());
  }

  /** Applies all combinations of passes and checks that a graph computes what it did. */
  private static void assertKept(Small.Body body) {
    Model model = RandomModels.of(new Small("small", body), 3);
    FloatTensor image = RandomModels.image(2, 3, 7, 10, 4);
    FloatTensor expected = Reference.logits(model, image);
    for (List<Pass> passes : ALL) {
      assertSame(Reference.logits(Passes.apply(passes, model), image), expected);
    }
  }

  private static long count(Small.Body body, Pass pass, Class<? extends Op> kind) {
    Model model = pass.apply(RandomModels.of(new Small("small", body), 3));
    return model.graph().nodes().stream().filter(n -> kind.isInstance(n.op())).count();
  }

  /** Two halved images, resized back, joined and mixed; the second by another way of halving. */
  private record Joined(Pool first, Pool second, Interpolation other, boolean usedElsewhere)
      implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T a = ops.resize(ops.maxPool(image, first), image, Interpolation.BILINEAR);
      T b = ops.resize(ops.maxPool(image, second), image, other);
      T mixed = ops.conv(ops.concat(List.of(a, b)), Conv.pointwise(A, 6, 3));
      return usedElsewhere ? ops.add(mixed, a) : mixed;
    }
  }

  @Test
  void resizesAreMovedOnlyWhereThatIsTheSame() {
    Pool wide = new Pool(4, 2, 1, false);
    Pool ceil = new Pool(2, 2, 0, true);
    Interpolation bilinear = Interpolation.BILINEAR;
    Small.Body equalSizes = new Joined(Pool.HALVE, wide, bilinear, false);
    Small.Body otherSizes = new Joined(Pool.HALVE, ceil, bilinear, false);
    Small.Body otherKinds = new Joined(Pool.HALVE, wide, Interpolation.NEAREST, false);
    Small.Body usedElsewhere = new Joined(Pool.HALVE, wide, bilinear, true);
    Pass pass = new ResizeAfterPointwise();
    assertThat(count(equalSizes, pass, Op.Resize.class)).isEqualTo(1);
    for (Small.Body kept : List.of(otherSizes, otherKinds, usedElsewhere)) {
      assertThat(count(kept, pass, Op.Resize.class)).isEqualTo(2);
    }
    for (Small.Body body : List.of(equalSizes, otherSizes, otherKinds, usedElsewhere)) {
      assertKept(body);
    }
  }

  /** What is normalised, and how that may fail to fold. */
  private enum Folded implements Small.Body {
    CONV(0) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        return norm(ops, ops.conv(x, Conv.square(A, 3, 3, 3).strided(2).biased()));
      }
    },
    TRANSPOSED(0) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        T small = ops.maxPool(x, new Pool(2, 2, 0, true));
        return norm(ops, ops.convTranspose(small, new ConvTranspose(A, 3, 3, 3, 2, 1, false), x));
      }
    },
    BEHIND_RESIZES(0) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        T y = ops.conv(x, Conv.square(A, 3, 3, 3));
        y = ops.resize(y, ops.maxPool(x, Pool.HALVE), Interpolation.BILINEAR);
        return norm(ops, ops.resize(y, x, Interpolation.NEAREST));
      }
    },
    OUTPUT_USED_TWICE(1) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        T y = ops.conv(x, Conv.square(A, 3, 3, 3));
        return ops.add(y, norm(ops, y));
      }
    },
    CONV_SHARED(1) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        Conv conv = Conv.square(A, 3, 3, 3);
        return norm(ops, ops.conv(ops.conv(x, conv), conv));
      }
    },
    NORM_SHARED_AND_FOLDED_ONCE(1) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        return norm(ops, ops.conv(norm(ops, x), Conv.square(A, 3, 3, 3)));
      }
    },
    BEHIND_CONCAT(1) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        return norm(ops, ops.concat(List.of(ops.conv(x, Conv.pointwise(A, 3, 2)), first(ops, x))));
      }

      private <T> T first(Ops<T> ops, T x) {
        return ops.conv(x, Conv.pointwise(new Name("first"), 3, 1));
      }
    };

    private final int left;

    Folded(int left) {
      this.left = left;
    }

    static <T> T norm(Ops<T> ops, T x) {
      return ops.batchNorm(x, new BatchNorm(B, 3, 1e-3, 0.1));
    }
  }

  @Test
  void batchNormsFoldOnlyWhereThatIsTheSame() {
    for (Folded body : Folded.values()) {
      assertThat(count(body, new FoldBatchNorm(), Op.Normalise.class))
          .as(body.name())
          .isEqualTo(body.left);
      assertKept(body);
    }
  }

  /** Two 1x1 convolutions, joined and mixed, and how that may fail to fold. */
  private enum Expanded implements Small.Body {
    FOLDS(1) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        return mixed(ops, ops.conv(x, WIDE.biased()), ops.conv(x, OTHER), 9);
      }
    },
    THE_INNER_OF_TWO_FOLDS(3) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        Name outer = new Name("outer");
        Conv mix = Conv.pointwise(A, 9, 9);
        T inner = ops.conv(ops.concat(List.of(ops.conv(x, WIDE), ops.conv(x, OTHER))), mix);
        T beside = ops.conv(x, Conv.pointwise(outer.in("beside"), 3, 5));
        return ops.conv(ops.concat(List.of(inner, beside)), Conv.pointwise(outer, 14, 2));
      }
    },
    NARROWS(3) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        return mixed(ops, ops.conv(x, WIDE), ops.conv(x, Conv.pointwise(C, 3, 2)), 7);
      }
    },
    NOT_POINTWISE(3) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        return mixed(ops, ops.conv(x, WIDE), ops.conv(x, Conv.square(C, 3, 4, 3)), 9);
      }
    },
    SHARED(3) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        return mixed(ops, ops.conv(x, WIDE), ops.conv(ops.sigmoid(x), WIDE), 10);
      }
    },
    USED_ELSEWHERE(3) {
      @Override
      public <T> T logits(Ops<T> ops, T x) {
        T a = ops.conv(x, WIDE);
        return ops.concat(List.of(a, mixed(ops, a, ops.conv(x, OTHER), 9)));
      }
    };

    private static final Conv WIDE = Conv.pointwise(B, 3, 5);
    private static final Conv OTHER = Conv.pointwise(C, 3, 4);
    private final int convolutions;

    Expanded(int convolutions) {
      this.convolutions = convolutions;
    }

    static <T> T mixed(Ops<T> ops, T a, T b, int channels) {
      return ops.conv(ops.concat(List.of(a, b)), Conv.pointwise(A, channels, 2));
    }
  }

  @Test
  void expansionsFoldOnlyWhereThatIsCheaperAndTheSame() {
    for (Expanded body : Expanded.values()) {
      assertThat(count(body, new FoldExpansion(), Op.Convolve.class))
          .as(body.name())
          .isEqualTo(body.convolutions);
      assertKept(body);
    }
  }

  @Test
  void onlyWhatIsExactIsDoneForTraining() {
    assertThat(Passes.training()).isNotEmpty().allMatch(Pass::exactInTraining);
  }
}
