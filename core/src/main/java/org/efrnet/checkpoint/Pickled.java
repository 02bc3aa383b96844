package org.efrnet.checkpoint;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.efrnet.weights.ElementType;

/**
 * What stands in a pickle beside texts, numbers, lists and maps, which are Java's own. Values are
 * never compared or printed as a whole: one may hold itself.
 */
final class Pickled {
  private Pickled() {}

  /** Python's {@code None}. */
  enum None {
    NONE
  }

  /** Marks bytes that nobody reads. */
  enum Bytes {
    SKIPPED
  }

  /** A tuple. */
  static final class Tuple {
    final List<Object> items;

    Tuple(List<Object> items) {
      this.items = Collections.unmodifiableList(items);
    }
  }

  /**
   * The functions and types that have a meaning here. All others are refused where they are named.
   */
  enum Global {
    ORDERED_DICT("collections.OrderedDict"),
    REBUILD_TENSOR("torch._utils._rebuild_tensor"),
    REBUILD_TENSOR_2("torch._utils._rebuild_tensor_v2"),
    REBUILD_PARAMETER("torch._utils._rebuild_parameter"),
    SIZE("torch.Size"),
    FLOAT("torch.FloatStorage", ElementType.F32),
    DOUBLE("torch.DoubleStorage", ElementType.F64),
    HALF("torch.HalfStorage", ElementType.F16),
    BFLOAT16("torch.BFloat16Storage", ElementType.BF16),
    LONG("torch.LongStorage", ElementType.I64),
    INT("torch.IntStorage", ElementType.I32),
    SHORT("torch.ShortStorage", ElementType.I16),
    CHAR("torch.CharStorage", ElementType.I8),
    BYTE("torch.ByteStorage", ElementType.U8),
    BOOL("torch.BoolStorage", ElementType.BOOL);

    final String qualifiedName;
    final Optional<ElementType> type;

    Global(String qualifiedName) {
      this.qualifiedName = qualifiedName;
      this.type = Optional.empty();
    }

    Global(String qualifiedName, ElementType type) {
      this.qualifiedName = qualifiedName;
      this.type = Optional.of(type);
    }

    static Optional<Global> named(String name) {
      for (Global global : values()) {
        if (global.qualifiedName.equals(name)) {
          return Optional.of(global);
        }
      }
      return Optional.empty();
    }
  }

  /**
   * Values that tensors share.
   *
   * @param key under which the file keeps them
   * @param root how many the file keeps there
   * @param offset of the first that is meant
   * @param count how many are meant from there on
   */
  record Storage(String key, ElementType type, long root, long offset, long count) {}

  /** What a value is, for messages. */
  static String kind(Object value) {
    if (value instanceof String) {
      return "a text";
    }
    if (value instanceof Number) {
      return "a number";
    }
    if (value instanceof Map) {
      return "a dictionary";
    }
    if (value instanceof List) {
      return "a list";
    }
    if (value instanceof Tuple) {
      return "a tuple";
    }
    if (value instanceof StoredTensor) {
      return "a tensor";
    }
    if (value instanceof Storage) {
      return "a storage";
    }
    if (value instanceof Global global) {
      return "'" + global.qualifiedName + "'";
    }
    if (value instanceof Boolean) {
      return "a boolean";
    }
    return value == None.NONE ? "None" : "bytes";
  }
}
