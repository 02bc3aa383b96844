package org.efrnet.torch;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.learning.ParameterLayout;
import org.efrnet.readings.Parameter;
import org.efrnet.weights.Weights;

/**
 * The parameters of a network in native memory. All that gradients change stands in one flat
 * vector, its gradients in another, running statistics in a third; named tensors are views of them.
 * An optimiser then is a handful of operations on whole vectors, a checkpoint three copies.
 *
 * <p>Owned by its creator, who closes it. Not thread-safe.
 */
final class ParameterStore implements AutoCloseable {
  static {
    // Where parameters are, convolutions will be. On processors that NNPACK does not know, libtorch
    // says so at every one of a small map that it would have given to it: thousands of lines. It
    // computes them itself then.
    torch.globalContext().setUserEnabledNNPACK(false);
  }

  private final ParameterLayout layout;
  private final Map<String, Tensor> views = new LinkedHashMap<>();
  private final PointerScope memory = new PointerScope();
  private final Execution execution;
  private final Tensor trained;
  private final Tensor gradients;
  private final Tensor statistics;
  private final Optional<MapParameters> maps;

  /**
   * @param learns whether gradients will be wanted
   * @throws IllegalArgumentException if a parameter has another shape in the weights
   * @throws java.util.NoSuchElementException if it is missing there
   */
  ParameterStore(ParameterLayout layout, Weights weights, Execution execution, boolean learns) {
    this.layout = layout;
    this.execution = execution;
    boolean complete = false;
    try {
      trained = upload(layout.trained(weights));
      statistics = upload(layout.statistics(weights));
      gradients = learns ? torch.zeros_like(trained) : trained;
      for (Parameter p : layout.parameters()) {
        boolean isTrained = p.kind().trained();
        int at = layout.place(p.name());
        Tensor view = view(isTrained ? trained : statistics, at, p).detach();
        if (learns && isTrained) {
          view.set_requires_grad(true);
          // Autograd adds into a gradient that exists: the views keep all gradients in one vector.
          view.mutable_grad().put(view(gradients, at, p));
        }
        // Whoever learns keeps 32 bits and converts at each step; whoever does not converts once.
        views.put(p.name(), learns ? view : converted(view, p));
      }
      // On the host libtorch's kernels are wrong for CGNet's weights in that layout.
      maps =
          learns
              ? Optional.of(new MapParameters(layout, trained, execution, !execution.onHost()))
              : Optional.empty();
      complete = true;
    } finally {
      if (complete) {
        memory.extend();
      }
      memory.close();
    }
  }

  Tensor upload(float[] values) {
    return execution.upload(values, execution.parameterType(), values.length);
  }

  static Tensor view(Tensor flat, long at, Parameter p) {
    long[] shape = new long[p.shape().length];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = p.shape()[i];
    }
    return flat.narrow(0, at, p.count()).view(shape);
  }

  /** A parameter in the type and the layout of the maps that it meets. */
  private Tensor converted(Tensor parameter, Parameter p) {
    Tensor typed = parameter.to(execution.mapType());
    return execution.laysOut(p)
        ? typed.clone(new MemoryFormatOptional(MemoryFormat.ChannelsLast))
        : typed;
  }

  /** The parameter of that name; owned by the store. */
  Tensor get(String name) {
    Tensor view = views.get(name);
    if (view == null) {
      throw new IllegalArgumentException("no parameter " + name + " in this network");
    }
    return view;
  }

  /** The parameter of that name in the type of the maps that it meets; owned by the store. */
  Tensor inMaps(String name) {
    return maps.isPresent() ? maps.get().get(name) : get(name);
  }

  /** The parameter of that name in its own type, whatever that of the maps; owned by the store. */
  Tensor exact(String name) {
    return execution.mapType() == execution.parameterType() ? inMaps(name) : get(name);
  }

  /** Before a step: forgets the gradients. */
  void beginStep() {
    gradients.zero_();
    maps.ifPresent(m -> m.follow(trained));
  }

  /** After a step's backward pass: {@link #gradients} are whole now. */
  void gatherGradients() {
    maps.ifPresent(m -> m.addGradientsTo(gradients));
  }

  ParameterLayout layout() {
    return layout;
  }

  /** All that gradients change, as {@link ParameterLayout} says. */
  Tensor trained() {
    return trained;
  }

  /** Their gradients. */
  Tensor gradients() {
    return gradients;
  }

  /** All running statistics, as {@link ParameterLayout} says. */
  Tensor statistics() {
    return statistics;
  }

  /** A copy as weights, from vectors laid out like {@link #trained} and {@link #statistics}. */
  Weights weights(Tensor trainedVector, Tensor statisticsVector) {
    return layout.weights(download(trainedVector), download(statisticsVector));
  }

  /** A copy of a tensor's values in row-major order, rounded to 32 bits. */
  static float[] download(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      Tensor here = tensor.detach().to(new Device("cpu"), ScalarType.Float).contiguous();
      float[] values = new float[Math.toIntExact(here.numel())];
      new FloatPointer(here.data_ptr()).get(values);
      return values;
    }
  }

  /** As {@link #download}, in 64 bits. */
  static double[] downloadDoubles(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      Tensor here = tensor.detach().to(new Device("cpu"), ScalarType.Double).contiguous();
      double[] values = new double[Math.toIntExact(here.numel())];
      new DoublePointer(here.data_ptr()).get(values);
      return values;
    }
  }

  @Override
  public void close() {
    maps.ifPresent(MapParameters::close);
    memory.close();
  }
}
