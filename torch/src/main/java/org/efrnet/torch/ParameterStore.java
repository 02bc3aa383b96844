package org.efrnet.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.readings.Parameter;
import org.efrnet.weights.FloatTensor;
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

  private final List<Parameter> parameters;
  private final Map<String, Tensor> views = new LinkedHashMap<>();
  private final PointerScope memory = new PointerScope();
  private final Execution execution;
  private final Tensor trained;
  private final Tensor gradients;
  private final Tensor statistics;

  /**
   * @param learns whether gradients will be wanted
   * @throws IllegalArgumentException if a parameter has another shape in the weights
   * @throws java.util.NoSuchElementException if it is missing there
   */
  ParameterStore(List<Parameter> parameters, Weights weights, Execution execution, boolean learns) {
    this.parameters = List.copyOf(parameters);
    this.execution = execution;
    boolean complete = false;
    try {
      trained = upload(flatten(weights, true));
      statistics = upload(flatten(weights, false));
      gradients = learns ? torch.zeros_like(trained) : trained;
      long trainedAt = 0;
      long statisticsAt = 0;
      for (Parameter p : parameters) {
        boolean isTrained = p.kind().trained();
        long at = isTrained ? trainedAt : statisticsAt;
        Tensor view = view(isTrained ? trained : statistics, at, p).detach();
        if (learns && isTrained) {
          view.set_requires_grad(true);
          // Autograd adds into a gradient that exists: the views keep all gradients in one vector.
          view.mutable_grad().put(view(gradients, at, p));
        }
        // Whoever learns keeps 32 bits and converts at each use; whoever does not converts once.
        views.put(p.name(), learns ? view : converted(view));
        trainedAt += isTrained ? p.count() : 0;
        statisticsAt += isTrained ? 0 : p.count();
      }
      complete = true;
    } finally {
      if (complete) {
        memory.extend();
      }
      memory.close();
    }
  }

  private float[] flatten(Weights weights, boolean trainedOnes) {
    int count = 0;
    for (Parameter p : parameters) {
      count += p.kind().trained() == trainedOnes ? p.count() : 0;
    }
    float[] flat = new float[count];
    int at = 0;
    for (Parameter p : parameters) {
      if (p.kind().trained() == trainedOnes) {
        FloatTensor tensor = weights.get(p.name());
        if (!Arrays.equals(tensor.shape(), p.shape())) {
          throw new IllegalArgumentException(
              "weights do not fit the network: "
                  + p.name()
                  + " is "
                  + tensor
                  + ", the network needs "
                  + p);
        }
        System.arraycopy(tensor.values(), 0, flat, at, p.count());
        at += p.count();
      }
    }
    return flat;
  }

  Tensor upload(float[] values) {
    return execution.upload(
        AbstractTensor.create(values, values.length), execution.precision().parameters());
  }

  private static Tensor view(Tensor flat, long at, Parameter p) {
    long[] shape = new long[p.shape().length];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = p.shape()[i];
    }
    return flat.narrow(0, at, p.count()).view(shape);
  }

  /** A parameter in the type and the layout of the maps that it meets. */
  private Tensor converted(Tensor parameter) {
    Tensor typed = parameter.to(execution.precision().maps());
    // With one input channel both layouts are the same bytes, and their strides, which libtorch
    // takes for a wish, must not wish for a layout that the maps there do not have.
    return execution.layout() == Execution.Layout.CHANNELS_LAST
            && typed.dim() == 4
            && typed.size(1) > 1
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

  List<Parameter> parameters() {
    return parameters;
  }

  /** All that gradients change, in the order of {@link #parameters()}. */
  Tensor trained() {
    return trained;
  }

  /** Their gradients. */
  Tensor gradients() {
    return gradients;
  }

  /** All running statistics, in the order of {@link #parameters()}. */
  Tensor statistics() {
    return statistics;
  }

  /** A copy as weights, from vectors laid out like {@link #trained} and {@link #statistics}. */
  Weights weights(Tensor trainedVector, Tensor statisticsVector) {
    float[] trainedValues = download(trainedVector);
    float[] followed = download(statisticsVector);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    int trainedAt = 0;
    int statisticsAt = 0;
    for (Parameter p : parameters) {
      float[] values = new float[p.count()];
      if (p.kind().trained()) {
        System.arraycopy(trainedValues, trainedAt, values, 0, values.length);
        trainedAt += values.length;
      } else {
        System.arraycopy(followed, statisticsAt, values, 0, values.length);
        statisticsAt += values.length;
      }
      tensors.put(p.name(), new FloatTensor(p.shape(), values));
    }
    return Weights.of(tensors);
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
    memory.close();
  }
}
