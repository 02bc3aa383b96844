package org.efrnet.learning;

/**
 * What a training step minimises, and how.
 *
 * @param classWeights one factor a class in the cross-entropy, or empty for none
 * @param ignore the truth value that counts for nothing
 * @param labelSmoothing share of the target spread over all classes, 0..1
 * @param jaccard what the soft Jaccard loss weighs beside the cross-entropy; 0 for none. It is 1
 *     less the mean, over the classes that the truth of a step has, of I / (P + Y - I): by class, P
 *     and Y sum up probabilities and truth over all pixels that have a truth, I the probabilities
 *     where they belong
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
    double jaccard,
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

  /** Cross-entropy alone. */
  public LearningRule(
      Optimiser optimiser,
      float[] classWeights,
      int ignore,
      double labelSmoothing,
      double clipNorm,
      double averageDecay,
      boolean learnSlopes,
      Decay decay) {
    this(
        optimiser,
        classWeights,
        ignore,
        labelSmoothing,
        0,
        clipNorm,
        averageDecay,
        learnSlopes,
        decay);
  }

  /** The same with a soft Jaccard loss of this weight. */
  public LearningRule withJaccard(double weight) {
    return new LearningRule(
        optimiser,
        classWeights,
        ignore,
        labelSmoothing,
        weight,
        clipNorm,
        averageDecay,
        learnSlopes,
        decay);
  }

  /** Plain cross-entropy. */
  public static LearningRule plain(Optimiser optimiser, int ignore) {
    return new LearningRule(
        optimiser, new float[0], ignore, 0, Double.POSITIVE_INFINITY, 0, true, Decay.EVERYTHING);
  }
}
