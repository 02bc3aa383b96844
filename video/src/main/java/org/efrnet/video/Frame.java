package org.efrnet.video;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.global.avcodec;
import org.efrnet.images.Picture;
import org.efrnet.segment.Segmentation;

/**
 * A frame on its way from the reader to the writer, with the sound that lay before it in the
 * source. One thread has it at a time.
 */
final class Frame {
  /** Empty where there is only sound. */
  final Optional<Picture> picture;

  /** When it is shown, and for how long, in the source's time base. */
  final long time;

  final long duration;

  /** When its decoding was done, by {@link System#nanoTime()}. */
  final long ready;

  final long decodeNanos;
  long drawNanos;
  Optional<Segmentation> segmentation = Optional.empty();
  Optional<Picture> overlay = Optional.empty();
  private final List<AVPacket> sound;

  Frame(
      Optional<Picture> picture, long time, long duration, long decodeNanos, List<AVPacket> sound) {
    this.picture = picture;
    this.time = time;
    this.duration = duration;
    this.decodeNanos = decodeNanos;
    this.ready = System.nanoTime();
    this.sound = sound;
  }

  /** Whoever takes the packets frees them. */
  List<AVPacket> takeSound() {
    List<AVPacket> taken = new ArrayList<>(sound);
    sound.clear();
    return taken;
  }

  /** Gives back the native memory that nobody took. */
  void free() {
    takeSound().forEach(avcodec::av_packet_free);
  }
}
