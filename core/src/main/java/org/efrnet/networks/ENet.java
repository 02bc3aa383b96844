package org.efrnet.networks;

import org.efrnet.networks.Blocks.Activation;
import org.efrnet.networks.Blocks.Down;
import org.efrnet.networks.Blocks.Middle;
import org.efrnet.networks.Blocks.Slopes;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;

/**
 * ENet: "ENet: A Deep Neural Network Architecture for Real-Time Semantic Segmentation", 2016, in
 * the form that the EFRNet paper's 0.36 M parameters and 1.91 GMac point to: down-sampling
 * bottlenecks with a quarter of their <em>input's</em> channels inside, no biases, one PReLU slope
 * a block, and 3x3 transposed convolutions. Its pooling is 2x2: that code's overlapping 3x3 pools
 * have the same count, but indices that collide when unpooled.
 */
public record ENet(int classes) implements Network {
  @Override
  public String name() {
    return "enet";
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    Blocks<T> b = new Blocks<>(ops, Slopes.PER_BLOCK);

    T x = ops.stage(new Name("b0"), b.initial(image, new Name("b0")));
    Down<T> down1 = b.downWithIndices(x, new Name("b1.0"), 16, 64, 0.01);
    x = down1.values();
    for (int i = 1; i <= 4; i++) {
      x = b.block(x, new Name("b1." + i), 64, Blocks.REGULAR, 0.01, Activation.PRELU);
    }
    Down<T> down2 = b.downWithIndices(x, new Name("b2.0"), 64, 128, 0.1);
    x = down2.values();
    for (String stage : new String[] {"b2", "b3"}) {
      int i = 1;
      for (Middle middle : Blocks.ENCODER_STAGE) {
        x = b.block(x, new Name(stage + "." + i++), 128, middle, 0.1, Activation.PRELU);
      }
    }
    x = b.up(x, down2, new Name("b4.0"), 128, 64, 0.1);
    x = b.block(x, new Name("b4.1"), 64, Blocks.REGULAR, 0.1, Activation.RELU);
    x = b.block(x, new Name("b4.2"), 64, Blocks.REGULAR, 0.1, Activation.RELU);
    x = b.up(x, down1, new Name("b5.0"), 64, 16, 0.1);
    x = b.block(x, new Name("b5.1"), 16, Blocks.REGULAR, 0.1, Activation.RELU);
    Name cls = new Name("cls");
    T logits = ops.convTranspose(x, new ConvTranspose(cls, 16, classes, 3, 2, 1, false), image);
    return Heads.of(ops.stage(cls, logits));
  }

  @Override
  public int sizeMultiple() {
    return 8;
  }
}
