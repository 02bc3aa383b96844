package org.efrnet.ops;

/**
 * What a maximum pooling gives when its places are wanted.
 *
 * @param values the maxima, (N, C, h, w)
 * @param indices where they stood: {@code row * W + column} within each plane of the source; the
 *     first in row-major order wins a tie
 */
public record Pooled<T>(T values, T indices) {}
