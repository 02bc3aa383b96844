package org.efrnet.video;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avdevice;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.Pointer;

/** What reading and writing share. */
final class Ffmpeg {
  private Ffmpeg() {}

  /**
   * Loads the natives. FFmpeg itself then says nothing on stderr, in the whole process: its errors
   * come back as numbers, and a damaged file would have it write thousands of lines.
   *
   * @throws IllegalStateException if they cannot be loaded here, with the remedy
   */
  static void load() {
    try {
      avutil.av_log_set_level(avutil.AV_LOG_QUIET);
      avformat.avformat_network_init();
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "FFmpeg's natives cannot be loaded here ("
              + e.getMessage()
              + "); put org.bytedeco:ffmpeg with this platform's classifier on the class path",
          e);
    }
  }

  /** Loads the natives that read cameras, which lean on libraries of the host. */
  static void loadDevices() throws VideoException {
    try {
      avdevice.avdevice_register_all();
    } catch (LinkageError e) {
      throw new VideoException(
          "cameras",
          "FFmpeg's libavdevice cannot be loaded here (" + e.getMessage() + ")",
          "install the libraries that it leans on, for Debian: apt-get install libxcb1 libxcb-shm0"
              + " libasound2 libpulse0",
          e);
    }
  }

  /** What says that there is nothing yet, and more input may help; once the natives are loaded. */
  static int again() {
    return org.bytedeco.ffmpeg.presets.avutil.AVERROR_EAGAIN();
  }

  /** FFmpeg's own words for an error, such as {@code Connection refused}. */
  static String said(int error) {
    byte[] text = new byte[200];
    avutil.av_strerror(error, text, text.length);
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    return new String(text, 0, length, UTF_8);
  }

  /** Owned by the caller, who frees it. */
  static AVDictionary dictionary(Map<String, String> options) {
    AVDictionary dictionary = new AVDictionary((Pointer) null);
    options.forEach((key, value) -> avutil.av_dict_set(dictionary, key, value, 0));
    return dictionary;
  }

  /** The same rational in Java's memory's care. */
  static AVRational rational(Fraction fraction) {
    return new AVRational().num(fraction.over()).den(fraction.under());
  }
}
