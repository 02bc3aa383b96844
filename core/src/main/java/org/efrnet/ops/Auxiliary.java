package org.efrnet.ops;

/**
 * A head that serves training only.
 *
 * @param name what the log calls it
 * @param logits (N, classes, h, w), of any size: they are held against the truth at the nearest
 *     pixels
 * @param lossWeight its share in the loss, beside the main head's 1
 */
public record Auxiliary<T>(String name, T logits, double lossWeight) {}
