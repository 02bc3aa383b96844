/** A trained network as a folder: weights, and all that is needed to use and to judge them. */
package org.efrnet.bundle;
