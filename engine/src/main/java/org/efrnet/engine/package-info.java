/** Fast inference: the graph as a plan of oneDNN primitives. */
package org.efrnet.engine;
