/** Videos, cameras and streams: every frame segmented, watched and written, by FFmpeg. */
package org.efrnet.video;
