package org.efrnet.conformance;

import java.util.ArrayList;
import java.util.List;
import org.efrnet.graph.Op;
import org.efrnet.ops.BatchNorm;
import org.efrnet.ops.ChannelDropout;
import org.efrnet.ops.Conv;
import org.efrnet.ops.ConvTranspose;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Prelu;
import org.efrnet.ops.Size;

/** Networks that show one operation each, in every way in which it may be described. */
final class Operations {
  private static final Name A = new Name("a");

  private Operations() {}

  /** An operation on the image. */
  private record OnImage(Op op) implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      return op.read(ops, List.of(image)).get(0);
    }
  }

  /** An operation on the pooled image that gives the image's size. */
  private record ToImage(Op op, Pool pool) implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      return op.read(ops, List.of(ops.maxPool(image, pool), image)).get(0);
    }
  }

  /** An operation on the image that gives the pooled image's size. */
  private record FromImage(Op op, Pool pool) implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      return op.read(ops, List.of(image, ops.maxPool(image, pool))).get(0);
    }
  }

  /** All of them. */
  static List<Small> all() {
    List<Small> all = new ArrayList<>();
    convolutions().forEach(conv -> all.add(onImage(new Op.Convolve(conv))));
    for (boolean biased : new boolean[] {false, true}) {
      all.add(toImage(transposed(3, 1, biased), OVERLAPPING));
      all.add(toImage(transposed(4, 1, biased), Pool.HALVE));
      all.add(toImage(transposed(2, 0, biased), Pool.HALVE));
    }
    all.add(onImage(new Op.Normalise(new BatchNorm(A, 3, 1e-3, 0.1))));
    all.add(onImage(new Op.Activate(new Prelu(A, 1))));
    all.add(onImage(new Op.Activate(new Prelu(A, 3))));
    all.add(onImage(new Op.Clip(0, Float.POSITIVE_INFINITY)));
    all.add(onImage(new Op.Clip(-0.5f, 1.25f)));
    all.add(onImage(new Op.Sigmoid()));
    for (Pool pool :
        List.of(
            Pool.HALVE,
            new Pool(2, 2, 0, true),
            OVERLAPPING,
            new Pool(3, 2, 1, true),
            new Pool(5, 3, 2, true),
            new Pool(3, 1, 1, false))) {
      all.add(onImage(new Op.MaxPool(pool)));
      all.add(onImage(new Op.MaxPoolWithIndices(pool)));
    }
    for (Pool pool :
        List.of(Pool.HALVE, OVERLAPPING, new Pool(5, 3, 2, false), new Pool(5, 1, 2, false))) {
      all.add(onImage(new Op.AvgPool(pool)));
    }
    all.add(onImage(new Op.GlobalAvgPool()));
    for (int bins : new int[] {1, 2, 3, 6, 20}) {
      all.add(onImage(new Op.GridPool(bins)));
    }
    all.add(onImage(new Op.PadChannels(8)));
    all.add(onImage(new Op.PadChannels(3)));
    for (Interpolation interpolation : Interpolation.values()) {
      Op resize = new Op.Resize(interpolation);
      for (Pool pool : List.of(OVERLAPPING, new Pool(5, 5, 2, false))) {
        all.add(toImage(resize, pool));
        all.add(new Small("down by " + resize + " " + pool, new FromImage(resize, pool)));
      }
      for (int factor : new int[] {1, 2, 4}) {
        all.add(onImage(new Op.Shrink(factor, interpolation)));
      }
    }
    all.add(onImage(new Op.Dropout(new ChannelDropout(0.9))));
    all.add(onImage(new Op.Stage(A)));
    for (Composed composed : Composed.values()) {
      all.add(new Small(composed.name(), composed));
    }
    return all;
  }

  private static final Pool OVERLAPPING = new Pool(3, 2, 1, false);

  private static Small onImage(Op op) {
    return new Small(op.toString(), new OnImage(op));
  }

  private static Small toImage(Op op, Pool pool) {
    return new Small(op + " behind " + pool, new ToImage(op, pool));
  }

  private static Op transposed(int kernel, int padding, boolean bias) {
    return new Op.ConvolveTransposed(new ConvTranspose(A, 3, 5, kernel, 2, padding, bias));
  }

  private static List<Conv> convolutions() {
    Size one = Size.square(1);
    Size none = Size.square(0);
    return List.of(
        Conv.square(A, 3, 5, 3),
        Conv.square(A, 3, 5, 3).biased(),
        Conv.square(A, 3, 13, 3).strided(2),
        new Conv(A, 3, 4, Size.square(2), 2, none, one, 1, false),
        Conv.square(A, 3, 4, 3).dilated(4),
        // Wider than the image: all but the middle tap read padding.
        Conv.square(A, 3, 4, 3).dilated(20),
        Conv.vertical(A, 3, 5, 1),
        Conv.horizontal(A, 3, 5, 1),
        Conv.vertical(A, 3, 3, 4),
        Conv.horizontal(A, 3, 3, 4),
        new Conv(A, 3, 4, new Size(2, 3), 2, new Size(1, 0), new Size(3, 2), 1, true),
        new Conv(A, 3, 3, Size.square(3), 1, one, one, 3, false),
        new Conv(A, 3, 6, Size.square(3), 2, one, one, 3, true),
        Conv.pointwise(A, 3, 7),
        Conv.pointwise(A, 3, 7).biased(),
        Conv.pointwise(A, 3, 7).strided(2));
  }
}
