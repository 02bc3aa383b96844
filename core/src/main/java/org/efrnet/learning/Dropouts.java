package org.efrnet.learning;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Node;
import org.efrnet.graph.Op;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;

/**
 * Which channels a training step drops, decided by our own generator and in one order for all
 * engines, so that a resumed run drops the same.
 *
 * @param places the dropouts of a graph, in the order in which a replay meets them
 */
public record Dropouts(List<Place> places) {
  /**
   * What a gate multiplies.
   *
   * @param rate share of channels that become 0, the others growing by 1 / (1 - rate)
   */
  public record Place(int channels, double rate) {}

  public Dropouts {
    places = List.copyOf(places);
  }

  /** The dropouts that any output of a graph depends on, those that never drop left out. */
  public static Dropouts of(Graph graph) {
    // The number of channels does not depend on the picture's size.
    List<List<Shape>> shapes = graph.values(new Shapes(), Shape.image(1, 64, 64));
    boolean[] needed = graph.needed(graph.outputs().keySet());
    List<Place> places = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (needed[node.id()]
          && node.op() instanceof Op.Dropout dropout
          && dropout.dropout().rate() > 0) {
        places.add(new Place(shapes.get(node.id()).get(0).channels(), dropout.dropout().rate()));
      }
    }
    return new Dropouts(places);
  }

  /** Channels of all places. */
  public int channels() {
    return places.stream().mapToInt(Place::channels).sum();
  }

  /**
   * The gates of some of a step's pictures, drawn for all of them: they do not depend on how many
   * processes share the pictures.
   *
   * @param first the first picture
   * @param n pictures from there on
   * @param of pictures of the step
   * @return place after place, (n, channels) each; 0 or 1 / (1 - rate)
   */
  public float[] draw(int first, int n, int of, RandomGenerator random) {
    float[] all = draw(of, random);
    if (n == of) {
      return all;
    }
    float[] part = new float[n * channels()];
    int from = 0;
    int to = 0;
    for (Place place : places) {
      System.arraycopy(all, from + first * place.channels, part, to, n * place.channels);
      from += of * place.channels;
      to += n * place.channels;
    }
    return part;
  }

  /** The gates of n pictures: place after place, (n, channels) each; 0 or 1 / (1 - rate). */
  public float[] draw(int n, RandomGenerator random) {
    float[] values = new float[n * channels()];
    int at = 0;
    for (Place place : places) {
      float kept = (float) (1 / (1 - place.rate));
      for (int i = 0; i < n * place.channels; i++) {
        values[at++] = random.nextDouble() < place.rate ? 0 : kept;
      }
    }
    return values;
  }
}
