package org.efrnet.checkpoint;

import java.util.List;
import java.util.Optional;
import org.efrnet.images.Normalization;

/**
 * A public collection of code whose networks have here the parameters that they have there, by the
 * same names, and what a checkpoint does not say of it: what becomes of a picture before it is
 * looked at, and what the channels of the logits mean.
 */
public enum CodeBase {
  /** {@code wutianyiRosun/CGNet}, the authors' own: bytes less their mean, by data set. */
  CGNET("wutianyiRosun/CGNet") {
    @Override
    public Conventions conventions(int classes) {
      return classes == 19
          ? new Conventions(
              Optional.of("cityscapes-19"), List.of(), less(73.158, 82.909, 72.392), 1024)
          : new Conventions(
              labels(classes), List.of(), less(105.65775299, 103.32983398, 99.62540436), 360);
    }
  },
  /** {@code davidtvs/PyTorch-ENet}, whose classes include the unlabelled pixels'. */
  DAVIDTVS("davidtvs/PyTorch-ENet") {
    @Override
    public Conventions conventions(int classes) {
      return switch (classes) {
        case 12 -> new Conventions(Optional.of("camvid-11"), List.of(11), UNIT, 360);
        case 20 -> new Conventions(Optional.of("cityscapes-19"), List.of(0), UNIT, 512);
        default -> new Conventions(labels(classes), List.of(), UNIT, height(classes, 512));
      };
    }
  },
  /** {@code Eromera/erfnet_pytorch}, the authors' own; its last class is void. */
  ERFNET("Eromera/erfnet_pytorch") {
    @Override
    public Conventions conventions(int classes) {
      return classes == 20
          ? new Conventions(Optional.of("cityscapes-19"), List.of(19), UNIT, 512)
          : new Conventions(labels(classes), List.of(), UNIT, height(classes, 512));
    }
  },
  /** This project, and all that normalises by ImageNet's mean and deviation. */
  IMAGENET("ImageNet's mean and deviation") {
    @Override
    public Conventions conventions(int classes) {
      return new Conventions(
          labels(classes), List.of(), Normalization.IMAGENET, height(classes, 1024));
    }
  };

  private static final Normalization UNIT = new Normalization(new float[3], new float[] {1, 1, 1});

  private final String source;

  CodeBase(String source) {
    this.source = source;
  }

  /**
   * What goes with a checkpoint.
   *
   * @param labels name of the class table, where the number of classes tells it
   * @param unscored channels of the logits that are no class
   * @param normalization of pictures
   * @param height rows of the pictures that it was judged on
   */
  public record Conventions(
      Optional<String> labels, List<Integer> unscored, Normalization normalization, int height) {}

  /** What holds for its checkpoints of so many channels. */
  public abstract Conventions conventions(int classes);

  /** Whose network that is; {@link #IMAGENET} where nobody's. */
  public static CodeBase of(String network) {
    return switch (network) {
      case "cgnet" -> CGNET;
      case "enet-davidtvs", "enet-davidtvs-2018" -> DAVIDTVS;
      case "erfnet", "erfnet+encoder-head" -> ERFNET;
      default -> IMAGENET;
    };
  }

  /** Whose it is, for people. */
  public String source() {
    return source;
  }

  /** Values 0..255 less a mean: the same as (v/255 - mean/255) / (1/255). */
  private static Normalization less(double red, double green, double blue) {
    float unit = (float) (1 / 255.0);
    return new Normalization(
        new float[] {(float) (red / 255), (float) (green / 255), (float) (blue / 255)},
        new float[] {unit, unit, unit});
  }

  private static Optional<String> labels(int classes) {
    return switch (classes) {
      case 11 -> Optional.of("camvid-11");
      case 19 -> Optional.of("cityscapes-19");
      default -> Optional.empty();
    };
  }

  private static int height(int classes, int ofCityscapes) {
    return classes == 19 ? ofCityscapes : 360;
  }
}
