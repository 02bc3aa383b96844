/** A network as data: nodes in order, replayed to any reading, rewritten by passes. */
package org.efrnet.graph;
