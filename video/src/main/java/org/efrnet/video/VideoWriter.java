package org.efrnet.video;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.images.Picture;
import org.efrnet.text.WholeFile;

/**
 * Writes pictures and copied sound as a video. The file gets its name when it is whole; until then
 * it is a hidden one beside it. Owns natives; its creator closes it. For one thread at a time.
 *
 * <p>H.264 by OpenH264, which every browser and player shows, where that can: sides are even and
 * frames not above level 5.2. Otherwise VP9.
 */
final class VideoWriter implements AutoCloseable {
  /** Endings of names, and FFmpeg's muxers for them. */
  static final Map<String, String> CONTAINERS =
      Map.of(".mp4", "mp4", ".m4v", "mp4", ".mov", "mov", ".mkv", "matroska");

  private static final List<String> ENCODERS = List.of("libopenh264", "libvpx-vp9");

  /**
   * Colours laid flat over a picture make hard edges: about twice what a camera's picture takes.
   */
  private static final double BITS_A_PIXEL = 0.2;

  private static final long LEAST_BITS_A_SECOND = 200_000;
  private static final long MOST_BITS_A_SECOND = 60_000_000;

  /** Players can jump to every key frame. */
  private static final double KEY_FRAME_SECONDS = 2;

  /** Sound that is further back is damaged. */
  private static final double MOST_OVERLAP_SECONDS = 1;

  private final Path file;
  private final Path part;
  private final boolean sideBySide;
  private final Scaler scaler = new Scaler();
  private final AVFormatContext container = new AVFormatContext((Pointer) null);
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final Map<Integer, AVStream> audio = new HashMap<>();
  private final Map<Integer, AudioTrack> tracks = new HashMap<>();

  /** The least time that a stream's next packet of sound can have, in the stream's time base. */
  private final Map<Integer, Long> heard = new HashMap<>();

  private final List<String> copied = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();
  private final VideoFormat format;
  private AVCodecContext encoder = new AVCodecContext((Pointer) null);
  private AVFrame rgb = new AVFrame((Pointer) null);
  private AVFrame yuv = new AVFrame((Pointer) null);
  private AVStream video = new AVStream((Pointer) null);
  private String codec = "";
  private long last = Long.MIN_VALUE;
  private long duration;
  private boolean finished;

  /** The muxer for a file's name. */
  private static String muxer(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    int dot = name.lastIndexOf('.');
    return CONTAINERS.getOrDefault(dot < 0 ? "" : name.substring(dot), "");
  }

  /** Whether a file of that name can be written. */
  static boolean knows(Path file) {
    return !muxer(file).isEmpty();
  }

  /**
   * Begins a file.
   *
   * @param format of the source's frames
   * @param sideBySide whether the picture itself stands to the left of each frame
   * @param sounds that are copied where the container takes them
   * @throws VideoException if the file cannot be written
   */
  static VideoWriter open(
      Path file, VideoFormat format, boolean sideBySide, List<AudioTrack> sounds)
      throws VideoException {
    VideoWriter writer = new VideoWriter(file, format, sideBySide);
    boolean complete = false;
    try {
      writer.begin(sounds);
      complete = true;
      return writer;
    } finally {
      if (!complete) {
        writer.close();
      }
    }
  }

  private VideoWriter(Path file, VideoFormat format, boolean sideBySide) {
    this.file = file;
    this.format = format;
    this.sideBySide = sideBySide;
    this.part = WholeFile.part(file.toAbsolutePath());
  }

  private void begin(List<AudioTrack> sounds) throws VideoException {
    int width = sideBySide ? Math.multiplyExact(2, format.width()) : format.width();
    allocate();
    openEncoder(width, format.height());
    // A container that has a name for a codec may still refuse the track, say for its rate.
    if (header(sounds) < 0) {
      List<AudioTrack> taken = new ArrayList<>();
      for (AudioTrack track : sounds) {
        if (header(List.of(track)) >= 0) {
          taken.add(track);
        }
      }
      check(header(taken), "cannot be begun");
      sounds.stream()
          .filter(track -> !taken.contains(track))
          .map(AudioTrack::codec)
          .forEach(leftOut::add);
    }
    rgb = Scaler.frame(width, format.height(), avutil.AV_PIX_FMT_RGB24);
    yuv = Scaler.frame(width, format.height(), avutil.AV_PIX_FMT_YUV420P);
    yuv.colorspace(encoder.colorspace());
    yuv.color_range(encoder.color_range());
  }

  private void allocate() throws VideoException {
    String muxer = muxer(file);
    check(
        avformat.avformat_alloc_output_context2(container, null, muxer, part.toString()),
        "cannot be written as " + muxer);
  }

  /** Begins the file, anew if it was begun; what the container said, negative if it refused. */
  private int header(List<AudioTrack> sounds) throws VideoException {
    closeContainer();
    audio.clear();
    tracks.clear();
    copied.clear();
    leftOut.clear();
    allocate();
    video = avformat.avformat_new_stream(container, null);
    avcodec.avcodec_parameters_from_context(video.codecpar(), encoder);
    video.time_base(encoder.time_base());
    video.avg_frame_rate(encoder.framerate());
    video.sample_aspect_ratio(encoder.sample_aspect_ratio());
    for (AudioTrack track : sounds) {
      addSound(track);
    }
    AVIOContext pb = new AVIOContext((Pointer) null);
    try (BytePointer path = new BytePointer("file:" + part, UTF_8)) {
      check(avformat.avio_open(pb, path, avformat.AVIO_FLAG_WRITE), "cannot be written");
    }
    container.pb(pb);
    // The index in front, so that a browser need not have the whole file before it shows a frame.
    AVDictionary options =
        Ffmpeg.dictionary(
            muxer(file).equals("matroska") ? Map.of() : Map.of("movflags", "+faststart"));
    try {
      return avformat.avformat_write_header(container, options);
    } finally {
      avutil.av_dict_free(options);
    }
  }

  private void openEncoder(int width, int height) throws VideoException {
    int error = 0;
    boolean refused = false;
    for (String name : ENCODERS) {
      AVCodec found = avcodec.avcodec_find_encoder_by_name(name);
      boolean odd = width % 2 + height % 2 > 0;
      if (found == null || found.isNull() || (odd && name.equals("libopenh264"))) {
        continue;
      }
      // It has a name for VP9, and refuses the track.
      if (muxer(file).equals("mov") && found.id() == avcodec.AV_CODEC_ID_VP9) {
        refused = true;
        continue;
      }
      encoder = avcodec.avcodec_alloc_context3(found);
      describe(width, height);
      AVDictionary options =
          Ffmpeg.dictionary(
              name.equals("libopenh264")
                  ? Map.of("profile", "high", "rc_mode", "bitrate", "allow_skip_frames", "0")
                  : Map.of("deadline", "realtime", "cpu-used", "6", "lag-in-frames", "0"));
      try {
        error = avcodec.avcodec_open2(encoder, found, options);
      } finally {
        avutil.av_dict_free(options);
      }
      if (error >= 0) {
        codec = avcodec.avcodec_get_name(encoder.codec_id()).getString();
        return;
      }
      avcodec.avcodec_free_context(encoder);
    }
    String frames = "frames of " + width + "x" + height + " cannot be encoded";
    if (refused) {
      throw new VideoException(
          file.toString(),
          frames + " as MOV has them: for H.264 they are odd or large, and it takes no VP9",
          "name it .mp4 or .mkv");
    }
    throw new VideoException(
        file.toString(),
        frames + (error < 0 ? ": " + Ffmpeg.said(error) : ", FFmpeg has no encoder for them here"),
        "use FFmpeg's build by Bytedeco, or smaller frames");
  }

  private void describe(int width, int height) {
    double rate = format.rate().value();
    encoder.width(width).height(height);
    encoder.pix_fmt(avutil.AV_PIX_FMT_YUV420P);
    encoder.time_base(Ffmpeg.rational(format.timeBase()));
    encoder.framerate(Ffmpeg.rational(format.rate()));
    if (format.pixelAspect().isPositive()) {
      encoder.sample_aspect_ratio(Ffmpeg.rational(format.pixelAspect()));
    }
    encoder.gop_size((int) Math.max(1, Math.min(600, Math.round(KEY_FRAME_SECONDS * rate))));
    encoder.max_b_frames(0);
    encoder.bit_rate(
        (long)
            Math.max(
                LEAST_BITS_A_SECOND,
                Math.min(
                    MOST_BITS_A_SECOND,
                    BITS_A_PIXEL * width * height * Math.min(60, Math.max(5, rate)))));
    encoder.color_range(avutil.AVCOL_RANGE_MPEG);
    int matrix = Scaler.matrixOf(height);
    boolean wide = matrix == avutil.AVCOL_SPC_BT709;
    encoder.colorspace(matrix);
    encoder.color_primaries(wide ? avutil.AVCOL_PRI_BT709 : avutil.AVCOL_PRI_SMPTE170M);
    encoder.color_trc(wide ? avutil.AVCOL_TRC_BT709 : avutil.AVCOL_TRC_SMPTE170M);
    if ((container.oformat().flags() & avformat.AVFMT_GLOBALHEADER) != 0) {
      encoder.flags(encoder.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
    }
  }

  private void addSound(AudioTrack track) {
    // Matroska takes what it has no name for by the name that AVI has for it.
    int strictness =
        muxer(file).equals("matroska")
            ? avcodec.FF_COMPLIANCE_UNOFFICIAL
            : avcodec.FF_COMPLIANCE_NORMAL;
    int fits =
        avformat.avformat_query_codec(
            container.oformat(), track.parameters().codec_id(), strictness);
    if (fits != 1) {
      leftOut.add(track.codec());
      return;
    }
    AVStream stream = avformat.avformat_new_stream(container, null);
    avcodec.avcodec_parameters_copy(stream.codecpar(), track.parameters());
    // The tag is the other container's own.
    stream.codecpar().codec_tag(0);
    stream.time_base(Ffmpeg.rational(track.timeBase()));
    AVDictionary metadata = new AVDictionary((Pointer) null);
    if (track.metadata() != null) {
      avutil.av_dict_copy(metadata, track.metadata(), 0);
    }
    stream.metadata(metadata);
    audio.put(track.stream(), stream);
    tracks.put(track.stream(), track);
    copied.add(track.codec());
  }

  /** The name of the video's codec, such as {@code h264}. */
  String codec() {
    return codec;
  }

  /** The codecs of sound that is copied. */
  List<String> copied() {
    return copied;
  }

  /** The codecs of sound that the container does not take. */
  List<String> leftOut() {
    return leftOut;
  }

  /**
   * Writes a frame.
   *
   * @param picture of the source
   * @param overlay of the same size
   * @param time in the format's time base; one that is not above the last becomes the next
   * @param lasts in the format's time base
   * @throws VideoException if it cannot be written
   */
  void write(Picture picture, Picture overlay, long time, long lasts) throws VideoException {
    if (sideBySide) {
      fill(picture, 0);
      fill(overlay, picture.width());
    } else {
      fill(overlay, 0);
    }
    check(avutil.av_frame_make_writable(yuv), "has no memory for a frame");
    scaler.fromRgb(rgb, yuv);
    last = last == Long.MIN_VALUE ? time : Math.max(time, last + 1);
    duration = lasts;
    yuv.pts(last);
    check(avcodec.avcodec_send_frame(encoder, yuv), "a frame cannot be encoded");
    drain();
  }

  private void fill(Picture picture, int left) {
    byte[] bytes = picture.rgb();
    int length = 3 * picture.width();
    BytePointer rows = rgb.data(0);
    for (int y = 0; y < picture.height(); y++) {
      rows.position((long) y * rgb.linesize(0) + 3L * left).put(bytes, y * length, length);
    }
  }

  private void drain() throws VideoException {
    while (true) {
      int received = avcodec.avcodec_receive_packet(encoder, packet);
      if (received == Ffmpeg.again() || received == avutil.AVERROR_EOF()) {
        return;
      }
      check(received, "a frame cannot be encoded");
      packet.stream_index(video.index());
      packet.duration(duration);
      avcodec.av_packet_rescale_ts(packet, encoder.time_base(), video.time_base());
      check(avformat.av_interleaved_write_frame(container, packet), "cannot be written");
    }
  }

  /**
   * Copies a packet of sound, and frees it in any case.
   *
   * @param start where the source begins, in seconds: its time 0 is the written file's
   */
  void write(AVPacket sound, double start) throws VideoException {
    try {
      AVStream to = audio.get(sound.stream_index());
      if (to == null) {
        return;
      }
      Fraction unit = tracks.get(sound.stream_index()).timeBase();
      long offset = Math.round(start / unit.value());
      if (sound.pts() != avutil.AV_NOPTS_VALUE) {
        sound.pts(sound.pts() - offset);
      }
      if (sound.dts() != avutil.AV_NOPTS_VALUE) {
        sound.dts(sound.dts() - offset);
      }
      sound.stream_index(to.index());
      sound.pos(-1);
      avcodec.av_packet_rescale_ts(sound, Ffmpeg.rational(unit), to.time_base());
      if (sound.dts() != avutil.AV_NOPTS_VALUE) {
        // Parts that were joined may overlap; few containers take a time twice, none an earlier.
        boolean twice = (container.oformat().flags() & avformat.AVFMT_TS_NONSTRICT) != 0;
        long least = heard.getOrDefault(to.index(), Long.MIN_VALUE);
        double under = (least - (double) sound.dts()) * Fraction.of(to.time_base()).value();
        if (under > 0 && under <= MOST_OVERLAP_SECONDS) {
          sound.dts(least);
          if (sound.pts() != avutil.AV_NOPTS_VALUE) {
            sound.pts(Math.max(sound.pts(), least));
          }
        }
        heard.put(to.index(), sound.dts() + (twice ? 0 : 1));
      }
      check(avformat.av_interleaved_write_frame(container, sound), "its sound cannot be written");
    } finally {
      avcodec.av_packet_free(sound);
    }
  }

  /**
   * Ends the file and gives it its name.
   *
   * @throws VideoException if it cannot be written
   */
  void finish() throws VideoException {
    check(avcodec.avcodec_send_frame(encoder, new AVFrame((Pointer) null)), "cannot be ended");
    drain();
    check(avformat.av_write_trailer(container), "cannot be ended");
    int closed = avformat.avio_closep(container.pb());
    container.pb(new AVIOContext((Pointer) null));
    check(closed, "cannot be written");
    try {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new VideoException(
          file.toString(), "cannot take the place of what is there", "choose another name", e);
    }
    finished = true;
  }

  private void check(int result, String problem) throws VideoException {
    if (result < 0) {
      throw new VideoException(
          file.toString(),
          problem + ": " + Ffmpeg.said(result),
          "check the folder, its permissions and the room on the disk");
    }
  }

  private void closeContainer() {
    if (!container.isNull()) {
      if (container.pb() != null && !container.pb().isNull()) {
        avformat.avio_closep(container.pb());
        container.pb(new AVIOContext((Pointer) null));
      }
      avformat.avformat_free_context(container);
      container.setNull();
    }
  }

  /** Without {@link #finish()} nothing of the file is left. */
  @Override
  public void close() {
    closeContainer();
    if (!encoder.isNull()) {
      avcodec.avcodec_free_context(encoder);
    }
    avcodec.av_packet_free(packet);
    if (!rgb.isNull()) {
      avutil.av_frame_free(rgb);
    }
    if (!yuv.isNull()) {
      avutil.av_frame_free(yuv);
    }
    scaler.close();
    if (!finished) {
      try {
        Files.deleteIfExists(part);
      } catch (IOException e) {
        // It is hidden and nobody's; the error that led here is the one to tell.
        return;
      }
    }
  }
}
