/**
 * Checkpoints of other programs, read as data: nothing in them is run. What their tensors are to a
 * network of this project, and what the code they come from does to pictures.
 */
package org.efrnet.checkpoint;
