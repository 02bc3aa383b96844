package org.efrnet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSetsTest {
  @TempDir Path dir;

  @Test
  void everyLayoutIsToldByItsFiles() throws IOException {
    StreetScenes scenes = StreetScenes.of(2, 32, 32, 1);
    StreetScenes.writeCamvidLayout(dir, Map.of("test", scenes));
    assertThat(DataSets.layoutOf(dir)).isEqualTo(DataSets.Layout.CAMVID);
    assertThat(DataSets.open(dir, "test").name()).isEqualTo("camvid test");

    Path pictures = Files.createDirectory(dir.resolve("701_StillsRaw_full"));
    for (String name : scenes.names()) {
      Files.copy(dir.resolve("test").resolve(name + ".png"), pictures.resolve(name + ".png"));
    }
    assertThat(DataSets.layoutOf(dir)).hasToString("camvid-original");
    assertThat(DataSets.open(dir, "test").name()).isEqualTo("camvid-original test");

    FolderScenes.writeClasses(dir);
    FolderScenes.write(dir, "test", scenes, "a", "b");
    assertThat(DataSets.layoutOf(dir)).hasToString("folder");
    assertThat(DataSets.open(dir, "test").name()).isEqualTo("yard test");
  }

  @Test
  void anotherFolderIsToldWhichLayoutsThereAre() throws IOException {
    assertThatThrownBy(() -> DataSets.open(dir.resolve("none"), "train"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("none: no such folder");
    Files.writeString(dir.resolve("train.txt"), "a.png\n");
    Files.createDirectory(dir.resolve("images"));
    assertThatThrownBy(() -> DataSets.open(dir, "train"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("classes.yaml")
        .hasMessageContaining("LabeledApproved_full")
        .hasMessageContaining("trainannot");
  }
}
