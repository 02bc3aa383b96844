package org.efrnet.torch;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.LayoutOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.efrnet.learning.Precision;
import org.efrnet.readings.Parameter;

/**
 * Where and how libtorch computes.
 *
 * @param device {@code cpu}, or {@code cuda} or {@code cuda:N} where its natives are present
 * @param layout how maps lie in memory
 */
public record Execution(String device, Precision precision, Layout layout) {
  /** How maps lie in memory. */
  public enum Layout {
    /** Plane after plane. */
    NCHW,
    /** Channels of a pixel beside each other: faster for convolutions on CPUs. */
    CHANNELS_LAST
  }

  /** 32-bit floats on the CPU, channels last. */
  public static final Execution CPU = new Execution("cpu", Precision.FP32, Layout.CHANNELS_LAST);

  /** The same in other numbers. */
  public Execution with(Precision other) {
    return new Execution(device, other, layout);
  }

  /** The same in another layout. */
  public Execution with(Layout other) {
    return new Execution(device, precision, other);
  }

  /** The same on another device. */
  public Execution on(String other) {
    return new Execution(other, precision, layout);
  }

  /** Whether the host computes, and a value can be looked at without waiting for a card. */
  boolean onHost() {
    return device.equals("cpu");
  }

  /**
   * A tensor that was made on the host, on this device and of the given type. The host does not
   * wait for the copy, and the card converts: the host would convert into memory that cannot be
   * copied without waiting.
   */
  Tensor upload(Tensor host, ScalarType type) {
    if (onHost()) {
      return host.to(type);
    }
    Device there = new Device(device);
    return host.pin_memory()
        .to(there, host.dtype().toScalarType(), true, false, new MemoryFormatOptional())
        .to(type);
  }

  /**
   * Values of Java's as a tensor of the given type and shape on this device. To a card they go from
   * memory that it reads by itself: copied once, and the host does not wait.
   */
  Tensor upload(float[] values, ScalarType type, long... shape) {
    if (onHost()) {
      return AbstractTensor.create(values, shape).to(type);
    }
    Tensor pinned =
        torch.empty(
            shape,
            new ScalarTypeOptional(ScalarType.Float),
            new LayoutOptional(),
            new DeviceOptional(),
            new BoolOptional(true),
            new MemoryFormatOptional());
    new FloatPointer(pinned.data_ptr()).put(values);
    return pinned
        .to(new Device(device), ScalarType.Float, true, false, new MemoryFormatOptional())
        .to(type);
  }

  /**
   * Whether a parameter lies in memory as channels-last maps do. With one input channel both
   * layouts are the same bytes, and their strides, which libtorch takes for a wish, must not wish
   * for a layout that the maps there do not have.
   */
  boolean laysOut(Parameter p) {
    return layout == Layout.CHANNELS_LAST && p.shape().length == 4 && p.shape()[1] > 1;
  }

  /** The type of parameters. */
  ScalarType parameterType() {
    return precision == Precision.FP64 ? ScalarType.Double : ScalarType.Float;
  }

  /** The type of maps. */
  ScalarType mapType() {
    return switch (precision) {
      case FP32 -> ScalarType.Float;
      case BF16 -> ScalarType.BFloat16;
      case FP64 -> ScalarType.Double;
    };
  }
}
