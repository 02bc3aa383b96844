package org.efrnet.video;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOInterruptCB;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;

/**
 * Reads a source's frames as upright pictures, and the packets of its sound. Owns natives; its
 * creator closes it. For one thread at a time.
 *
 * <p>Files are hostile: of the demuxers only those of containers are used, none that opens further
 * files or addresses, such as a playlist's.
 */
final class VideoReader implements AutoCloseable {
  /** FFmpeg's names of containers that hold a video and open nothing else. */
  private static final String CONTAINERS =
      "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,av1,obu,ivf,flv,asf,ogg,mxf,nut,dv,"
          + "yuv4mpegpipe,mjpeg,gif,rm,wtv,gxf,swf";

  private static final String KNOWN = "MP4, MOV, MKV, WebM, AVI, MPEG, TS, FLV, OGG, WMV and MXF";

  /** After which a live source that sends nothing counts as lost, in microseconds. */
  private static final String SILENCE = "10000000";

  /** A jump in time beyond a day is no time. */
  private static final int LONGEST_JUMP_SECONDS = 86_400;

  /** Packets of sound that wait for a frame before they go on without one. */
  private static final int MOST_SOUND = 256;

  /**
   * Where parts were joined, one of the last packets of each is marked as damaged, for they are
   * numbered anew: the last, or the one before where FFmpeg splits packets itself. The time of what
   * follows tells.
   */
  private static final int LONGEST_DOUBT = 2;

  /** A frame is shown this long after it is decoded, at most; in microseconds. */
  private static final double MOST_REORDERING = 10e6;

  private static final Fraction ASSUMED_RATE = new Fraction(25, 1);
  private static final Fraction MILLIS = new Fraction(1, 1000);

  private final VideoSource source;
  private final Optional<AVIOInterruptCB.Callback_Pointer> interruption;
  private final Scaler scaler = new Scaler();
  private final AVFormatContext container = avformat.avformat_alloc_context();
  private final AVPacket packet = avcodec.av_packet_alloc();
  private final AVFrame decoded = avutil.av_frame_alloc();
  private final List<AudioTrack> audio = new ArrayList<>();
  private final List<AVPacket> sound = new ArrayList<>();

  /** There for containers whose clock may be set anew on the way. */
  private Optional<Timeline> timeline = Optional.empty();

  private AVCodecContext decoder = new AVCodecContext((Pointer) null);
  private AVFrame rgb = new AVFrame((Pointer) null);
  private byte[] stored = {};
  private VideoFormat format;
  private int stream;

  /** Of the first frame as it is decoded; 0 before it. */
  private int width;

  private int height;
  private long step;
  private long start;
  private long last = Long.MIN_VALUE;

  /** Packets that may come until one that is marked as damaged is taken for it; 0 for none. */
  private int doubt;

  private boolean open;
  private boolean closed;
  private boolean drained;
  private long damaged;
  private long resized;
  private Optional<String> fault = Optional.empty();

  /**
   * Opens a source.
   *
   * @param stop becomes true when waiting for a live source is to end
   * @param threads of the decoder, at least 1
   * @throws VideoException if there is no such source, or no video in it that can be read
   */
  static VideoReader open(VideoSource source, BooleanSupplier stop, int threads)
      throws VideoException {
    Ffmpeg.load();
    if (source.kind() == VideoSource.Kind.FILE) {
      requireFile(source);
    }
    VideoReader reader = new VideoReader(source, stop);
    boolean complete = false;
    try {
      reader.openContainer();
      reader.openDecoder(threads);
      complete = true;
      return reader;
    } finally {
      if (!complete) {
        reader.close();
      }
    }
  }

  private VideoReader(VideoSource source, BooleanSupplier stop) {
    this.source = source;
    this.interruption =
        source.isLive()
            ? Optional.of(
                new AVIOInterruptCB.Callback_Pointer() {
                  @Override
                  public int call(Pointer opaque) {
                    return stop.getAsBoolean() ? 1 : 0;
                  }
                })
            : Optional.empty();
    this.format =
        new VideoFormat(1, 1, ASSUMED_RATE, MILLIS, Fraction.NONE, 1, OptionalLong.empty());
  }

  private static void requireFile(VideoSource source) throws VideoException {
    Path file = Path.of(source.address());
    if (Files.isDirectory(file)) {
      throw new VideoException(source.name(), "is a folder", "name one video of it");
    }
    if (!Files.exists(file)) {
      throw new VideoException(source.name(), "no such file", "check the path");
    }
    if (!Files.isRegularFile(file)) {
      throw new VideoException(
          source.name(), "is neither a file nor a camera /dev/videoN", "name one of these");
    }
    if (!Files.isReadable(file)) {
      throw new VideoException(source.name(), "access denied", "check its permissions");
    }
  }

  private void openContainer() throws VideoException {
    Map<String, String> wanted = new HashMap<>();
    AVInputFormat demuxer = new AVInputFormat((Pointer) null);
    String url = source.address();
    if (interruption.isPresent()) {
      container.interrupt_callback().callback(interruption.get());
    }
    switch (source.kind()) {
      case FILE -> {
        wanted.put("protocol_whitelist", "file");
        wanted.put("format_whitelist", CONTAINERS);
        // A name with a colon in it is no protocol.
        url = "file:" + Path.of(source.address()).toAbsolutePath();
      }
      case STREAM -> {
        wanted.put(
            "protocol_whitelist",
            "rtsp,rtp,rtmp,rtmps,http,https,httpproxy,tcp,udp,tls,srt,crypto,data");
        wanted.put("rtsp_transport", "tcp");
        wanted.put(
            url.startsWith("rtsp") || url.startsWith("tcp") ? "timeout" : "rw_timeout", SILENCE);
        wanted.put("analyzeduration", "2000000");
      }
      case CAMERA -> {
        if (!Files.exists(Path.of(source.address()))) {
          throw new VideoException(
              source.name(), "no such device", "see which there are: ls /dev/video*");
        }
        Ffmpeg.loadDevices();
        demuxer = avformat.av_find_input_format("v4l2");
        if (demuxer == null || demuxer.isNull()) {
          throw new VideoException(
              source.name(), "cameras are read on Linux alone", "name a file or a stream");
        }
      }
    }
    AVDictionary options = Ffmpeg.dictionary(wanted);
    int opened;
    try (BytePointer address = new BytePointer(url, UTF_8)) {
      opened = avformat.avformat_open_input(container, address, demuxer, options);
    } finally {
      avutil.av_dict_free(options);
    }
    if (opened < 0) {
      // FFmpeg has freed the context.
      container.setNull();
      throw cannotOpen(opened);
    }
    open = true;
    int probed = avformat.avformat_find_stream_info(container, (AVDictionary) null);
    if (probed < 0) {
      throw cannotOpen(probed);
    }
    if (!source.isLive() && (container.iformat().flags() & avformat.AVFMT_TS_DISCONT) != 0) {
      timeline = Optional.of(new Timeline());
    }
  }

  private VideoException cannotOpen(int error) {
    String said = Ffmpeg.said(error);
    if (source.isLive()) {
      return new VideoException(
          source.name(),
          "cannot be opened: " + said,
          source.kind() == VideoSource.Kind.CAMERA
              ? "check that it is a camera, that no other program has it and that you may read it"
              : "check the address, and that it is sending");
    }
    Path file = Path.of(source.address());
    try {
      if (Files.size(file) == 0) {
        return new VideoException(source.name(), "is empty", "get the video anew");
      }
      if (Wholeness.missing(file) > 0) {
        return new VideoException(
            source.name(),
            "ends before its index, so none of its frames can be found",
            "get the whole file");
      }
    } catch (IOException e) {
      return new VideoException(source.name(), "cannot be read: " + e.getMessage(), "try again", e);
    }
    return new VideoException(
        source.name(),
        "is not a video that can be read (" + said + ")",
        "containers of " + KNOWN + " are; for pictures there is 'segment'");
  }

  private void openDecoder(int threads) throws VideoException {
    stream =
        avformat.av_find_best_stream(
            container, avutil.AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0);
    if (stream < 0 || isCover(container.streams(stream))) {
      throw new VideoException(
          source.name(), "has no video stream, only sound or other data", "choose another file");
    }
    AVStream video = container.streams(stream);
    AVCodecParameters parameters = video.codecpar();
    long most = ReadOptions.DEFAULT.maxPixels();
    if ((long) parameters.width() * parameters.height() > most) {
      throw new VideoException(
          source.name(),
          "claims frames of "
              + parameters.width()
              + "x"
              + parameters.height()
              + " pixels, more than the budget of "
              + most
              + " pixels",
          "scale it down first");
    }
    AVCodec codec = avcodec.avcodec_find_decoder(parameters.codec_id());
    String name = avcodec.avcodec_get_name(parameters.codec_id()).getString();
    if (codec == null || codec.isNull()) {
      throw new VideoException(
          source.name(), "its codec " + name + " is not known", "convert it to H.264 first");
    }
    decoder = avcodec.avcodec_alloc_context3(codec);
    avcodec.avcodec_parameters_to_context(decoder, parameters);
    decoder.pkt_timebase(video.time_base());
    // Decoding frame by frame in several threads holds frames back, which a live source must not.
    decoder.thread_count(source.isLive() ? 1 : threads);
    avutil.av_opt_set_int(decoder, "max_pixels", most, 0);
    int begun = avcodec.avcodec_open2(decoder, codec, (AVDictionary) null);
    if (begun < 0) {
      throw new VideoException(
          source.name(),
          "its " + name + " stream cannot be decoded: " + Ffmpeg.said(begun),
          "convert it to H.264 first");
    }
    describe(video, parameters);
    for (int i = 0; i < container.nb_streams(); i++) {
      AVStream other = container.streams(i);
      AVCodecParameters codecpar = other.codecpar();
      boolean kept = codecpar.codec_type() == avutil.AVMEDIA_TYPE_AUDIO && !source.isLive();
      if (kept) {
        audio.add(
            new AudioTrack(
                i,
                codecpar,
                other.metadata(),
                avcodec.avcodec_get_name(codecpar.codec_id()).getString(),
                Fraction.of(other.time_base())));
      } else if (i != stream) {
        other.discard(avcodec.AVDISCARD_ALL);
      }
    }
  }

  /** The picture on an album is a video stream of one frame to FFmpeg. */
  private static boolean isCover(AVStream stream) {
    return (stream.disposition() & avformat.AV_DISPOSITION_ATTACHED_PIC) != 0;
  }

  private void describe(AVStream video, AVCodecParameters parameters) {
    Fraction rate = Fraction.of(avformat.av_guess_frame_rate(container, video, null));
    if (!rate.isPositive()) {
      rate = ASSUMED_RATE;
    }
    Fraction timeBase = source.isLive() ? MILLIS : Fraction.of(video.time_base());
    step = Math.max(1, Math.round(1 / (rate.value() * timeBase.value())));
    long begins = container.start_time();
    start = begins == avutil.AV_NOPTS_VALUE ? 0 : Math.round(begins / 1e6 / timeBase.value());
    OptionalLong frames = OptionalLong.empty();
    if (!source.isLive()) {
      if (video.nb_frames() > 0) {
        frames = OptionalLong.of(video.nb_frames());
      } else if (container.duration() > 0) {
        frames = OptionalLong.of(Math.round(container.duration() / 1e6 * rate.value()));
      }
    }
    int orientation = orientation(parameters);
    Fraction aspect = Fraction.of(avformat.av_guess_sample_aspect_ratio(container, video, null));
    boolean lying = orientation > 4;
    format =
        new VideoFormat(
            lying ? parameters.height() : parameters.width(),
            lying ? parameters.width() : parameters.height(),
            rate,
            timeBase,
            lying && aspect.isPositive() ? aspect.inverse() : aspect,
            orientation,
            frames);
  }

  /**
   * The display matrix as Exif's orientation: the nearest of the eight that keep pixels square. A
   * pixel (x, y) is shown at (a x + c y, b x + d y); a and b are the first two entries of the
   * matrix, c and d the fourth and fifth.
   */
  private static int orientation(AVCodecParameters parameters) {
    if (parameters.nb_coded_side_data() == 0) {
      return 1;
    }
    AVPacketSideData found =
        avcodec.av_packet_side_data_get(
            parameters.coded_side_data(),
            parameters.nb_coded_side_data(),
            avcodec.AV_PKT_DATA_DISPLAYMATRIX);
    if (found == null || found.isNull() || found.size() < 36) {
      return 1;
    }
    IntPointer matrix = new IntPointer(found.data());
    long a = matrix.get(0);
    long b = matrix.get(1);
    long c = matrix.get(3);
    long d = matrix.get(4);
    if (Math.abs(a) + Math.abs(d) >= Math.abs(b) + Math.abs(c)) {
      return a >= 0 ? d >= 0 ? 1 : 4 : d >= 0 ? 2 : 3;
    }
    return b >= 0 ? c >= 0 ? 5 : 6 : c >= 0 ? 8 : 7;
  }

  VideoFormat format() {
    return format;
  }

  List<AudioTrack> audio() {
    return audio;
  }

  /** Where the container's time begins, in seconds; frames' times begin there. */
  double startSeconds() {
    return start * format.timeBase().value();
  }

  /** Packets and frames that were damaged so far. */
  long damaged() {
    return damaged;
  }

  /** Frames that were scaled to the first one's size so far. */
  long resized() {
    return resized;
  }

  /** Why reading ended before the source did; empty if it did not. */
  Optional<String> fault() {
    return fault;
  }

  /**
   * The next frame, or sound alone where there is much of it.
   *
   * @param arrays gives an array of that length for the picture
   * @return empty at the end, or at a {@link #fault()}
   */
  Optional<Frame> next(IntFunction<byte[]> arrays) {
    long spent = 0;
    while (true) {
      long begin = System.nanoTime();
      int received =
          drained ? avutil.AVERROR_EOF() : avcodec.avcodec_receive_frame(decoder, decoded);
      if (received >= 0) {
        Picture picture = picture(arrays);
        long duration = decoded.duration() > 0 && !source.isLive() ? decoded.duration() : step;
        Frame frame =
            new Frame(
                Optional.of(picture),
                time(),
                duration,
                spent + System.nanoTime() - begin,
                takeSound());
        avutil.av_frame_unref(decoded);
        return Optional.of(frame);
      }
      if (received == avutil.AVERROR_EOF()) {
        drained = true;
        return sound.isEmpty() ? Optional.empty() : Optional.of(soundAlone());
      }
      if (received != Ffmpeg.again()) {
        damaged++;
      }
      if (sound.size() >= MOST_SOUND) {
        return Optional.of(soundAlone());
      }
      spent += System.nanoTime() - begin;
      spent += feed();
    }
  }

  private Frame soundAlone() {
    return new Frame(Optional.empty(), 0, 0, 0, takeSound());
  }

  private List<AVPacket> takeSound() {
    List<AVPacket> taken = new ArrayList<>(sound);
    sound.clear();
    return taken;
  }

  /** Reads a packet; gives the nanoseconds that it took, less waiting for a live source. */
  private long feed() {
    long begin = System.nanoTime();
    int read = avformat.av_read_frame(container, packet);
    if (source.isLive()) {
      begin = System.nanoTime();
    }
    if (read < 0) {
      damaged += doubt > 0 ? 1 : 0;
      doubt = 0;
      if (read != avutil.AVERROR_EOF() || hasReadError()) {
        fault = Optional.of("reading broke off: " + Ffmpeg.said(read));
      }
      avcodec.avcodec_send_packet(decoder, new AVPacket((Pointer) null));
      return System.nanoTime() - begin;
    }
    boolean isSound = audio.stream().anyMatch(track -> track.stream() == packet.stream_index());
    boolean stepped =
        (isSound || packet.stream_index() == stream)
            && timeline.map(this::keepRunning).orElse(false);
    if (packet.stream_index() == stream) {
      if (stepped) {
        doubt = 0;
      } else if (doubt > 0 && --doubt == 0) {
        damaged++;
      }
      boolean marked = (packet.flags() & avcodec.AV_PKT_FLAG_CORRUPT) != 0;
      if (marked) {
        damaged += doubt > 0 ? 1 : 0;
        doubt = LONGEST_DOUBT;
      }
      if (avcodec.avcodec_send_packet(decoder, packet) < 0 && !marked) {
        damaged++;
      }
    } else if (isSound) {
      sound.add(avcodec.av_packet_clone(packet));
    }
    avcodec.av_packet_unref(packet);
    return System.nanoTime() - begin;
  }

  /** Gives a packet its time on the running clock; whether the file's was set anew before it. */
  private boolean keepRunning(Timeline running) {
    double unit = 1e6 * Fraction.of(container.streams(packet.stream_index()).time_base()).value();
    boolean decodes = packet.dts() != avutil.AV_NOPTS_VALUE;
    boolean shows = packet.pts() != avutil.AV_NOPTS_VALUE;
    if (decodes && shows && Math.abs(packet.pts() - packet.dts()) * unit > MOST_REORDERING) {
      // Worked out by FFmpeg from packets before, by the clock before.
      packet.dts(avutil.AV_NOPTS_VALUE);
      decodes = false;
    }
    if (!decodes && !shows) {
      return false;
    }
    Timeline.Place place =
        running.next(
            packet.stream_index(),
            Math.round((decodes ? packet.dts() : packet.pts()) * unit),
            Math.round(packet.duration() * unit));
    long shift = Math.round(place.shift() / unit);
    if (decodes) {
      packet.dts(packet.dts() + shift);
    }
    if (shows) {
      packet.pts(packet.pts() + shift);
    }
    return place.stepped();
  }

  /** Some demuxers call an error of the disk the end of the file. */
  private boolean hasReadError() {
    return container.pb() != null
        && container.pb().error() < 0
        && container.pb().error() != avutil.AVERROR_EOF();
  }

  private long time() {
    if (source.isLive()) {
      // A source's own clock starts anew whenever it is connected anew.
      return System.nanoTime() / 1_000_000;
    }
    long stamp = decoded.best_effort_timestamp();
    boolean first = last == Long.MIN_VALUE;
    long time = stamp - start;
    double farthest = LONGEST_JUMP_SECONDS / format.timeBase().value();
    if (stamp == avutil.AV_NOPTS_VALUE || (!first && Math.abs((double) time - last) > farthest)) {
      time = first ? 0 : last + step;
    }
    if (!first && time <= last) {
      time = last + 1;
    }
    last = time;
    return time;
  }

  private Picture picture(IntFunction<byte[]> arrays) {
    if (decoded.decode_error_flags() != 0
        || (decoded.flags() & AVFrame.AV_FRAME_FLAG_CORRUPT) != 0) {
      damaged++;
    }
    if (rgb.isNull()) {
      boolean lying = format.orientation() > 4;
      width = decoded.width();
      height = decoded.height();
      rgb = Scaler.frame(width, height, avutil.AV_PIX_FMT_RGB24);
      format =
          new VideoFormat(
              lying ? height : width,
              lying ? width : height,
              format.rate(),
              format.timeBase(),
              format.pixelAspect(),
              format.orientation(),
              format.frames());
    } else if (decoded.width() != width || decoded.height() != height) {
      resized++;
    }
    scaler.toRgb(decoded, rgb);
    int length = Math.multiplyExact(3, Math.multiplyExact(width, height));
    boolean upright = format.orientation() == 1;
    if (!upright && stored.length != length) {
      stored = new byte[length];
    }
    byte[] bytes = upright ? arrays.apply(length) : stored;
    BytePointer rows = rgb.data(0);
    for (int y = 0; y < height; y++) {
      rows.position((long) y * rgb.linesize(0)).get(bytes, 3 * y * width, 3 * width);
    }
    return Pictures.upright(new Picture(width, height, bytes), format.orientation());
  }

  /**
   * Scales frames of another size to that one's, which may be closed: after a source was connected
   * anew.
   */
  void keepSize(VideoReader before) {
    if (rgb.isNull() && before.width > 0 && format.orientation() == before.format.orientation()) {
      width = before.width;
      height = before.height;
      rgb = Scaler.frame(width, height, avutil.AV_PIX_FMT_RGB24);
    }
  }

  /** May be called again. What was told of the format and the counts stands afterwards. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    sound.forEach(avcodec::av_packet_free);
    sound.clear();
    if (!decoder.isNull()) {
      avcodec.avcodec_free_context(decoder);
    }
    if (open) {
      avformat.avformat_close_input(container);
      open = false;
    } else if (!container.isNull()) {
      avformat.avformat_free_context(container);
    }
    avcodec.av_packet_free(packet);
    avutil.av_frame_free(decoded);
    if (!rgb.isNull()) {
      avutil.av_frame_free(rgb);
    }
    scaler.close();
    interruption.ifPresent(Pointer::close);
  }
}
