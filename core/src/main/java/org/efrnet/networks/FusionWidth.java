package org.efrnet.networks;

/** How wide the streams of a Feature Fusion Module are; the paper does not say. */
public enum FusionWidth {
  /**
   * As many channels as the module gives, expanded to twice that: the one that meets all counts.
   */
  OUT_EXPANDED,
  /** Half of the channels that the module takes, not expanded: variant S. */
  HALF_IN;

  int middle(int in, int out) {
    return this == OUT_EXPANDED ? out : in / 2;
  }

  int expanded(int in, int out) {
    return this == OUT_EXPANDED ? 2 * out : in / 2;
  }
}
