package org.efrnet.segment;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.efrnet.images.LegendEntry;
import org.efrnet.images.Mask;
import org.efrnet.images.Masks;
import org.efrnet.images.Outline;
import org.efrnet.images.Overlay;
import org.efrnet.images.Picture;
import org.efrnet.images.PictureException;
import org.efrnet.labels.ClassTable;
import org.efrnet.labels.SegmentationClass;

/**
 * What is to be seen in a picture, pixel by pixel.
 *
 * @param picture that was segmented
 * @param mask train ids of {@code classes}, of the picture's size
 * @param classes what the ids mean
 * @param confidence of the classes in {@code mask}, where {@link Segmenter.Options#withConfidence}
 *     asked for it: for each pixel of the picture, rows from the top, the softmax probability of
 *     its class as an unsigned byte, 255 for 1; within 1 of the exact value
 * @param millis how long it took
 */
public record Segmentation(
    Picture picture, Mask mask, ClassTable classes, Optional<byte[]> confidence, Millis millis) {
  /**
   * Times in milliseconds, without waiting for other pictures.
   *
   * @param prepare scaling, padding and normalising
   * @param network the engine
   * @param finish upsampling, choosing classes, and confidence if that was asked for
   * @param total all of it
   */
  public record Millis(double prepare, double network, double finish, double total) {}

  /**
   * A class's part of a picture.
   *
   * @param fraction of all pixels, 0..1
   */
  public record Share(SegmentationClass type, double fraction) {
    /** Such as {@code Road 41.2 %}. */
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s %.1f %%", type.name(), 100 * fraction);
    }
  }

  /** The classes that the picture shows, the largest first. */
  public List<Share> shares() {
    long[] pixels = mask.histogram();
    double all = mask.ids().length;
    return classes.classes().stream()
        .filter(type -> pixels[type.id()] > 0)
        .map(type -> new Share(type, pixels[type.id()] / all))
        .sorted(Comparator.comparingDouble(Share::fraction).reversed())
        .toList();
  }

  /**
   * The picture under the classes' colours, with a legend of {@link #shares()}.
   *
   * @param opacity of the colours, 0 (none) to 1 (no picture)
   * @throws IllegalArgumentException if the opacity is out of range
   */
  public Picture overlay(double opacity) {
    int[] colours = Arrays.copyOf(classes.palette(), classes.size());
    return Overlay.legend(
        Overlay.blend(picture, mask, colours, opacity),
        shares().stream()
            .map(s -> new LegendEntry(s.type().name(), s.type().colour().rgb(), s.fraction()))
            .toList());
  }

  /**
   * A connected part of a picture that shows one class.
   *
   * @param outline in the picture's coordinates, exactly along the pixels' edges
   */
  public record Area(SegmentationClass type, Outline outline) {}

  /**
   * The areas of all classes, in the order of their first pixels, row by row: the same mask gives
   * the same list. Pixels that touch at a corner alone are not connected.
   *
   * @param minimumArea pixels that an area has at least, 1 for all areas
   * @throws IllegalArgumentException if that is below 1
   */
  public List<Area> polygons(int minimumArea) {
    return Outline.all(mask, minimumArea).stream()
        .map(outline -> new Area(classes.classes().get(outline.id()), outline))
        .toList();
  }

  /**
   * Writes the mask as an indexed PNG in the classes' colours, replacing the file in one step.
   *
   * @throws PictureException if the file cannot be written
   */
  public void writeMask(Path file) throws PictureException {
    Masks.write(file, mask, classes.palette());
  }

  /**
   * Writes the confidence as an 8-bit grey PNG, replacing the file in one step.
   *
   * @throws PictureException if the file cannot be written
   * @throws IllegalStateException if there is no confidence
   */
  public void writeConfidence(Path file) throws PictureException {
    byte[] grey =
        confidence.orElseThrow(
            () ->
                new IllegalStateException(
                    "this segmentation has no confidence; ask for it by"
                        + " Segmenter.Options.withConfidence()"));
    Masks.writeGrey(file, new Mask(mask.width(), mask.height(), grey));
  }
}
