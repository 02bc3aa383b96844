/** What a training step sees and minimises, and who takes it; engines implement the steps. */
package org.efrnet.learning;
