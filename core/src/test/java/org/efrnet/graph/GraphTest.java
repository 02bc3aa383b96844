package org.efrnet.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.efrnet.conformance.Small;
import org.efrnet.networks.Networks;
import org.efrnet.ops.Auxiliary;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Heads;
import org.efrnet.ops.Name;
import org.efrnet.ops.Network;
import org.efrnet.ops.Ops;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.junit.jupiter.api.Test;

class GraphTest {
  private static final Name A = new Name("a");
  private static final Name B = new Name("b");
  private static final Name C = new Name("c");
  private static final Shape IMAGE = Shape.image(1, 4, 4);

  /** A head, an auxiliary head on the way to it, and a convolution that nothing needs. */
  private record TwoHeads() implements Network {
    @Override
    public String name() {
      return "two heads";
    }

    @Override
    public int classes() {
      return 2;
    }

    @Override
    public <T> Heads<T> heads(Ops<T> ops, T image) {
      T x = ops.conv(image, Conv.square(A, 3, 8, 3));
      T early = ops.conv(x, Conv.pointwise(B, 8, 2));
      ops.sigmoid(x);
      T late = ops.conv(ops.relu(x), Conv.pointwise(C, 8, 2));
      return new Heads<>(late, List.of(new Auxiliary<>("early", early, 0.4)));
    }
  }

  @Test
  void recordsInTheOrderOfTheCalls() {
    Graph graph = Graph.of(new TwoHeads());
    assertThat(graph.nodes())
        .containsExactly(
            new Node(0, new Op.Convolve(Conv.square(A, 3, 8, 3)), List.of(Value.IMAGE)),
            new Node(1, new Op.Convolve(Conv.pointwise(B, 8, 2)), List.of(new Value(0, 0))),
            new Node(2, new Op.Sigmoid(), List.of(new Value(0, 0))),
            new Node(3, new Op.Clip(0, Float.POSITIVE_INFINITY), List.of(new Value(0, 0))),
            new Node(4, new Op.Convolve(Conv.pointwise(C, 8, 2)), List.of(new Value(3, 0))));
    assertThat(graph.outputs())
        .containsExactly(
            Map.entry("logits", new Value(4, 0)), Map.entry("aux:early", new Value(1, 0)));
    assertThat(graph.auxiliaryWeights()).containsExactly(Map.entry("aux:early", 0.4));
  }

  @Test
  void replayingIntoARecorderGivesTheSameGraph() {
    for (String name : Networks.names()) {
      Network network = Networks.named(name, 5).orElseThrow();
      Graph graph = Graph.of(network);
      assertThat(graph.withoutDead().withoutDead()).isEqualTo(graph.withoutDead());
      Value logits = graph.outputs().get(Graph.LOGITS);
      List<List<Shape>> values = graph.values(new Shapes(), Shape.image(1, 32, 48));
      assertThat(values).hasSameSizeAs(graph.nodes());
      assertThat(values.get(logits.node())).isEqualTo(List.of(new Shape(1, 5, 32, 48)));
    }
  }

  @Test
  void readsOnlyWhatIsWanted() {
    Graph graph = Graph.of(new TwoHeads());
    assertThat(graph.needed(Set.of("aux:early"))).containsExactly(true, true, false, false, false);
    assertThat(graph.needed(Set.of("logits"))).containsExactly(true, false, false, true, true);
    Shape head = new Shape(1, 2, 4, 4);
    assertThat(graph.read(new Shapes(), IMAGE, Set.of("aux:early")))
        .containsExactly(Map.entry("aux:early", head));
    assertThat(graph.read(new Shapes(), IMAGE, graph.outputs().keySet()))
        .containsExactly(Map.entry("logits", head), Map.entry("aux:early", head));
    assertThat(graph.withoutDead().nodes()).extracting(Node::id).containsExactly(0, 1, 2, 3);
    assertThat(graph.withoutDead().auxiliaryWeights()).isEqualTo(graph.auxiliaryWeights());
  }

  private record Chain(int length) implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T x = image;
      for (int i = 0; i < length; i++) {
        x = ops.sigmoid(x);
      }
      return x;
    }
  }

  /** Gives a new value on every sigmoid, and counts at the last how many are still reachable. */
  private static final class Watching implements InvocationHandler {
    private final int last;
    private final List<WeakReference<Object>> given = new ArrayList<>();
    private long alive;

    Watching(int last) {
      this.last = last;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) {
      Object value = new Object();
      given.add(new WeakReference<>(value));
      if (given.size() == last) {
        // A collection need not find everything at once.
        for (int i = 0; i < 10; i++) {
          System.gc();
        }
        alive = given.stream().filter(reference -> reference.get() != null).count();
      }
      return value;
    }
  }

  @Test
  void valuesAreDroppedAfterTheirLastUse() {
    int length = 100;
    Watching watching = new Watching(length);
    @SuppressWarnings("unchecked")
    Ops<Object> ops =
        (Ops<Object>)
            Proxy.newProxyInstance(
                GraphTest.class.getClassLoader(), new Class<?>[] {Ops.class}, watching);
    Graph.of(new Small("chain", new Chain(length))).logits(ops, new Object());
    assertThat(watching.given).hasSize(length);
    // The last value and its input; some slack for what the virtual machine has not forgotten yet.
    assertThat(watching.alive).isBetween(2L, 5L);
  }

  @Test
  void anUnknownOutputIsNamed() {
    Graph graph = Graph.of(new TwoHeads());
    assertThatThrownBy(() -> graph.read(new Shapes(), IMAGE, Set.of("aux:late")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no output 'aux:late' in this graph; it has [logits, aux:early]");
  }

  @Test
  void nodesOutOfOrderAreRefused() {
    Node first = new Node(0, new Op.Sigmoid(), List.of(new Value(1, 0)));
    Node second = new Node(1, new Op.Sigmoid(), List.of(Value.IMAGE));
    assertThatThrownBy(
            () -> new Graph(List.of(first, second), Map.of("logits", new Value(1, 0)), Map.of()))
        .hasMessage("node 0 reads node 1, which is not computed before it");
    assertThatThrownBy(
            () -> new Graph(List.of(second), Map.of("logits", new Value(0, 0)), Map.of()))
        .hasMessage("node 1 stands at place 0");
    assertThatThrownBy(() -> new Graph(List.of(), Map.of("logits", new Value(0, 0)), Map.of()))
        .hasMessage("output logits is of no node");
    assertThatThrownBy(() -> new Graph(List.of(), Map.of(), Map.of()))
        .hasMessage("a graph gives 'logits', this one only []");
  }
}
