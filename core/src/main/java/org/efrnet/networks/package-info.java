/** The networks, each one file that reads like its paper's table. */
package org.efrnet.networks;
