package org.efrnet.checkpoint;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.efrnet.checkpoint.Pickled.Bytes;
import org.efrnet.checkpoint.Pickled.Global;
import org.efrnet.checkpoint.Pickled.None;
import org.efrnet.checkpoint.Pickled.Storage;
import org.efrnet.checkpoint.Pickled.Tuple;
import org.efrnet.text.OneLine;
import org.efrnet.weights.ElementType;

/**
 * Reads a pickle as {@code torch.save} writes it, protocols 2 to 5, and runs nothing: a pickle is a
 * program for a small machine that may call any function by its name, and here there are no
 * functions but those of {@link Global}, which make tensors and dictionaries.
 *
 * <p>Bounded by the bytes read and by the limits below: no recursion, no comparison of values that
 * may hold themselves, dictionary keys are texts, numbers and the like alone.
 */
final class Unpickler {
  /** Ten times what a checkpoint of a thousand tensors and its optimiser's state take. */
  private static final int MOST_STEPS = 1 << 20;

  /** A thousand pairs at a time is what Python's pickler puts there. */
  private static final int DEEPEST = 1 << 16;

  private static final int LONGEST_RANK = 8;

  /** Makes tensors' values readable. */
  interface Storages {
    /** Of a storage that was named; its values may lie behind the pickle, unread as yet. */
    float[] values(Storage storage, View view) throws CheckpointException;
  }

  /**
   * Which values of a storage a tensor is made of.
   *
   * @param offset of the first, in values
   * @param shape sizes, outermost first
   * @param strides steps in values
   * @param last the highest index that is read; -1 for no values
   */
  record View(long offset, int[] shape, long[] strides, int count, long last) {}

  private final PickleBytes in;
  private final Storages storages;
  private final Map<String, Storage> named;
  private final List<Object> stack = new ArrayList<>();
  private final Deque<Integer> marks = new ArrayDeque<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private long copied;

  private Unpickler(PickleBytes in, Storages storages, Map<String, Storage> named) {
    this.in = in;
    this.storages = storages;
    this.named = named;
  }

  /**
   * Reads one pickle, up to its end.
   *
   * @param named receives the roots of all storages that are named, by key
   * @throws CheckpointException what is wrong, without the file's name, which the caller knows
   */
  static Object read(PickleBytes in, Storages storages, Map<String, Storage> named)
      throws IOException {
    return new Unpickler(in, storages, named).run();
  }

  private Object run() throws IOException {
    for (int step = 0; step < MOST_STEPS; step++) {
      long at = in.position();
      int code = in.next();
      if (code == '.') {
        Object result = pop();
        if (!stack.isEmpty() || !marks.isEmpty()) {
          throw new CheckpointException("has a pickle that leaves values behind; it is damaged");
        }
        return result;
      }
      step(code, at);
      if (stack.size() > DEEPEST || marks.size() > DEEPEST) {
        throw new CheckpointException(
            "has a pickle that stacks more than " + DEEPEST + " values; it is none of torch.save");
      }
    }
    throw new CheckpointException(
        "has a pickle of more than " + MOST_STEPS + " steps; it is none of weights");
  }

  private void step(int code, long at) throws IOException {
    switch (code) {
      case 0x80 -> requireProtocol(in.next());
      case 0x95 -> in.number(8); // FRAME: how far to read ahead
      case '(' -> marks.push(stack.size());
      case '0' -> pop();
      case '1' -> popMark();
      case '2' -> push(top());
      case 'N' -> push(None.NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) (int) in.number(4));
      case 'K' -> push(in.number(1));
      case 'M' -> push(in.number(2));
      case 0x8a -> push(integer(in.integer(in.number(1))));
      case 0x8b -> push(integer(in.integer(in.number(4))));
      case 'G' -> push(in.bigEndianDouble());
      case 'U', 0x8c -> push(in.text(in.number(1)));
      case 'T', 'X' -> push(in.text(in.number(4)));
      case 0x8d -> push(in.text(in.number(8)));
      case 'C' -> skipBytes(in.number(1));
      case 'B' -> skipBytes(in.number(4));
      case 0x8e, 0x96 -> skipBytes(in.number(8));
      case '}' -> push(new LinkedHashMap<Object, Object>(4));
      case ']' -> push(new ArrayList<Object>(0));
      case ')' -> push(new Tuple(List.of()));
      case 't' -> push(new Tuple(popMark()));
      case 0x85, 0x86, 0x87 -> push(new Tuple(popped(code - 0x84)));
      case 'l' -> push(popMark());
      case 'd' -> {
        List<Object> pairs = popMark();
        push(new LinkedHashMap<Object, Object>(4));
        put(pairs);
      }
      case 'a' -> append(popped(1));
      case 'e' -> append(popMark());
      case 's' -> put(popped(2));
      case 'u' -> put(popMark());
      case 'q' -> memo.put(in.number(1), top());
      case 'r' -> memo.put(in.number(4), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case 'h' -> push(remembered(in.number(1)));
      case 'j' -> push(remembered(in.number(4)));
      case 'c' -> {
        String module = in.line();
        push(global(module, in.line()));
      }
      case 0x93 -> {
        List<Object> names = popped(2);
        push(global(text(names.get(0), "a module"), text(names.get(1), "a name")));
      }
      case 'R' -> {
        Tuple arguments = tuple(pop(), "a call's arguments");
        push(call(pop(), arguments.items));
      }
      case 'b' -> {
        // What else an OrderedDict carries: versions of modules, which decide nothing here.
        pop();
        if (!(top() instanceof Map)) {
          throw refused("set the state of " + Pickled.kind(top()));
        }
      }
      case 'Q' -> push(storage(tuple(pop(), "a storage's description").items));
      case 'i' -> {
        String module = in.line();
        throw refused("call '" + OneLine.of(module + "." + in.line()) + "'");
      }
      case 'o', 0x81, 0x92 -> throw refused("make an object of " + Pickled.kind(callee(code)));
      default ->
          throw new CheckpointException(
              String.format("has the pickle code 0x%02x at byte %d, ", code, at)
                  + "which torch.save does not write; it is damaged, or no checkpoint of weights");
    }
  }

  /** Which class one of the three codes that make objects would take. */
  private Object callee(int code) throws CheckpointException {
    if (code == 'o') {
      List<Object> all = popMark();
      return all.isEmpty() ? None.NONE : all.get(0);
    }
    List<Object> all = popped(code == 0x81 ? 2 : 3);
    return all.get(0);
  }

  private static CheckpointException refused(String what) {
    return new CheckpointException(
        "asks to "
            + what
            + ", and nothing in a checkpoint is run; save the weights alone, by"
            + " torch.save(model.state_dict(), FILE)");
  }

  private static void requireProtocol(int protocol) throws CheckpointException {
    if (protocol > 5) {
      throw new CheckpointException(
          "has a pickle of protocol " + protocol + "; read are those up to 5");
    }
  }

  private void push(Object value) {
    stack.add(value);
  }

  private int floor() {
    return marks.isEmpty() ? 0 : marks.peek();
  }

  private Object top() throws CheckpointException {
    if (stack.size() <= floor()) {
      throw new CheckpointException(
          "has a pickle that uses a value that is not there; it is damaged");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() throws CheckpointException {
    Object top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  /** The uppermost values, the lowest first. */
  private List<Object> popped(int count) throws CheckpointException {
    if (stack.size() - floor() < count) {
      throw new CheckpointException(
          "has a pickle that uses values that are not there; it is damaged");
    }
    List<Object> part = stack.subList(stack.size() - count, stack.size());
    List<Object> values = new ArrayList<>(part);
    part.clear();
    return values;
  }

  private List<Object> popMark() throws CheckpointException {
    if (marks.isEmpty()) {
      throw new CheckpointException("has a pickle that lacks a mark; it is damaged");
    }
    List<Object> values = popped(stack.size() - floor());
    marks.pop();
    return values;
  }

  private Object remembered(long key) throws CheckpointException {
    Object value = memo.get(key);
    if (value == null) {
      throw new CheckpointException(
          "has a pickle that recalls value " + key + ", which it never kept; it is damaged");
    }
    return value;
  }

  private void skipBytes(long length) throws IOException {
    in.skip(length);
    push(Bytes.SKIPPED);
  }

  private static Object integer(byte[] littleEndian) {
    if (littleEndian.length == 0) {
      return 0L;
    }
    byte[] bytes = littleEndian.clone();
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte swapped = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = swapped;
    }
    BigInteger value = new BigInteger(bytes);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  @SuppressWarnings("unchecked") // lists of a pickle hold anything
  private void append(List<Object> values) throws CheckpointException {
    if (!(top() instanceof List)) {
      throw refused("append to " + Pickled.kind(top()));
    }
    ((List<Object>) top()).addAll(values);
  }

  @SuppressWarnings("unchecked") // maps of a pickle hold anything
  private void put(List<Object> pairs) throws CheckpointException {
    if (!(top() instanceof Map)) {
      throw refused("set items of " + Pickled.kind(top()));
    }
    if (pairs.size() % 2 != 0) {
      throw new CheckpointException("has a dictionary with a key without a value; it is damaged");
    }
    Map<Object, Object> map = (Map<Object, Object>) top();
    for (int i = 0; i < pairs.size(); i += 2) {
      put(map, pairs.get(i), pairs.get(i + 1));
    }
  }

  private static void put(Map<Object, Object> map, Object key, Object value)
      throws CheckpointException {
    boolean plain =
        key instanceof String
            || key instanceof Long
            || key instanceof Boolean
            || key instanceof Double
            || key == None.NONE;
    if (!plain) {
      throw new CheckpointException(
          "has a dictionary with " + Pickled.kind(key) + " for a key; read are texts and numbers");
    }
    if (map.put(key, value) != null) {
      throw new CheckpointException(
          "has a dictionary with the key '"
              + OneLine.of(String.valueOf(key))
              + "' twice; it is damaged");
    }
  }

  private static Global global(String module, String name) throws CheckpointException {
    // Written by Python 2 or 3 alike.
    String qualified = module + "." + name;
    return Global.named(qualified)
        .orElseThrow(() -> refused("use '" + OneLine.of(qualified) + "'"));
  }

  private Object call(Object callee, List<Object> arguments) throws CheckpointException {
    if (callee == Global.ORDERED_DICT && arguments.size() <= 1) {
      return arguments.isEmpty() ? new LinkedHashMap<Object, Object>(4) : map(arguments.get(0));
    }
    if (callee == Global.SIZE && arguments.size() == 1) {
      return tuple(arguments.get(0), "a size");
    }
    if (callee == Global.REBUILD_PARAMETER
        && arguments.size() == 3
        && arguments.get(0) instanceof StoredTensor data) {
      return data;
    }
    boolean tensor =
        callee == Global.REBUILD_TENSOR
            ? arguments.size() == 4
            : callee == Global.REBUILD_TENSOR_2 && (arguments.size() == 6 || arguments.size() == 7);
    if (tensor && arguments.get(0) instanceof Storage storage) {
      return tensor(storage, arguments);
    }
    throw refused(
        "call " + Pickled.kind(callee) + " with " + arguments.size() + " arguments of other kinds");
  }

  /** Python 2 hands an OrderedDict its items as a list of pairs. */
  private Map<Object, Object> map(Object pairs) throws CheckpointException {
    Map<Object, Object> map = new LinkedHashMap<>();
    if (pairs instanceof List<?> list) {
      // One list could be made a dictionary of again and again.
      copied += list.size();
      if (copied > MOST_STEPS) {
        throw new CheckpointException("has dictionaries without end; it is none of torch.save");
      }
      for (Object pair : list) {
        if (pair instanceof List<?> two && two.size() == 2) {
          put(map, two.get(0), two.get(1));
        } else if (pair instanceof Tuple two && two.items.size() == 2) {
          put(map, two.items.get(0), two.items.get(1));
        } else {
          throw new CheckpointException("has a dictionary of something else than pairs");
        }
      }
      return map;
    }
    throw new CheckpointException("has a dictionary made of " + Pickled.kind(pairs));
  }

  /** ('storage', type, key, device, count), in the older format with a view or None behind. */
  private Storage storage(List<Object> id) throws CheckpointException {
    if ((id.size() != 5 && id.size() != 6) || !id.get(0).equals("storage")) {
      throw refused("find something else than a storage of values");
    }
    if (!(id.get(1) instanceof Global global) || global.type.isEmpty()) {
      throw new CheckpointException("has a storage of type " + Pickled.kind(id.get(1)));
    }
    ElementType type = global.type.get();
    String key = text(id.get(2), "a storage's key");
    long count = number(id.get(4), "a storage's size");
    Storage root = new Storage(key, type, count, 0, count);
    Storage known = named.putIfAbsent(key, root);
    if (known != null && !known.equals(root)) {
      throw new CheckpointException(
          "has storage '" + OneLine.of(key) + "' of two types or sizes; it is damaged");
    }
    if (id.size() == 5 || id.get(5) == None.NONE) {
      return root;
    }
    List<Object> view = tuple(id.get(5), "a storage's view").items;
    if (view.size() != 3) {
      throw new CheckpointException("has a storage's view of " + view.size() + " parts, not 3");
    }
    long offset = number(view.get(1), "a view's offset");
    long size = number(view.get(2), "a view's size");
    if (offset > count || size > count - offset) {
      throw new CheckpointException(
          "has a view of storage '" + OneLine.of(key) + "' beyond its end; it is damaged");
    }
    return new Storage(key, type, count, offset, size);
  }

  private StoredTensor tensor(Storage storage, List<Object> arguments) throws CheckpointException {
    long offset = number(arguments.get(1), "a tensor's offset");
    List<Object> sizes = tuple(arguments.get(2), "a tensor's size").items;
    List<Object> steps = tuple(arguments.get(3), "a tensor's strides").items;
    if (sizes.size() > LONGEST_RANK || sizes.size() != steps.size()) {
      throw new CheckpointException(
          "has a tensor of "
              + sizes.size()
              + " sizes and "
              + steps.size()
              + " strides; as many of both, "
              + LONGEST_RANK
              + " at most, are read");
    }
    int[] shape = new int[sizes.size()];
    long[] strides = new long[sizes.size()];
    long count = 1;
    long last = offset;
    for (int i = 0; i < shape.length; i++) {
      long size = number(sizes.get(i), "a tensor's size");
      strides[i] = number(steps.get(i), "a tensor's stride");
      if (size > Integer.MAX_VALUE) {
        throw new CheckpointException("has a tensor with a side of " + size);
      }
      shape[i] = (int) size;
      try {
        count = Math.multiplyExact(count, size);
        last = size == 0 ? last : Math.addExact(last, Math.multiplyExact(size - 1, strides[i]));
      } catch (ArithmeticException e) {
        throw new CheckpointException("has a tensor whose sizes overflow; it is damaged", e);
      }
    }
    // Every value has a place of its own, so that a file cannot ask for more memory than it has.
    if (count > storage.count() || (count > 0 && last >= storage.count())) {
      throw new CheckpointException(
          "has a tensor of "
              + count
              + " values up to number "
              + last
              + " of storage '"
              + OneLine.of(storage.key())
              + "', which has "
              + storage.count());
    }
    if (count > Integer.MAX_VALUE - 8) {
      throw new CheckpointException("has a tensor of " + count + " values; no array takes them");
    }
    View view = new View(offset, shape, strides, (int) count, count == 0 ? -1 : last);
    return new StoredTensor(shape, storage.type(), () -> storages.values(storage, view));
  }

  private static String text(Object value, String what) throws CheckpointException {
    if (value instanceof String text) {
      return text;
    }
    throw new CheckpointException("has " + Pickled.kind(value) + " for " + what);
  }

  private static Tuple tuple(Object value, String what) throws CheckpointException {
    if (value instanceof Tuple tuple) {
      return tuple;
    }
    throw new CheckpointException("has " + Pickled.kind(value) + " for " + what);
  }

  private static long number(Object value, String what) throws CheckpointException {
    if (value instanceof Long number && number >= 0) {
      return number;
    }
    throw new CheckpointException(
        "has " + (value instanceof Number ? value : Pickled.kind(value)) + " for " + what);
  }
}
