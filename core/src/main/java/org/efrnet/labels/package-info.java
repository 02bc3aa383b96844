/** Class tables: what an id means, which colour shows it, what is ignored. */
package org.efrnet.labels;
