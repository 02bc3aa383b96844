/** The machine that this runs on, for whoever reports what it measured here. */
package org.efrnet.machine;
