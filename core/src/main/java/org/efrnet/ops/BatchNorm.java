package org.efrnet.ops;

/**
 * Batch normalisation over N, H and W: {@code weight}, {@code bias}, {@code running_mean} and
 * {@code running_var} of {@code channels} values under {@code at}.
 *
 * @param epsilon added to the variance
 * @param momentum weight of the newest batch in the running statistics (PyTorch's convention)
 */
public record BatchNorm(Name at, int channels, double epsilon, double momentum) {}
