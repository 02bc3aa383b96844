/** The graph as an ONNX model, and an engine that runs it by ONNX Runtime. */
package org.efrnet.onnx;
