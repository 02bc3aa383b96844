/** Recipes, schedules, batches, and the loop that trains a network by them. */
package org.efrnet.training;
