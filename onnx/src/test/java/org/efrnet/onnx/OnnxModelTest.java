package org.efrnet.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.efrnet.bundle.Bundles;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.conformance.RandomModels;
import org.efrnet.conformance.Small;
import org.efrnet.graph.Graph;
import org.efrnet.graph.Model;
import org.efrnet.graph.Passes;
import org.efrnet.networks.EfrNet;
import org.efrnet.ops.Conv;
import org.efrnet.ops.Interpolation;
import org.efrnet.ops.Name;
import org.efrnet.ops.Ops;
import org.efrnet.ops.Pool;
import org.efrnet.ops.Pooled;
import org.efrnet.ops.Prelu;
import org.efrnet.readings.Parameter;
import org.efrnet.readings.Parameters;
import org.efrnet.readings.Reference;
import org.efrnet.weights.FloatTensor;
import org.efrnet.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxModelTest {
  private static OrtSession.Result run(OnnxSession session, FloatTensor image) throws OrtException {
    long[] shape = Arrays.stream(image.shape()).asLongStream().toArray();
    try (OnnxTensor input =
        OnnxTensor.createTensor(session.environment(), FloatBuffer.wrap(image.values()), shape)) {
      return session.session().run(Map.of(OnnxModel.IMAGE, input));
    }
  }

  @ParameterizedTest
  @EnumSource(OnnxOptions.ClassMap.class)
  void theClassMapIsTheLargestLogit(OnnxOptions.ClassMap kind) throws OrtException {
    Model model = RandomModels.of(EfrNet.of(7), 3);
    byte[] written = OnnxModel.of(model, OnnxOptions.DEFAULT.with(kind)).toBytes();
    try (OnnxSession session = OnnxSession.of(written, 1);
        OrtSession.Result result = run(session, RandomModels.image(2, 3, 19, 30, 4))) {
      assertThat(session.session().getOutputNames().iterator().next()).isEqualTo("logits");
      assertThat(result.size()).isEqualTo(kind == OnnxOptions.ClassMap.NONE ? 1 : 2);
      if (kind == OnnxOptions.ClassMap.NONE) {
        return;
      }
      float[][][][] logits = (float[][][][]) result.get(0).getValue();
      OnnxTensor classes = (OnnxTensor) result.get(OnnxModel.CLASSES).orElseThrow();
      assertThat(classes.getInfo().getShape()).containsExactly(2, 19, 30);
      assertThat(classes.getInfo().type.toString()).isEqualTo(kind.toString());
      boolean[] seen = new boolean[7];
      for (int i = 0; i < 2 * 19 * 30; i++) {
        int at = i;
        int best = 0;
        for (int k = 1; k < 7; k++) {
          float[][][] picture = logits[at / 570];
          if (picture[k][at % 570 / 30][at % 30] > picture[best][at % 570 / 30][at % 30]) {
            best = k;
          }
        }
        seen[best] = true;
        long chosen =
            kind == OnnxOptions.ClassMap.INT64
                ? classes.getLongBuffer().get(at)
                : classes.getByteBuffer().get(at);
        assertThat(chosen).isEqualTo(best);
      }
      int winners = 0;
      for (boolean one : seen) {
        winners += one ? 1 : 0;
      }
      assertThat(winners).as("classes that win somewhere").isGreaterThan(1);
    }
  }

  @Test
  void sidesAreFreeAndHaveNames() throws OrtException {
    Model model = RandomModels.of(EfrNet.of(7), 3);
    OnnxOptions options = OnnxOptions.DEFAULT.with(OnnxOptions.ClassMap.UINT8);
    try (OnnxSession session = OnnxSession.of(OnnxModel.of(model, options).toBytes(), 1)) {
      assertThat(dimensions(session.session().getInputInfo().get("image")))
          .containsExactly("N", "3", "H", "W");
      assertThat(dimensions(session.session().getOutputInfo().get("logits")))
          .containsExactly("N", "7", "H", "W");
      assertThat(dimensions(session.session().getOutputInfo().get("classes")))
          .containsExactly("N", "H", "W");
    }
  }

  private static String[] dimensions(NodeInfo info) {
    TensorInfo tensor = (TensorInfo) info.getInfo();
    String[] sides = tensor.getDimensionNames().clone();
    for (int i = 0; i < sides.length; i++) {
      sides[i] = tensor.getShape()[i] < 0 ? sides[i] : Long.toString(tensor.getShape()[i]);
    }
    return sides;
  }

  @Test
  void carriesWhatItsUserMustKnow() throws OrtException {
    ModelBundle bundle = Bundles.untrained("enet", 48, 1);
    byte[] written = OnnxModel.of(bundle, OnnxOptions.DEFAULT).toBytes();
    try (OnnxSession session = OnnxSession.of(written, 1)) {
      assertThat(session.session().getMetadata().getProducerName()).isEqualTo("efrnet");
      assertThat(session.session().getMetadata().getGraphName()).isEqualTo(bundle.config().name());
      Map<String, String> said = session.session().getMetadata().getCustomMetadata();
      assertThat(said)
          .containsEntry("name", bundle.config().name())
          .containsEntry("network", "enet")
          .containsEntry("sizeMultiple", "8")
          .containsEntry("height", "48")
          .containsEntry("licence", bundle.config().licence().id())
          .containsEntry("digest", bundle.digest())
          .containsEntry("mean", Arrays.toString(bundle.config().normalization().mean()))
          .containsEntry("deviation", Arrays.toString(bundle.config().normalization().deviation()));
      String first = bundle.classes().classes().get(0).name();
      assertThat(said.get("classes"))
          .startsWith("[{\"id\":0,\"name\":\"" + first + "\",\"colour\":\"#");
    }
  }

  @Test
  void theSameBundleGivesTheSameBytes() {
    ModelBundle bundle = Bundles.untrained("efrnet", 48, 1);
    assertThat(OnnxModel.of(bundle, OnnxOptions.DEFAULT).toBytes())
        .isEqualTo(OnnxModel.of(bundle, OnnxOptions.DEFAULT).toBytes());
  }

  @Test
  void nodesAndWeightsBearOurNames() {
    Model model = RandomModels.of(EfrNet.of(7), 3);
    String text =
        new String(OnnxModel.of(model, OnnxOptions.DEFAULT).toBytes(), StandardCharsets.ISO_8859_1);
    Graph used = Passes.apply(Passes.inference(), model).graph();
    int convolutions = 0;
    for (Parameter parameter : Parameters.of(used)) {
      if (parameter.kind() == Parameter.Kind.CONV_WEIGHT) {
        assertThat(text).contains(parameter.name());
        convolutions++;
      }
    }
    assertThat(convolutions).isGreaterThan(50);
    // Batch norms that follow a convolution are part of it.
    assertThat(text.split("BatchNormalization", -1)).hasSizeLessThan(10);
  }

  /** One operation on the image, for sizes at which rounding could choose another source. */
  private record Nearest(int kernel, int stride) implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T small = ops.maxPool(image, new Pool(kernel, stride, 0, false));
      return ops.resize(small, image, Interpolation.NEAREST);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 7})
  void nearestIsExactAtEveryRatio(int stride) throws OrtException {
    Small network = new Small("nearest", new Nearest(2, stride));
    Model model = RandomModels.of(network, 1);
    try (OnnxSession session =
        OnnxSession.of(OnnxModel.of(model, OnnxOptions.DEFAULT).toBytes(), 1)) {
      for (int side = 4; side <= 260; side++) {
        // Each place has a value of its own.
        FloatTensor image = ramp(3, side);
        try (OrtSession.Result result = run(session, image)) {
          float[] values = new float[9 * side];
          ((OnnxTensor) result.get(0)).getFloatBuffer().get(values);
          assertThat(values).as("side " + side).isEqualTo(Reference.logits(model, image).values());
        }
      }
    }
  }

  private static FloatTensor ramp(int height, int width) {
    float[] values = new float[3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return new FloatTensor(new int[] {1, 3, height, width}, values);
  }

  private record Slope() implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      T scaled = ops.conv(image, Conv.pointwise(new Name("a"), 3, 3));
      return ops.prelu(scaled, Prelu.scalar(new Name("b")));
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {0.25f, -0.5f, 1.5f, 0, 1e-40f})
  void anySlopeIsALeakyRelu(float slope) throws OrtException {
    Graph graph = Graph.of(new Small("slope", new Slope()));
    float[] identity = {1, 0, 0, 0, 1, 0, 0, 0, 1e-40f};
    Model model =
        new Model(
            graph,
            Weights.of(
                Map.of(
                    "a.weight", new FloatTensor(new int[] {3, 3, 1, 1}, identity),
                    "b.weight", new FloatTensor(new int[] {1}, new float[] {slope}))));
    try (OnnxSession session =
            OnnxSession.of(OnnxModel.of(model, OnnxOptions.DEFAULT).toBytes(), 1);
        OrtSession.Result result =
            run(
                session,
                new FloatTensor(new int[] {1, 3, 1, 2}, new float[] {1, -2, -3, 4, 1e6f, 1e6f}))) {
      float flushed = slope == 1e-40f ? 0 : slope;
      float[] values = new float[6];
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(values);
      // What is below normal numbers is zero: the slope, and the last weight.
      assertThat(values).containsExactly(1, -2 * flushed, -3 * flushed, 4, 0, 0);
    }
  }

  private record Elsewhere(boolean pooled) implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      Pooled<T> places = ops.maxPoolWithIndices(image, Pool.HALVE);
      T small = places.values();
      return ops.maxUnpool(small, pooled ? places.indices() : small, pooled ? small : image);
    }
  }

  @Test
  void unpoolingToWhereNothingWasPooledIsRefused() {
    assertThatThrownBy(() -> written(new Elsewhere(true)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unpooling to 1x3x32x32: what was pooled is 1x3x64x64");
    assertThatThrownBy(() -> written(new Elsewhere(false)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unpooling: its indices are those of no pooling");
  }

  private static OnnxModel written(Small.Body body) {
    return OnnxModel.of(RandomModels.of(new Small("network", body), 1), OnnxOptions.DEFAULT);
  }

  private record Itself() implements Small.Body {
    @Override
    public <T> T logits(Ops<T> ops, T image) {
      return image;
    }
  }

  @Test
  void aNetworkThatDoesNothingGivesItsImage() throws OrtException {
    try (OnnxSession session = OnnxSession.of(written(new Itself()).toBytes(), 1);
        OrtSession.Result result = run(session, ramp(2, 3))) {
      float[] values = new float[18];
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(values);
      assertThat(values).isEqualTo(ramp(2, 3).values());
    }
  }
}
