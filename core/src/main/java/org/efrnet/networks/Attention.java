package org.efrnet.networks;

/** Where Channel Attention Refinement Modules stand; the paper names the stages, not the places. */
public enum Attention {
  /** Nowhere: the first three rows of the paper's ablation. */
  NONE,
  /** Inside every bottleneck of the refining stages, behind its middle convolution. */
  INNER,
  /** Inside the encoder's bottlenecks, and on the output of both decoder stages: variant R2. */
  INNER_ENCODER_STAGE_DECODER,
  /** Once on the output of each refining stage: variants S and S'. */
  STAGE;

  boolean inEncoderBlocks() {
    return this == INNER || this == INNER_ENCODER_STAGE_DECODER;
  }

  boolean inDecoderBlocks() {
    return this == INNER;
  }

  boolean onEncoderStage() {
    return this == STAGE;
  }

  boolean onDecoderStages() {
    return this == STAGE || this == INNER_ENCODER_STAGE_DECODER;
  }
}
