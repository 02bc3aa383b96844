package org.efrnet.labels;

/**
 * A class that a network tells apart.
 *
 * @param id its train id: the index in {@link ClassTable#classes()} and the channel of the logits
 * @param name as people read it
 * @param colour shown for it
 */
public record SegmentationClass(int id, String name, Colour colour) {}
