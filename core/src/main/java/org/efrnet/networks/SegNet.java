package org.efrnet.networks;

import java.util.ArrayList;
import java.util.List;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;

/**
 * SegNet: "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation", 2017.
 * The encoder is VGG16's 13 convolutions with batch norm; the decoder mirrors it, every stage
 * behind an unpooling to the places of that stage's maxima. Convolutions have biases.
 *
 * <p>The authors' Caffe pools with rounding up: no row is dropped, and at 480x360 the fourth stage
 * has 23 rows, not 22. Batch norm's epsilon is PyTorch's 1e-5.
 *
 * @param name how people call this configuration
 * @param classes classes told apart
 * @param width channels of the first stage, of which the others have 2, 4, 8 and 8 times as many
 * @param roundingUp whether half of an odd side is rounded up; collections in PyTorch round down,
 *     and published counts of operations do
 */
public record SegNet(String name, int classes, int width, boolean roundingUp) implements Network {
  /** A row of VGG16's table: {@code convolutions} 3x3 of {@code channels} each. */
  private record Stage(int number, int convolutions, int channels) {
    /** The name by which code bases know a layer: {@code conv43}, in the decoder conv43d. */
    Name layer(String kind, int convolution, String suffix) {
      return new Name(kind + number + convolution + suffix);
    }
  }

  /** SegNet as its authors have it. */
  public static SegNet of(int classes) {
    return new SegNet("segnet", classes, 64, true);
  }

  /** The form that published counts are of. */
  public static SegNet roundingDown(int classes) {
    return new SegNet("segnet-rounding-down", classes, 64, false);
  }

  @Override
  public <T> Heads<T> heads(Ops<T> ops, T image) {
    List<Stage> stages =
        List.of(
            new Stage(1, 2, width),
            new Stage(2, 2, 2 * width),
            new Stage(3, 3, 4 * width),
            new Stage(4, 3, 8 * width),
            new Stage(5, 3, 8 * width));
    List<Pooled<T>> poolings = new ArrayList<>();
    List<T> sources = new ArrayList<>();
    T x = image;
    int channels = 3;
    for (Stage stage : stages) {
      for (int i = 1; i <= stage.convolutions; i++) {
        x = unit(ops, x, stage, i, "", channels, stage.channels);
        channels = stage.channels;
      }
      Pooled<T> pooled = ops.maxPoolWithIndices(x, new Pool(2, 2, 0, roundingUp));
      sources.add(x);
      poolings.add(pooled);
      x = ops.stage(new Name("encoder" + stage.number), pooled.values());
    }
    for (int s = stages.size() - 1; s >= 0; s--) {
      Stage stage = stages.get(s);
      x = ops.maxUnpool(x, poolings.get(s).indices(), sources.get(s));
      // The last convolution of a stage narrows to what the next unpooling's indices have; stage
      // 1's is the classifier.
      for (int i = stage.convolutions; i > 1; i--) {
        x = unit(ops, x, stage, i, "d", stage.channels, stage.channels);
      }
      if (s > 0) {
        x = unit(ops, x, stage, 1, "d", stage.channels, stages.get(s - 1).channels);
      }
      x = ops.stage(new Name("decoder" + stage.number), x);
    }
    Name cls = stages.get(0).layer("conv", 1, "d");
    T logits = ops.conv(x, Conv.square(cls, width, classes, 3).biased());
    return Heads.of(ops.stage(cls, logits));
  }

  /** Convolution, normalisation, ReLU. */
  private static <T> T unit(Ops<T> ops, T x, Stage stage, int i, String suffix, int in, int out) {
    T y = ops.conv(x, Conv.square(stage.layer("conv", i, suffix), in, out, 3).biased());
    return ops.relu(ops.batchNorm(y, new BatchNorm(stage.layer("bn", i, suffix), out, 1e-5, 0.1)));
  }
}
