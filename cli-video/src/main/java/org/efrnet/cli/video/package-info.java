/** The commands that need FFmpeg. */
package org.efrnet.cli.video;
