package org.efrnet.learning;

/**
 * What a training step minimises, and how.
 *
 * @param classWeights one factor a class in the cross-entropy, or empty for none
 * @param ignore the truth value that counts for nothing
 * @param labelSmoothing share of the target spread over all classes, 0..1
 * @param clipNorm gradients longer than this are shortened to it; infinite for never
 * @param averageDecay of the exponential moving average of the weights at each step; 0 for none
 * @param learnSlopes whether PReLU slopes learn or stay
 * @param decay what weight decay acts on
 */
public record LearningRule(
    Optimiser optimiser,
    float[] classWeights,
    int ignore,
    double labelSmoothing,
    double clipNorm,
    double averageDecay,
    boolean learnSlopes,
    Decay decay) {

  /** What weight decay acts on. */
  public enum Decay {
    /** Every parameter, as PyTorch does unasked and the paper's recipe means. */
    EVERYTHING,
    /** Convolution weights alone: scales, shifts and slopes are few and not what overfits. */
    CONVOLUTIONS
  }

  /** Plain cross-entropy. */
  public static LearningRule plain(Optimiser optimiser, int ignore) {
    return new LearningRule(
        optimiser, new float[0], ignore, 0, Double.POSITIVE_INFINITY, 0, true, Decay.EVERYTHING);
  }
}
