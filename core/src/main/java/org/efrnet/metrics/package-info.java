/** What a segmentation is worth: the confusion matrix and the figures drawn from it. */
package org.efrnet.metrics;
