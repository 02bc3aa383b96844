package org.efrnet.labels;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.efrnet.images.Picture;
import org.junit.jupiter.api.Test;

class CamvidLabelsTest {
  private static final ClassTable ELEVEN = ClassTable.named("camvid-11");

  /** Written down a second time, by class: a slip in the table shows. */
  @Test
  void everyOriginalClassIsGroupedAsInTheLiterature() {
    Map<String, Set<String>> groups =
        CamvidLabels.all().stream()
            .collect(
                groupingBy(
                    label ->
                        label.trainId() == ClassTable.IGNORE
                            ? "ignored"
                            : ELEVEN.classes().get(label.trainId()).name(),
                    mapping(CamvidLabels.Label::name, toSet())));
    assertThat(groups)
        .containsOnly(
            Map.entry("Sky", Set.of("Sky")),
            Map.entry("Building", Set.of("Building", "Archway", "Bridge", "Tunnel", "Wall")),
            Map.entry("Pole", Set.of("Column_Pole", "TrafficCone")),
            Map.entry("Road", Set.of("Road", "LaneMkgsDriv", "LaneMkgsNonDriv")),
            Map.entry("Pavement", Set.of("Sidewalk", "ParkingBlock", "RoadShoulder")),
            Map.entry("Tree", Set.of("Tree", "VegetationMisc")),
            Map.entry("SignSymbol", Set.of("SignSymbol", "Misc_Text", "TrafficLight")),
            Map.entry("Fence", Set.of("Fence")),
            Map.entry("Car", Set.of("Car", "SUVPickupTruck", "Truck_Bus", "Train", "OtherMoving")),
            Map.entry("Pedestrian", Set.of("Pedestrian", "Child", "CartLuggagePram", "Animal")),
            Map.entry("Bicyclist", Set.of("Bicyclist", "MotorcycleScooter")),
            Map.entry("ignored", Set.of("Void")));
  }

  @Test
  void thirtyTwoColoursOfFourStepsAChannel() {
    assertThat(CamvidLabels.all()).hasSize(32);
    assertThat(CamvidLabels.all()).extracting(CamvidLabels.Label::colour).doesNotHaveDuplicates();
    assertThat(CamvidLabels.all())
        .allSatisfy(
            label -> {
              Colour c = label.colour();
              assertThat((c.red() | c.green() | c.blue()) & 63).as(label.name()).isZero();
              assertThat(CamvidLabels.colourCode().trainIdOf(c)).hasValue(label.trainId());
            });
    assertThat(CamvidLabels.colourCode().trainIdOf(new Colour(1, 0, 0))).isEmpty();
    // The classes that the 11 are named after kept their colour, but for the pavement's.
    for (SegmentationClass entry : ELEVEN.classes()) {
      if (!entry.name().equals("Pavement")) {
        assertThat(CamvidLabels.colourCode().trainIdOf(entry.colour())).hasValue(entry.id());
      }
    }
  }

  @Test
  void aColourBetweenTwoIsAnErrorWithItsPlace() throws LabelException {
    ColourCode code = ColourCode.of(ELEVEN);
    byte[] rgb = new byte[4 * 3 * 3];
    assertThat(code.toTrainIds(new Picture(4, 3, rgb), "x").histogram()[ClassTable.IGNORE])
        .isEqualTo(12);
    rgb[3 * 6] = 65;
    rgb[3 * 9] = 65;
    rgb[3 * 11 + 2] = 1;
    assertThatThrownBy(() -> code.toTrainIds(new Picture(4, 3, rgb), "m.png"))
        .isInstanceOf(LabelException.class)
        .hasMessage(
            "label mask m.png: colour 65,0,0 has no rule in class table 'camvid-11' (2 pixels, the"
                + " first at (2, 1), and 1 more such colours); give the colour a class, or export"
                + " the mask without smoothing or resizing");
  }
}
