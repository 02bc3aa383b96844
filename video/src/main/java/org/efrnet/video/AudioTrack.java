package org.efrnet.video;

import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avutil.AVDictionary;

/**
 * Sound that lies beside a video.
 *
 * @param stream its number in the source, which the packets carry
 * @param parameters of its codec; owned by the reader, valid until that is closed
 * @param metadata such as its language; owned likewise
 * @param codec its name, such as {@code aac}
 */
record AudioTrack(
    int stream,
    AVCodecParameters parameters,
    AVDictionary metadata,
    String codec,
    Fraction timeBase) {}
