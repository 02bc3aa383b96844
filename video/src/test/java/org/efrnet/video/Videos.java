package org.efrnet.video;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.ffmpeg;
import org.bytedeco.ffmpeg.ffprobe;
import org.bytedeco.javacpp.Loader;

/** Makes small videos and looks into them, by FFmpeg's own programs: none of this module's code. */
public final class Videos {
  private Videos() {}

  /**
   * Runs {@code ffmpeg}.
   *
   * @param words split at blanks, for options; what follows is taken as it is
   */
  public static void make(String words, Object... more) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Loader.load(ffmpeg.class));
    command.addAll(List.of("-nostdin", "-v", "error", "-y", "-threads", "1"));
    command.addAll(Arrays.asList(words.split(" ")));
    Arrays.stream(more).map(Object::toString).forEach(command::add);
    run(command);
  }

  /**
   * What {@code ffprobe} says of all frames of a video stream, such as {@code
   * codec_name=h264|width=64|height=48|...|nb_read_frames=20}.
   */
  public static String video(Path file) throws IOException {
    return probe(
        file,
        "-count_frames",
        "-select_streams",
        "v:0",
        "-show_entries",
        "stream=codec_name,width,height,sample_aspect_ratio,r_frame_rate,avg_frame_rate,"
            + "nb_read_frames");
  }

  /** What {@code ffprobe} prints, compactly. */
  static String probe(Path file, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Loader.load(ffprobe.class));
    command.addAll(List.of("-v", "quiet", "-of", "compact=p=0"));
    command.addAll(List.of(options));
    command.add(file.toString());
    return new String(run(command), UTF_8).strip();
  }

  /** When the packets of a stream, such as {@code v:0}, are shown, in seconds. */
  static List<Double> times(Path file, String stream) throws IOException {
    return probe(file, "-select_streams", stream, "-show_entries", "packet=pts_time")
        .lines()
        .map(line -> Double.valueOf(line.replaceFirst("pts_time=([-0-9.]+).*", "$1")))
        .toList();
  }

  /** How many frames of a video FFmpeg itself decodes. */
  public static int frames(Path file) throws IOException {
    return Integer.parseInt(video(file).replaceFirst("(?s).*nb_read_frames=(\\d+).*", "$1"));
  }

  /** All frames as FFmpeg itself decodes and turns them, RGB, one after the other. */
  static byte[] rgb(Path file) throws IOException {
    return run(
        List.of(
            Loader.load(ffmpeg.class),
            "-nostdin",
            "-v",
            "error",
            "-i",
            file.toString(),
            "-fps_mode",
            "passthrough",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-"));
  }

  /** A digest of the packets of the sound, as they lie in the file. */
  static String sound(Path file) throws IOException {
    return new String(
            run(
                List.of(
                    Loader.load(ffmpeg.class),
                    "-nostdin",
                    "-v",
                    "error",
                    "-i",
                    file.toString(),
                    "-map",
                    "0:a",
                    "-c",
                    "copy",
                    "-f",
                    "md5",
                    "-")),
            UTF_8)
        .strip();
  }

  /** The first part of a file, as a copy that broke off leaves it. */
  public static void cut(Path from, Path to, double share) throws IOException {
    byte[] bytes = Files.readAllBytes(from);
    Files.write(to, Arrays.copyOf(bytes, (int) (bytes.length * share)));
  }

  /** The names in a folder, hidden ones too. */
  public static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().collect(Collectors.toList());
    }
  }

  private static byte[] run(List<String> command) throws IOException {
    Path said = Files.createTempFile("ffmpeg", ".log");
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(said.toFile());
      // Natives stand beside the program, which does not look there itself on every system.
      builder.environment().put("LD_LIBRARY_PATH", Path.of(command.get(0)).getParent().toString());
      Process process = builder.start();
      process.getOutputStream().close();
      byte[] out = process.getInputStream().readAllBytes();
      int code = process.waitFor();
      if (code != 0 && command.get(0).endsWith("ffmpeg")) {
        throw new IOException(command + " ended with " + code + ": " + Files.readString(said));
      }
      return out;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      Files.delete(said);
    }
  }
}
