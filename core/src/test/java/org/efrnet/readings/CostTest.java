package org.efrnet.readings;

import static org.assertj.core.api.Assertions.assertThat;

import org.efrnet.conformance.Small;
import org.efrnet.graph.Graph;
import org.efrnet.networks.EfrNet;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.junit.jupiter.api.Test;

class CostTest {
  private static final Name A = new Name("a");
  private static final Name B = new Name("b");

  private static Cost of(Small.Body body) {
    return Cost.of(Graph.of(new Small("small", body)), new Shape(1, 3, 8, 8));
  }

  private static final class Separable implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T x = ops.conv(image, Conv.vertical(A, 3, 3, 4));
      return ops.conv(x, Conv.horizontal(B, 3, 5, 1));
    }
  }

  private static final class Resized implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T small = ops.maxPool(image, Pool.HALVE);
      return ops.resize(small, image, Interpolation.BILINEAR);
    }
  }

  @Test
  void theFieldIsThatOfTheLongerSide() {
    assertThat(of(new Separable()).receptiveField()).isEqualTo(9);
    // Two pooled pixels, each of two.
    assertThat(of(new Resized()).receptiveField()).isEqualTo(4);
    Cost efrNet = Cost.of(Graph.of(EfrNet.of(19)), Shape.image(1, 360, 640));
    assertThat(efrNet.receptiveField()).isGreaterThan(360);
  }

  private static final class Identities implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T x = ops.stage(A, ops.dropout(ops.sigmoid(image), new ChannelDropout(0.1)));
      return ops.stage(B, ops.add(x, ops.sigmoid(x)));
    }
  }

  private static final class Unpooled implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      Pooled<T> pooled = ops.maxPoolWithIndices(ops.sigmoid(image), Pool.HALVE);
      return ops.maxUnpool(pooled.values(), pooled.indices(), image);
    }
  }

  @Test
  void memoryIsThatOfLiveValues() {
    long map = 4L * 3 * 8 * 8;
    // Both sigmoids and the sum; the image is free by then.
    assertThat(of(new Identities()).activationBytes()).isEqualTo(3 * map);
    // The image, and at first its sigmoid or in the end the output, with values and places.
    assertThat(of(new Unpooled()).activationBytes()).isEqualTo(2 * map + 2 * map / 4);
  }
}
