package org.efrnet.segment;

/**
 * What one step of a prepared network takes.
 *
 * @param name of the node of the graph, as its parameters are named, or of those that the engine
 *     computes at once
 * @param what is computed, for people: kind, channels, size, such as {@code conv 3x3 64 to 64}
 * @param milliseconds that one computation takes
 * @param gflops of its convolutions, 10^9 a second, a multiply-accumulate counted as two; 0 for a
 *     step without convolutions
 */
public record NodeTime(String name, String what, double milliseconds, double gflops) {}
