package org.efrnet.torch;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.random.RandomGenerator;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Node;
import org.efrnet.graph.Op;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;

/**
 * Which channels one training step drops, decided by our own generator, not libtorch's, so that a
 * resumed run drops the same. All gates of a step go to the device in one piece: a small copy for
 * each operation would make a GPU wait for the host some twenty times a step.
 */
final class DropoutGates {
  /**
   * What a gate multiplies.
   *
   * @param rate share of channels that become 0, the others growing by 1 / (1 - rate)
   */
  private record Place(int channels, double rate) {}

  private final Tensor gates;
  private final Iterator<Place> places;
  private long taken;

  /** Draws the gates of a batch; the tensor belongs to the caller's pointer scope. */
  DropoutGates(Layout layout, int n, RandomGenerator random, Execution execution) {
    places = layout.places.iterator();
    float[] values = new float[n * layout.channels];
    int at = 0;
    for (Place place : layout.places) {
      float kept = (float) (1 / (1 - place.rate));
      for (int i = 0; i < n * place.channels; i++) {
        values[at++] = random.nextDouble() < place.rate ? 0 : kept;
      }
    }
    gates =
        execution.upload(
            AbstractTensor.create(values, values.length), execution.precision().maps());
  }

  /** The next dropout's gate in the graph's order, (n, channels, 1, 1). */
  Tensor next(long n, long channels) {
    Place place = places.next();
    if (place.channels != channels) {
      throw new IllegalStateException(
          "the dropout of " + place + " was drawn, one of " + channels + " channels is met");
    }
    Tensor gate = gates.narrow(0, taken, n * channels).view(n, channels, 1, 1);
    taken += n * channels;
    return gate;
  }

  /** The dropouts of a graph, in the order in which a replay meets them. */
  static final class Layout {
    private final List<Place> places = new ArrayList<>();
    private final int channels;

    Layout(Graph graph) {
      // The number of channels does not depend on the picture's size.
      List<List<Shape>> shapes = graph.values(new Shapes(), Shape.image(1, 64, 64));
      boolean[] needed = graph.needed(graph.outputs().keySet());
      int sum = 0;
      for (Node node : graph.nodes()) {
        if (needed[node.id()]
            && node.op() instanceof Op.Dropout dropout
            && dropout.dropout().rate() > 0) {
          Place place =
              new Place(shapes.get(node.id()).get(0).channels(), dropout.dropout().rate());
          places.add(place);
          sum += place.channels;
        }
      }
      channels = sum;
    }
  }
}
