/**
 * The vocabulary in which networks are written: one method of {@link org.efrnet.ops.Ops} for one
 * mathematical operation, and the records that describe them.
 */
package org.efrnet.ops;
