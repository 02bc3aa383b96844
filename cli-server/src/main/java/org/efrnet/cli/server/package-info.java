/** The command that serves models over HTTP. */
package org.efrnet.cli.server;
