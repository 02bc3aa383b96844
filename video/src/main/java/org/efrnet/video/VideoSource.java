package org.efrnet.video;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.efrnet.text.OneLine;

/**
 * Where frames come from.
 *
 * @param kind what it is
 * @param address a file's path, a device's path or a stream's URL
 */
public record VideoSource(Kind kind, String address) {
  /** What a source is. */
  public enum Kind {
    /** Every frame of it is taken, however long that lasts. */
    FILE,
    /** A live stream: the latest frame is taken. */
    STREAM,
    /** A camera of Linux: the latest frame is taken. */
    CAMERA
  }

  /**
   * Those of FFmpeg's protocols that cameras and encoders speak; none opens a file or a program.
   */
  private static final List<String> SCHEMES =
      List.of("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "tcp", "udp", "rtp", "srt");

  /**
   * What a word of the command line means.
   *
   * @throws IllegalArgumentException if it is a URL of a kind that is not read
   */
  public static VideoSource of(String word) {
    int end = word.indexOf("://");
    if (end > 0 && word.substring(0, end).matches("[A-Za-z][A-Za-z0-9+.-]*")) {
      String scheme = word.substring(0, end).toLowerCase(Locale.ROOT);
      if (!SCHEMES.contains(scheme)) {
        throw new IllegalArgumentException(
            "streams of "
                + OneLine.of(scheme)
                + ":// are not read; known are "
                + String.join(", ", SCHEMES)
                + ", files and /dev/videoN");
      }
      return new VideoSource(Kind.STREAM, word);
    }
    return new VideoSource(word.matches("/dev/video[0-9]+") ? Kind.CAMERA : Kind.FILE, word);
  }

  /** Of a file. */
  public static VideoSource of(Path file) {
    return new VideoSource(Kind.FILE, file.toString());
  }

  /** Whether frames come at their own pace and are lost if nobody takes them. */
  public boolean isLive() {
    return kind != Kind.FILE;
  }

  /** The address without a password, fit for a message. */
  public String name() {
    return OneLine.of(
        kind == Kind.STREAM ? address.replaceFirst("://[^/@]*@", "://...@") : address, 500);
  }

  /** As {@link #name()}: a password must not reach a log by chance. */
  @Override
  public String toString() {
    return kind + " " + name();
  }
}
