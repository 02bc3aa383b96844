/** The commands that need ONNX Runtime. */
package org.efrnet.cli.onnx;
