package org.efrnet.video;

import java.util.OptionalLong;

/**
 * What a source's frames are like.
 *
 * @param width of an upright frame, in pixels
 * @param height of an upright frame, in pixels
 * @param rate frames a second, as the container says or as it was measured
 * @param timeBase the unit of times, in seconds
 * @param pixelAspect a pixel's width by its height; not positive if nobody says
 * @param orientation of stored frames, 1..8 as Exif counts
 * @param frames that the container claims to have, or its duration makes likely
 */
record VideoFormat(
    int width,
    int height,
    Fraction rate,
    Fraction timeBase,
    Fraction pixelAspect,
    int orientation,
    OptionalLong frames) {}
