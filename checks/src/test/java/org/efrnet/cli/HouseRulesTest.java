package org.efrnet.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The architecture as tests: arrows point down only, natives stay inside their module, names say
 * the thing. This module sees every other one, so the rules for all of them are held here.
 *
 * <p>A rule may find nothing to judge while its packages are not written yet; that it can fail is
 * shown by {@link #catchesWhatIsPlanted} on classes that break it.
 */
class HouseRulesTest {
  private static final String[] ABOVE_CORE = {
    "org.efrnet.torch..",
    "org.efrnet.training..",
    "org.efrnet.cli..",
    "org.efrnet.engine..",
    "org.efrnet.onnx..",
    "org.efrnet.examples..",
    "org.efrnet.server..",
    "org.efrnet.video..",
    "org.efrnet.spark.."
  };

  private static final String JAVACPP = "org.bytedeco";
  private static final String ONNX_RUNTIME = "ai.onnxruntime";

  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("org.efrnet");

  private static final DescribedPredicate<JavaClass> CORE =
      resideInAPackage("org.efrnet..").and(not(resideInAnyPackage(ABOVE_CORE))).as("core");

  @Test
  void readsEveryModuleThatHasClasses() {
    assertThat(HOUSE.stream().map(JavaClass::getName))
        .contains(
            "org.efrnet.images.Picture",
            "org.efrnet.cli.Main",
            "org.efrnet.cli.training.TrainingCommands",
            "org.efrnet.engine.ConvolutionPeak",
            "org.efrnet.server.Service",
            "org.efrnet.spark.Cluster",
            "org.efrnet.cli.spark.SparkCommands",
            "org.efrnet.video.VideoRun",
            "org.efrnet.cli.video.VideoCommands",
            "org.efrnet.torch.LibtorchEngine")
        .noneMatch(name -> name.endsWith("Test"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void holds(String name, ArchRule rule) {
    rule.check(HOUSE);
  }

  static Stream<Arguments> rules() {
    return Stream.of(
        Arguments.of("core depends on no module above it", coreIsBelow(CORE)),
        Arguments.of("torch depends on core alone", dependsOnCoreAlone("torch")),
        Arguments.of("training does not know the command line", trainingIsBelowCli()),
        Arguments.of("only torch sees libtorch", onlyTorchSeesLibtorch()),
        Arguments.of("onnx depends on core alone", dependsOnCoreAlone("onnx")),
        Arguments.of("only onnx sees ONNX Runtime", onlyOnnxSeesItsRuntime()),
        Arguments.of("engine depends on core alone", dependsOnCoreAlone("engine")),
        Arguments.of("server depends on core alone", dependsOnCoreAlone("server")),
        Arguments.of("only server sees Javalin", onlySees("server", "io.javalin")),
        Arguments.of("only server sees Jetty", onlySees("server", "org.eclipse.jetty")),
        Arguments.of("only engine sees oneDNN", onlySees("engine", "org.bytedeco.dnnl")),
        Arguments.of("spark depends on core alone", dependsOnCoreAlone("spark")),
        Arguments.of("only spark sees Spark", onlySees("spark", "org.apache.spark")),
        Arguments.of("only spark sees Hadoop", onlySees("spark", "org.apache.hadoop")),
        Arguments.of("only spark sees Scala", onlySees("spark", "scala")),
        Arguments.of("video depends on core alone", dependsOnCoreAlone("video")),
        Arguments.of("only video sees FFmpeg", onlySees("video", "org.bytedeco.ffmpeg")),
        Arguments.of(
            "public signatures carry no native type", signaturesAreOurs(inTheOpen(), JAVACPP)),
        Arguments.of(
            "public signatures carry no type of ONNX Runtime",
            signaturesAreOurs(resideInAPackage("org.efrnet.."), ONNX_RUNTIME)),
        Arguments.of("only the command line sees picocli", onlyCliSeesPicocli()),
        Arguments.of("names say the thing", namesSayTheThing()),
        Arguments.of("core's packages form no cycle", noCycles(CORE)));
  }

  static ArchRule coreIsBelow(DescribedPredicate<JavaClass> core) {
    return noClasses()
        .that(core)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ABOVE_CORE)
        .allowEmptyShould(true);
  }

  private static ArchRule dependsOnCoreAlone(String module) {
    return noClasses()
        .that()
        .resideInAPackage("org.efrnet." + module + "..")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(ABOVE_CORE)
                .and(not(resideInAPackage("org.efrnet." + module + ".."))))
        .allowEmptyShould(true);
  }

  private static ArchRule trainingIsBelowCli() {
    return noClasses()
        .that()
        .resideInAPackage("org.efrnet.training..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.efrnet.cli..", "org.efrnet.server..", "org.efrnet.spark..")
        .allowEmptyShould(true);
  }

  private static ArchRule onlySees(String module, String natives) {
    return noClasses()
        .that()
        .resideOutsideOfPackage("org.efrnet." + module + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(natives + "..");
  }

  private static ArchRule onlyTorchSeesLibtorch() {
    return onlySees("torch", "org.bytedeco.pytorch");
  }

  private static ArchRule onlyOnnxSeesItsRuntime() {
    return onlySees("onnx", ONNX_RUNTIME);
  }

  private static DescribedPredicate<JavaClass> inTheOpen() {
    return not(resideInAPackage("org.efrnet.torch.."));
  }

  private static ArchRule signaturesAreOurs(DescribedPredicate<JavaClass> open, String natives) {
    return ArchRuleDefinition.classes().that(open).should(new CarryNoNativeType(natives));
  }

  private static ArchRule onlyCliSeesPicocli() {
    return noClasses()
        .that()
        .resideOutsideOfPackage("org.efrnet.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..");
  }

  private static ArchRule namesSayTheThing() {
    return noClasses().should().haveNameMatching(".*(Manager|Helper|Utils?|Impl)(\\$.*)?");
  }

  private static ArchRule noCycles(DescribedPredicate<JavaClass> core) {
    return slices()
        .matching("org.efrnet.(**)")
        .that(
            DescribedPredicate.describe(
                "core", slice -> slice.stream().findFirst().map(core::test).orElse(false)))
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("planted")
  void catchesWhatIsPlanted(String culprit, ArchRule rule) {
    JavaClasses planted = new ClassFileImporter().importPackages("org.efrnet.cli.planted");
    assertThat(rule.evaluate(planted).getFailureReport().getDetails())
        .isNotEmpty()
        .allMatch(detail -> detail.contains(culprit));
  }

  static Stream<Arguments> planted() {
    DescribedPredicate<JavaClass> playsCore =
        resideInAPackage("org.efrnet.cli.planted..").as("what plays core");
    return Stream.of(
        Arguments.of(
            "LooksUp",
            coreIsBelow(resideInAPackage("org.efrnet.cli.planted").as("what plays core"))),
        Arguments.of("ShowsNatives", onlyTorchSeesLibtorch()),
        Arguments.of("LabelsOnSpark", onlySees("spark", "org.apache.spark")),
        Arguments.of("ShowsNatives", signaturesAreOurs(inTheOpen(), JAVACPP)),
        Arguments.of("ShowsSessions", onlyOnnxSeesItsRuntime()),
        Arguments.of("ShowsSessions", signaturesAreOurs(inTheOpen(), ONNX_RUNTIME)),
        Arguments.of("LabelHelper", namesSayTheThing()),
        Arguments.of("planted.east", noCycles(playsCore)));
  }

  /**
   * Parameters, results, thrown types, type arguments and fields that a user of the API can see.
   */
  private static final class CarryNoNativeType extends ArchCondition<JavaClass> {
    private final String natives;

    CarryNoNativeType(String natives) {
      super("carry no " + natives + " type in a public signature");
      this.natives = natives;
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
      if (!type.getModifiers().contains(JavaModifier.PUBLIC)) {
        return;
      }
      for (JavaCodeUnit unit : type.getCodeUnits()) {
        if (isVisible(unit.getModifiers())) {
          Stream.concat(
                  Stream.concat(
                      unit.getReturnType().getAllInvolvedRawTypes().stream(),
                      unit.getParameterTypes().stream()
                          .flatMap(parameter -> parameter.getAllInvolvedRawTypes().stream())),
                  unit.getExceptionTypes().stream())
              .forEach(seen -> judge(type, unit.getFullName(), seen, events));
        }
      }
      for (JavaField field : type.getFields()) {
        if (isVisible(field.getModifiers())) {
          field
              .getType()
              .getAllInvolvedRawTypes()
              .forEach(seen -> judge(type, field.getFullName(), seen, events));
        }
      }
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
      return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private void judge(JavaClass type, String member, JavaClass seen, ConditionEvents events) {
      if (seen.getBaseComponentType().getPackageName().startsWith(natives)) {
        events.add(SimpleConditionEvent.violated(type, member + " shows " + seen.getName()));
      }
    }
  }
}
