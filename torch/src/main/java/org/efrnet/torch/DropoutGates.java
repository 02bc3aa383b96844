package org.efrnet.torch;

import java.util.Iterator;
import java.util.random.RandomGenerator;
import org.bytedeco.pytorch.Tensor;
import org.efrnet.learning.Batch;
import org.efrnet.learning.Dropouts;

/**
 * The dropouts of one training step on the device. All gates go there in one piece: a small copy
 * for each operation would make a GPU wait for the host some twenty times a step.
 */
final class DropoutGates {
  private final Tensor gates;
  private final Iterator<Dropouts.Place> places;
  private long taken;

  /**
   * Draws the gates of a batch, or of a part of it; the tensor belongs to the caller's pointer
   * scope.
   */
  DropoutGates(Dropouts dropouts, Batch batch, RandomGenerator random, Execution execution) {
    places = dropouts.places().iterator();
    float[] values = dropouts.draw(batch.first(), batch.n(), batch.of(), random);
    gates = execution.upload(values, execution.mapType(), values.length);
  }

  /** The next dropout's gate in the graph's order, (n, channels, 1, 1). */
  Tensor next(long n, long channels) {
    Dropouts.Place place = places.next();
    if (place.channels() != channels) {
      throw new IllegalStateException(
          "the dropout of " + place + " was drawn, one of " + channels + " channels is met");
    }
    Tensor gate = gates.narrow(0, taken, n * channels).view(n, channels, 1, 1);
    taken += n * channels;
    return gate;
  }
}
