package org.efrnet.cli.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.efrnet.data.CityscapesScenes;
import org.efrnet.data.DataSets;
import org.efrnet.data.StreetScenes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A data set on its way to a host: all that its lists name, and nothing beside it. */
class DataFilesTest {
  private static final Watcher NOBODY = (stage, done, total) -> {};

  @TempDir private Path dir;

  private Path data;

  @BeforeEach
  void make() throws IOException {
    data = dir.resolve("streets");
    StreetScenes.writeCamvidLayout(
        data, Map.of("train", StreetScenes.of(3, 48, 32, 1), "val", StreetScenes.of(2, 48, 32, 2)));
  }

  private Path pack(String name) throws IOException {
    Path target = dir.resolve(name);
    new Pack(target, Optional.of(data), OptionalLong.empty()).writeData(NOBODY);
    return target;
  }

  @Test
  void takesTheLayoutsFilesAndOpensAsBefore() throws IOException {
    Files.writeString(data.resolve("notes.txt"), "not a list\n");
    Files.createDirectory(data.resolve("private"));
    Files.writeString(data.resolve("private/letter"), "not data");
    Path packed = pack("packed");
    assertThat(DataSets.open(packed, "train+val").names())
        .isEqualTo(DataSets.open(data, "train+val").names())
        .hasSize(5);
    assertThat(packed.resolve("notes.txt")).doesNotExist();
    assertThat(packed.resolve("private")).doesNotExist();
    assertThat(Files.readAllLines(packed.resolve("SHA256SUMS"))).hasSize(2 + 2 * 5);
  }

  @Test
  void takesCityscapesWithoutLists() throws IOException {
    data = dir.resolve("cityscapes");
    CityscapesScenes.write(data, "train", StreetScenes.of(2, 48, 32, 1), "aachen", "ulm");
    CityscapesScenes.write(data, "test", StreetScenes.of(1, 48, 32, 1), "berlin");
    Files.writeString(data.resolve("license.txt"), "terms\n");
    Path packed = pack("packed");
    assertThat(DataSets.open(packed, "train").load(1).truth())
        .isEqualTo(DataSets.open(data, "train").load(1).truth());
    assertThat(DataSets.open(packed, "test").names()).hasSize(1);
    // A picture each, and for two of them labels and instances.
    assertThat(Files.readAllLines(packed.resolve("SHA256SUMS"))).hasSize(3 + 2 * 2);
    try (var files = Files.list(data.resolve("gtFine/train/ulm"))) {
      Files.delete(files.sorted().findFirst().orElseThrow());
    }
    assertThatThrownBy(() -> pack("again")).hasMessageContaining("are missing");
  }

  @Test
  void refusesAListThatNamesWhatIsNotThere() throws IOException {
    try (var files = Files.list(data.resolve("trainannot"))) {
      Files.delete(files.sorted().findFirst().orElseThrow());
    }
    assertThatThrownBy(() -> pack("packed")).hasMessageContaining("is missing, named by");
    assertThat(dir.resolve("packed")).doesNotExist();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void refusesLinksThatLeadOut() throws IOException {
    Path secret = Files.writeString(dir.resolve("secret"), "x");
    Files.createSymbolicLink(data.resolve("train/extra.png"), secret);
    assertThatThrownBy(() -> pack("packed"))
        .hasMessageContaining("extra.png")
        .hasMessageContaining("leads out of the data folder");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void takesLinksWithinTheFolderAsFiles() throws IOException {
    Path inside = Files.writeString(data.resolve("val/real.bin"), "x");
    Files.createSymbolicLink(data.resolve("train/link.bin"), inside);
    Path packed = pack("packed");
    assertThat(packed.resolve("train/link.bin")).hasContent("x").isRegularFile();
    assertThat(Files.isSymbolicLink(packed.resolve("train/link.bin"))).isFalse();
  }

  @Test
  void refusesAnyOtherFolder() {
    assertThatThrownBy(() -> DataFiles.of(dir)).hasMessageContaining("layout is not known");
  }
}
