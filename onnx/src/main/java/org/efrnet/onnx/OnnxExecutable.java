package org.efrnet.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Optional;
import org.efrnet.bundle.BundleConfig;
import org.efrnet.graph.Graph;
import org.efrnet.readings.Shape;
import org.efrnet.readings.Shapes;
import org.efrnet.segment.Executable;
import org.efrnet.segment.LogitRows;

/**
 * A model in ONNX Runtime. What goes in and what comes out lies in two buffers of Java's that ONNX
 * Runtime reads and writes in place; pictures of one size share them, as those of a video do.
 */
final class OnnxExecutable implements Executable {
  /** A buffer more than so many times too large is given back. */
  private static final int MOST_SPARE = 4;

  private final OnnxSession session;
  private final Graph graph;
  private final int classes;
  private FloatBuffer imageMemory = FloatBuffer.allocate(0);
  private FloatBuffer logitMemory = FloatBuffer.allocate(0);
  private Optional<Bound> bound = Optional.empty();
  private boolean closed;

  /**
   * What is needed for pictures of one size.
   *
   * @param in the image's values
   * @param out the logits'
   */
  private record Bound(
      Shape shape,
      FloatBuffer in,
      OnnxTensor image,
      FloatBuffer out,
      OnnxTensor logits,
      Shape given)
      implements AutoCloseable {
    @Override
    public void close() {
      image.close();
      logits.close();
    }
  }

  /** Takes over the session. */
  OnnxExecutable(OnnxSession session, Graph graph) {
    this.session = session;
    this.graph = graph;
    this.classes =
        graph
            .logits(new Shapes(), Shape.image(1, OnnxModel.PROBE_SIDE, OnnxModel.PROBE_SIDE))
            .channels();
  }

  @Override
  public LogitRows run(float[] planes, int height, int width) {
    Bound to = computed(planes, height, width);
    FloatBuffer logits = to.out;
    int rows = to.given.height();
    int columns = to.given.width();
    return (row, into) -> {
      // Rows are read by several threads at once, so nobody shares this line.
      float[] line = new float[columns];
      for (int k = 0; k < classes; k++) {
        logits.get((k * rows + row) * columns, line);
        for (int x = 0, at = k; x < columns && at < into.length; x++, at += classes) {
          into[at] = line[x];
        }
      }
    };
  }

  @Override
  public float[] logits(float[] planes, int height, int width) {
    FloatBuffer out = computed(planes, height, width).out;
    float[] logits = new float[out.capacity()];
    out.get(0, logits);
    return logits;
  }

  private Bound computed(float[] planes, int height, int width) {
    if (closed) {
      throw new IllegalStateException("this executable is closed; prepare another one");
    }
    Executable.requirePlanes(planes, height, width);
    Shape shape = Shape.image(1, height, width);
    try {
      if (bound.isEmpty() || !bound.get().shape.equals(shape)) {
        bind(shape);
      }
      Bound to = bound.orElseThrow();
      to.in.put(0, planes);
      // What comes out lies where it was told to, and is closed with this executable.
      try (OrtSession.Result result =
          session
              .session()
              .run(Map.of(OnnxModel.IMAGE, to.image), Map.of(OnnxModel.LOGITS, to.logits))) {
        return to;
      }
    } catch (OrtException e) {
      throw OnnxErrors.translated(e);
    }
  }

  private void bind(Shape shape) throws OrtException {
    // ONNX Runtime's own words about sizes would come from deep inside.
    Shape given = graph.logits(new Shapes(), shape);
    unbind();
    imageMemory = fitting(imageMemory, shape);
    logitMemory = fitting(logitMemory, given);
    FloatBuffer in = imageMemory.slice(0, (int) shape.count());
    FloatBuffer out = logitMemory.slice(0, (int) given.count());
    OnnxTensor image = OnnxTensor.createTensor(session.environment(), in, sides(shape));
    try {
      OnnxTensor logits = OnnxTensor.createTensor(session.environment(), out, sides(given));
      bound = Optional.of(new Bound(shape, in, image, out, logits, given));
    } finally {
      if (bound.isEmpty()) {
        image.close();
      }
    }
  }

  private static long[] sides(Shape shape) {
    return new long[] {shape.n(), shape.channels(), shape.height(), shape.width()};
  }

  /** Memory for a map: the one at hand if it is large enough, and not by far too large. */
  private static FloatBuffer fitting(FloatBuffer memory, Shape shape) {
    long count = shape.count();
    if (memory.capacity() >= count && memory.capacity() / MOST_SPARE <= count) {
      return memory;
    }
    long bytes = count * Float.BYTES;
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a map of " + shape + " takes more than the 2 GB of a buffer; choose a smaller size");
    }
    return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private void unbind() {
    bound.ifPresent(Bound::close);
    bound = Optional.empty();
  }

  @Override
  public String precision() {
    return BundleConfig.FP32;
  }

  @Override
  public int classes() {
    return classes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      unbind();
      imageMemory = FloatBuffer.allocate(0);
      logitMemory = FloatBuffer.allocate(0);
      session.close();
    }
  }
}
