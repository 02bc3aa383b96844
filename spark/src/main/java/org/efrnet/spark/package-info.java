/** Labelling and judging on Apache Spark: many machines, the same bundle, the same masks. */
package org.efrnet.spark;
