package org.efrnet.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogTest {
  @TempDir private Path run;

  private RunLog read(String text) throws IOException {
    Files.writeString(run.resolve("train.jsonl"), text);
    return RunLog.read(run);
  }

  @Test
  void tellsWhatWasLogged() throws IOException {
    RunLog log =
        read(
            """
            {"step":20,"epoch":1,"loss":2.38555,"rate":0.0072559,"picturesPerSecond":17.06}
            {"step":60,"epoch":2,"watch":{"data":"val of folder X","pictures":20,"miou":41.21,"pixelAccuracy":83.02,"classes":[{"name":"Road","iou":88.1},{"name":"Pole","iou":null}]}}
            {"step":40,"epoch":2,"loss":1.5,"rate":0.01,"picturesPerSecond":3,"new":{"a":[1,{}]}}
            """);
    assertThat(log.steps()).containsExactly(20, 40);
    assertThat(log.losses()).containsExactly(2.38555, 1.5);
    assertThat(log.rates()).containsExactly(0.0072559, 0.01);
    assertThat(log.lastPicturesPerSecond()).isEqualTo(3);
    assertThat(log.lastStep()).isEqualTo(60);
    assertThat(log.lastEpoch()).isEqualTo(2);
    assertThat(log.unreadable()).isZero();
    RunLog.Watch watch = log.lastWatch().orElseThrow();
    assertThat(watch.data()).isEqualTo("val of folder X");
    assertThat(watch.pictures()).isEqualTo(20);
    assertThat(watch.miou()).isEqualTo(41.21);
    assertThat(watch.iouOf("Road")).isEqualTo(88.1);
    assertThat(watch.iouOf("Pole")).isNaN();
    assertThat(watch.iouOf("Sky")).isNaN();
  }

  @Test
  void timeIsThatOfTheStepsByThePicturesOfTheirPhase() throws IOException {
    Recipe recipe =
        Recipe.read(
            Path.of("..", "recipes", "smoke.yaml"),
            List.of(
                "phases=[{epochs: 2, batch: 4, crop: 96x64, scale: [1, 1]},"
                    + " {epochs: 1, batch: 2, crop: 96x64, scale: [1, 1]}]"));
    RunLog log =
        read(
            """
            {"step":20,"epoch":1,"loss":2,"rate":0.01,"picturesPerSecond":10}
            {"step":30,"epoch":2,"loss":2,"rate":0.01,"picturesPerSecond":0.1}
            {"step":40,"epoch":3,"loss":2,"rate":0.01,"picturesPerSecond":5}
            """);
    assertThat(log.time(recipe)).isEqualTo(Duration.ofSeconds(8 + 400 + 4));
  }

  @Test
  void passesOverWhatItDoesNotKnow() throws IOException {
    RunLog log =
        read(
            """
            {"resumed":40,"step":40}
            {"note":"x"}

            {"step":60,"loss":null}
            {"step":80,"loss":NaN}
            {"step":-1,"loss":1}
            {"step":100,"watch":7}
            {"step":100,"watch":{"classes":[7,{"iou":3}]}}
            """);
    assertThat(log.unreadable()).isZero();
    assertThat(log.steps()).containsExactly(80);
    assertThat(log.losses()).containsExactly(Double.NaN);
    assertThat(log.watches()).hasSize(1);
    assertThat(log.bestWatch()).isEmpty();
  }

  @Test
  void everyWayToCutTheLastLineIsTolerated() throws IOException {
    String first = RunFolders.line(20, 2) + RunFolders.watch(20, 40);
    String last = RunFolders.line(40, 1);
    for (int cut = 0; cut <= last.length(); cut++) {
      RunLog log = read(first + last.substring(0, cut));
      // Without its line feed a line may be whole.
      assertThat(log.size()).as("cut at %d", cut).isEqualTo(cut >= last.length() - 1 ? 2 : 1);
      assertThat(log.unreadable()).isZero();
    }
  }

  @Test
  void damagedLinesAreCountedAndTheOthersRead() throws IOException {
    RunLog log =
        read(
            RunFolders.line(20, 2)
                + "{\"step\":40,\"ep"
                + RunFolders.line(60, 1)
                + "[]\n\u0000\u0000\n{}{}\n"
                + RunFolders.line(80, 1));
    assertThat(log.steps()).containsExactly(20, 80);
    assertThat(log.unreadable()).isEqualTo(4);
  }

  @Test
  void ofStepsTrainedAgainTheLaterLinesCount() throws IOException {
    RunLog log =
        read(
            RunFolders.line(20, 3)
                + RunFolders.line(40, 2)
                + RunFolders.watch(40, 50)
                + RunFolders.line(60, 1)
                + RunFolders.line(40, 2.5)
                + RunFolders.watch(40, 45));
    assertThat(log.steps()).containsExactly(20, 40);
    assertThat(log.losses()).containsExactly(3, 2.5);
    assertThat(log.watches()).extracting(RunLog.Watch::miou).containsExactly(45.0);
  }

  @Test
  void theBestIsTheFirstOfTheHighest() throws IOException {
    RunLog log =
        read(RunFolders.watch(20, 40) + RunFolders.watch(40, 50) + RunFolders.watch(60, 50));
    assertThat(log.bestWatch().orElseThrow().step()).isEqualTo(40);
    assertThat(log.lastWatch().orElseThrow().step()).isEqualTo(60);
  }

  @Test
  void aRunWithoutALogHasNoLines() throws IOException {
    RunLog log = RunLog.read(run.resolve("missing"));
    assertThat(log.exists()).isFalse();
    assertThat(log.size()).isZero();
    assertThat(log.lastLoss()).isNaN();
    assertThat(log.lastStep()).isZero();
    assertThat(read("").exists()).isTrue();
  }

  @Test
  void smoothingIsTheMeanOfTheNeighbours() {
    double gap = Double.NaN;
    assertThat(Curves.smoothed(new double[] {1, 2, 6, gap, 4}, 3)).containsExactly(1.5, 3, 4, 5, 4);
    assertThat(Curves.smoothed(new double[] {gap, gap, gap, 1}, 3)).containsExactly(gap, gap, 1, 1);
  }
}
