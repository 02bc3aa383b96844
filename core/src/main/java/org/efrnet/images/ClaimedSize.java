package org.efrnet.images;

/**
 * The size that a picture's file claims in its header, as it is stored: before it is turned
 * upright. Nothing of it is proven yet.
 *
 * @param width columns, 0 or below where the header makes no sense
 * @param height rows, 0 or below where the header makes no sense
 */
public record ClaimedSize(long width, long height) {
  /** Their product. */
  public long pixels() {
    return width * height;
  }
}
