package org.efrnet.weights;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * The element types of files that become fp32, by the names that safetensors gives them; integers
 * only where fp32 holds them exactly. A value that fp32 cannot stand for is not finite.
 */
public enum ElementType {
  F32(4) {
    @Override
    public float next(ByteBuffer from) {
      return from.getFloat();
    }
  },
  F64(8) {
    @Override
    public float next(ByteBuffer from) {
      return (float) from.getDouble();
    }
  },
  F16(2) {
    @Override
    public float next(ByteBuffer from) {
      return halfToFloat(from.getShort());
    }
  },
  BF16(2) {
    @Override
    public float next(ByteBuffer from) {
      return Float.intBitsToFloat(from.getShort() << 16);
    }
  },
  I64(8) {
    @Override
    public float next(ByteBuffer from) {
      return exact(from.getLong());
    }
  },
  I32(4) {
    @Override
    public float next(ByteBuffer from) {
      return exact(from.getInt());
    }
  },
  I16(2) {
    @Override
    public float next(ByteBuffer from) {
      return from.getShort();
    }
  },
  I8(1) {
    @Override
    public float next(ByteBuffer from) {
      return from.get();
    }
  },
  U8(1) {
    @Override
    public float next(ByteBuffer from) {
      return from.get() & 0xff;
    }
  },
  BOOL(1) {
    @Override
    public float next(ByteBuffer from) {
      return from.get() == 0 ? 0 : 1;
    }
  };

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of an element. */
  public int bytes() {
    return bytes;
  }

  /**
   * The next value, not finite where fp32 cannot stand for it.
   *
   * @param from little-endian, {@link #bytes} of which are read
   */
  public abstract float next(ByteBuffer from);

  /** The type of that name, if it is known. */
  public static Optional<ElementType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  private static float exact(long value) {
    return Math.abs(value) <= 1L << 24 && value != Long.MIN_VALUE ? value : Float.NaN;
  }

  /** IEEE 754 binary16; Java 17 has no conversion of its own. */
  private static float halfToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int wide = exponent == 0x1f ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
  }
}
