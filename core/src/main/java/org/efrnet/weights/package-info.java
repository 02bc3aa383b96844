/** Named fp32 tensors and the safetensors files that hold them. */
package org.efrnet.weights;
