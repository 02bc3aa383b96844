/** Readings of networks that need no native code: shapes, costs, parameters. */
package org.efrnet.readings;
