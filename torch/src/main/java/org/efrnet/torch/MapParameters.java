package org.efrnet.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.readings.Parameter;

/**
 * All that gradients change once more, as maps want it: in their type, and weights with their
 * channels beside each other where a card has maps so. It is made for a whole step in one go, and
 * its gradients go back in one go: a conversion at each use would be hundreds of small operations,
 * each of which takes a card longer to start than to do.
 *
 * <p>Owned by its creator, who closes it. Not thread-safe.
 */
final class MapParameters implements AutoCloseable {
  /** Parameters begin at multiples of it: at 16 bytes and more a card's fast kernels read. */
  private static final int ALIGNMENT = 32;

  private final PointerScope memory = new PointerScope();
  private final Map<String, Tensor> views = new LinkedHashMap<>();
  private final Tensor there;
  private final Tensor back;
  private final Tensor values;
  private final Tensor gradients;

  /**
   * @param trained the vector that this follows, as {@link ParameterLayout} says
   * @param channelsLast whether weights lie as channels-last maps do
   */
  MapParameters(ParameterLayout layout, Tensor trained, Execution execution, boolean channelsLast) {
    boolean complete = false;
    try {
      List<Parameter> parameters =
          layout.parameters().stream().filter(p -> p.kind().trained()).toList();
      int size = parameters.stream().mapToInt(MapParameters::room).sum();
      // What stands in the gaps is never looked at.
      long[] places = new long[size];
      long[] returns = new long[layout.trainedCount()];
      values = trained.to(execution.mapType()).new_zeros(size);
      gradients = torch.zeros_like(values);
      int at = 0;
      for (Parameter p : parameters) {
        boolean inner = channelsLast && execution.laysOut(p);
        order(p, layout.place(p.name()), at, inner, places, returns);
        Tensor view = view(values, at, p, inner).detach();
        view.set_requires_grad(true);
        view.mutable_grad().put(view(gradients, at, p, inner));
        views.put(p.name(), view);
        at += room(p);
      }
      there = index(places, execution);
      back = index(returns, execution);
      complete = true;
    } finally {
      if (complete) {
        memory.extend();
      }
      memory.close();
    }
  }

  private static Tensor index(long[] places, Execution execution) {
    return execution.upload(AbstractTensor.create(places, places.length), ScalarType.Long).clone();
  }

  private static int room(Parameter p) {
    return (p.count() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Where each value of a parameter comes from, and where its gradient goes to. */
  private static void order(
      Parameter p, int source, int target, boolean inner, long[] places, long[] returns) {
    int channels = inner ? p.shape()[1] : 1;
    int pixels = inner ? p.shape()[2] * p.shape()[3] : p.count();
    int outer = p.count() / (channels * pixels);
    for (int o = 0; o < outer; o++) {
      for (int c = 0; c < channels; c++) {
        for (int i = 0; i < pixels; i++) {
          int from = source + (o * channels + c) * pixels + i;
          int to = target + (o * pixels + i) * channels + c;
          places[to] = from;
          returns[from] = to;
        }
      }
    }
  }

  private static Tensor view(Tensor flat, long at, Parameter p, boolean inner) {
    if (!inner) {
      return ParameterStore.view(flat, at, p);
    }
    int[] shape = p.shape();
    return flat.narrow(0, at, p.count())
        .view(shape[0], shape[2], shape[3], shape[1])
        .permute(0, 3, 1, 2);
  }

  /** The parameter of that name; owned by this. */
  Tensor get(String name) {
    return views.get(name);
  }

  /** Takes the values over as they are now, and forgets all gradients. */
  void follow(Tensor trained) {
    values.copy_(trained.index_select(0, there));
    gradients.zero_();
  }

  /** Adds the gradients that came in since. */
  void addGradientsTo(Tensor sum) {
    sum.add_(gradients.index_select(0, back));
  }

  @Override
  public void close() {
    memory.close();
  }
}
