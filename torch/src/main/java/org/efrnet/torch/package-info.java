/**
 * The libtorch reading: training with autograd, and inference. The only package that sees {@code
 * org.bytedeco.pytorch}; its public types carry Java-owned data alone.
 */
package org.efrnet.torch;
