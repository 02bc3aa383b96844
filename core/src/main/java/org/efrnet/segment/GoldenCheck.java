package org.efrnet.segment;

/** When an engine is held against the golden logits of the bundle that it runs. */
public enum GoldenCheck {
  /** Whenever a segmenter is loaded; costs one small picture. */
  ALWAYS,
  /**
   * The first time that this engine, in this precision, on this kind of processor, runs this
   * bundle; that it passed is remembered in the user's cache folder ({@code docs/bundles.md}).
   */
  ONCE,
  /** Never: for engines that compute something else on purpose. */
  NEVER
}
