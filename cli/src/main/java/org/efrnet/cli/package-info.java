/** The command line: words in, files and one-line messages out. */
package org.efrnet.cli;
