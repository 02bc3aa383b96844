package org.efrnet.video;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.global.avcodec;
import org.efrnet.images.Overlay;
import org.efrnet.images.Picture;
import org.efrnet.labels.ClassTable;
import org.efrnet.segment.Segmentation;
import org.efrnet.text.OneLine;

/**
 * Segments a video: reading, networks, drawing and writing run at the same time, each on a thread
 * of its own, with at most {@value #WAITING} frames waiting between two of them. Of a file every
 * frame is taken; of a live source the latest, and those that it gave meanwhile are counted as
 * dropped.
 *
 * <p>Several segmenters get the frames of a file in turn. That keeps more cores busy than one with
 * as many threads, which wait for one another within every layer, and for longer where drawing and
 * encoding take cores from some of them.
 */
public final class VideoRun {
  private static final int WAITING = 2;

  /** Arrays of a frame: its picture and its overlay. */
  private static final int ARRAYS = 2;

  private static final int MOST_FAULT = 500;

  /** How often a wait looks whether it is to stop, in milliseconds. */
  private static final int GLANCE = 20;

  private static final byte[] NO_BYTES = {};

  private final VideoSource source;
  private final VideoOptions options;
  private final List<FrameSegmenter> segmenters;
  private final BooleanSupplier stop;
  private final Watcher watcher;
  private final VideoReader first;
  private final List<Handover<Frame>> read;
  private final List<Handover<Frame>> segmented;
  private final Handover<Frame> drawn = new Handover<>(WAITING, false, this::discard);
  private final Queue<byte[]> spareArrays = new ConcurrentLinkedQueue<>();
  private final Queue<Segmentation> spareMaps = new ConcurrentLinkedQueue<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final AtomicLong dropped = new AtomicLong();
  private volatile boolean done;

  /** Frames that can be on their way at once: arrays for as many are kept for later ones. */
  private final int mostOnTheirWay;

  // Of the reading thread, until it has ended.
  private long given;
  private long damaged;
  private long resized;
  private int reconnected;

  /** To open a lost source again, since its last frame. */
  private int attempts;

  private Optional<String> fault = Optional.empty();

  // Of the drawing thread, until it has ended.
  private long taken;
  private final Flicker unsmoothed = new Flicker();
  private final Flicker shown = new Flicker();
  private final Smoothing smoothing = new Smoothing();
  private Optional<Stillness> stillness = Optional.empty();
  private Optional<SharesOverTime> shares = Optional.empty();
  private Optional<ClassTable> classes = Optional.empty();
  private OptionalLong firstTime = OptionalLong.empty();

  // Of the calling thread.
  private final StageTimes times = new StageTimes();
  private final List<AVPacket> earlySound = new ArrayList<>();
  private Optional<VideoWriter> writer = Optional.empty();
  private long frames;

  /** What is told while a video is under way; on the thread that called {@link VideoRun#run}. */
  public interface Watcher {
    /**
     * A frame is done.
     *
     * @param done frames so far
     * @param expected all of them, if the container says how many there are
     * @param dropped frames so far
     * @param fps frames a second so far
     */
    void frame(long done, OptionalLong expected, long dropped, double fps);

    /** Something that people may want to know at once, a line; on any thread. */
    void notice(String line);
  }

  /** What a stage does with a frame. */
  private interface Step {
    void take(Frame frame);
  }

  /** Where a stage gets its frames. */
  private interface Supply {
    Optional<Frame> take() throws InterruptedException;
  }

  private VideoRun(
      VideoSource source,
      VideoOptions options,
      List<FrameSegmenter> segmenters,
      BooleanSupplier stop,
      Watcher watcher)
      throws VideoException {
    this.source = source;
    this.options = options;
    this.segmenters = List.copyOf(segmenters);
    this.stop = stop;
    this.watcher = watcher;
    int waiting = Math.max(1, WAITING / segmenters.size());
    this.read =
        segmenters.stream()
            .map(
                segmenter ->
                    source.isLive()
                        ? new Handover<>(1, true, this::discard)
                        : new Handover<>(waiting, false, this::discard))
            .toList();
    this.segmented =
        segmenters.stream()
            .map(segmenter -> new Handover<>(waiting, false, this::discard))
            .toList();
    // Beside those that wait: one in each stage.
    this.mostOnTheirWay = segmenters.size() * (1 + 2 * waiting) + WAITING + 3;
    this.first = VideoReader.open(source, this::isToStop, options.decodingThreads());
  }

  /**
   * Segments a video to its end, or until it is told to stop. A source that ends early, or is
   * damaged, gives the frames that it has, and a report that says so.
   *
   * @param segmenters each is called on a thread of its own; frames go to them in turn. One, if the
   *     source is live
   * @param stop becomes true when it is to end; what was begun is finished, the file too
   * @param watcher is told of every frame
   * @throws IllegalArgumentException if there is no segmenter, or several of a live source
   * @throws VideoException if the source cannot be read at all, or the file cannot be written, of
   *     which then nothing is left
   * @throws CancellationException if the calling thread is interrupted, which then still is; of the
   *     file nothing is left
   */
  public static VideoReport run(
      VideoSource source,
      VideoOptions options,
      List<FrameSegmenter> segmenters,
      BooleanSupplier stop,
      Watcher watcher)
      throws VideoException {
    if (segmenters.isEmpty() || (source.isLive() && segmenters.size() > 1)) {
      throw new IllegalArgumentException(
          segmenters.size()
              + " segmenters for "
              + source.name()
              + "; give one for a live source, one at least for a file");
    }
    if (options.out().isPresent()) {
      requireWritable(source, options.out().get());
    }
    VideoRun run = new VideoRun(source, options, segmenters, stop, watcher);
    try {
      return run.run();
    } finally {
      run.writer.ifPresent(VideoWriter::close);
      run.earlySound.forEach(avcodec::av_packet_free);
      run.first.close();
    }
  }

  private static void requireWritable(VideoSource source, Path out) throws VideoException {
    Path folder = out.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new VideoException(out.toString(), "its folder is not there", "make it first");
    }
    if (Files.isDirectory(out)) {
      throw new VideoException(out.toString(), "is a folder", "name a file in it");
    }
    try {
      if (!source.isLive()
          && Files.exists(out)
          && Files.exists(Path.of(source.address()))
          && Files.isSameFile(out, Path.of(source.address()))) {
        throw new VideoException(out.toString(), "is the video itself", "write to another file");
      }
    } catch (VideoException e) {
      throw e;
    } catch (IOException e) {
      throw new VideoException(
          out.toString(), "cannot be looked at: " + e.getMessage(), "choose another file", e);
    }
  }

  private boolean isToStop() {
    return done || stop.getAsBoolean();
  }

  private VideoReport run() throws VideoException {
    OperatingSystemMXBean machine =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long cpu = machine.getProcessCpuTime();
    long begin = System.nanoTime();
    List<Thread> stages = new ArrayList<>();
    stages.add(stage("efrnet-video-read", this::readAll, List.of(), read));
    for (int i = 0; i < segmenters.size(); i++) {
      FrameSegmenter segmenter = segmenters.get(i);
      Handover<Frame> from = read.get(i);
      Handover<Frame> to = segmented.get(i);
      stages.add(
          stage(
              "efrnet-video-network-" + i,
              () -> pass(from::take, to, frame -> segment(frame, segmenter)),
              List.of(from),
              List.of(to)));
    }
    stages.add(
        stage(
            "efrnet-video-draw",
            () -> pass(this::takeInTurn, drawn, this::draw),
            segmented,
            List.of(drawn)));
    stages.forEach(Thread::start);
    try {
      writeAll(begin);
      if (writer.isPresent()) {
        writer.get().finish();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    } finally {
      done = true;
      drawn.cancel();
      segmented.forEach(Handover::cancel);
      read.forEach(Handover::cancel);
      stages.forEach(VideoRun::joined);
    }
    failed();
    double seconds = (System.nanoTime() - begin) / 1e9;
    return report(seconds, cpu < 0 ? -1 : (machine.getProcessCpuTime() - cpu) / 1e9);
  }

  /** What keeps a stage from going on; waits may be interrupted by nobody but the whole process. */
  private interface Work {
    void run() throws InterruptedException;
  }

  private Thread stage(
      String name, Work work, List<Handover<Frame>> from, List<Handover<Frame>> to) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
              } finally {
                from.forEach(Handover::cancel);
                to.forEach(Handover::end);
              }
            },
            name);
    thread.setDaemon(true);
    return thread;
  }

  private static void joined(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What came before a failure is written all the same; without any of it there is an error. */
  private void failed() throws VideoException {
    Throwable e = failure.get();
    if (e instanceof Error error) {
      throw error;
    }
    if (e instanceof RuntimeException broken) {
      if (frames == 0) {
        throw broken;
      }
      fault =
          Optional.of(
              "frame "
                  + (frames + 1)
                  + " could not be segmented: "
                  + OneLine.of(String.valueOf(broken.getMessage()), MOST_FAULT));
    }
    if (frames == 0 && !stop.getAsBoolean()) {
      throw new VideoException(
          source.name(),
          "no frame of it could be decoded" + fault.map(why -> " (" + why + ")").orElse(""),
          "get the video anew, or convert it to H.264");
    }
  }

  // Reading

  private void readAll() throws InterruptedException {
    VideoReader reader = first;
    try {
      while (true) {
        Optional<Frame> frame = reader.next(this::array);
        if (frame.isPresent()) {
          attempts = 0;
          if (!inTurn(read, given++).put(frame.get()) || isToStop()) {
            return;
          }
        } else if (!source.isLive() || isToStop()) {
          fault = isToStop() ? Optional.empty() : reader.fault().or(this::shortfall);
          return;
        } else {
          // A camera, and many a server, has one reader at a time.
          reader.close();
          Optional<VideoReader> next = reconnect(reader);
          if (next.isEmpty()) {
            return;
          }
          count(reader);
          reader = next.get();
          reconnected++;
        }
      }
    } finally {
      count(reader);
      if (reader != first) {
        reader.close();
      }
    }
  }

  private void count(VideoReader reader) {
    damaged += reader.damaged();
    resized += reader.resized();
  }

  private Optional<String> shortfall() {
    try {
      long missing = Wholeness.missing(Path.of(source.address()));
      return missing == 0
          ? Optional.empty()
          : Optional.of("the file is cut off: " + missing + " bytes are missing at its end");
    } catch (IOException e) {
      return Optional.of("reading broke off: " + OneLine.of(String.valueOf(e.getMessage())));
    }
  }

  private Optional<VideoReader> reconnect(VideoReader lost) throws InterruptedException {
    String why = lost.fault().orElse("it ended");
    while (attempts < options.reconnecting().attempts()) {
      attempts++;
      Duration wait = options.reconnecting().before(attempts);
      watcher.notice(
          String.format(
              Locale.ROOT,
              "%s: lost (%s); opening it again in %.1f s, attempt %d of %d",
              source.name(),
              why,
              wait.toMillis() / 1000.0,
              attempts,
              options.reconnecting().attempts()));
      long until = System.nanoTime() + wait.toNanos();
      while (System.nanoTime() < until && !isToStop()) {
        Thread.sleep(GLANCE);
      }
      if (isToStop()) {
        return Optional.empty();
      }
      try {
        VideoReader next = VideoReader.open(source, this::isToStop, options.decodingThreads());
        next.keepSize(lost);
        return Optional.of(next);
      } catch (VideoException e) {
        why = OneLine.of(String.valueOf(e.getMessage()), MOST_FAULT);
      }
    }
    if (!isToStop()) {
      fault =
          Optional.of(
              "lost ("
                  + why
                  + "), and gone after "
                  + options.reconnecting().attempts()
                  + " attempts to open it again");
    }
    return Optional.empty();
  }

  // The network and drawing

  private static Handover<Frame> inTurn(List<Handover<Frame>> all, long number) {
    return all.get((int) (number % all.size()));
  }

  /** The next frame in the video's order; where one is missing there are none behind it. */
  private Optional<Frame> takeInTurn() throws InterruptedException {
    return inTurn(segmented, taken++).take();
  }

  private static void pass(Supply from, Handover<Frame> to, Step step) throws InterruptedException {
    Optional<Frame> next = from.take();
    while (next.isPresent()) {
      Frame frame = next.get();
      try {
        if (frame.picture.isPresent()) {
          step.take(frame);
        }
      } catch (RuntimeException | Error e) {
        frame.free();
        throw e;
      }
      if (!to.put(frame)) {
        return;
      }
      next = from.take();
    }
  }

  private void segment(Frame frame, FrameSegmenter segmenter) {
    frame.segmentation =
        Optional.of(
            segmenter.segment(frame.picture.orElseThrow(), Optional.ofNullable(spareMaps.poll())));
  }

  private void draw(Frame frame) {
    long begin = System.nanoTime();
    Picture picture = frame.picture.orElseThrow();
    Segmentation result = frame.segmentation.orElseThrow();
    ClassTable table = result.classes();
    if (stillness.isEmpty()) {
      stillness = Optional.of(new Stillness(picture.width(), picture.height()));
      shares = Optional.of(new SharesOverTime(table.size()));
      classes = Optional.of(table);
      firstTime = OptionalLong.of(frame.time);
    }
    stillness.get().next(picture);
    unsmoothed.next(result.mask(), stillness.get());
    if (options.smooth()) {
      smoothing.next(result.mask(), result.confidence(), stillness.get());
      shown.next(result.mask(), stillness.get());
    }
    double at = (frame.time - firstTime.getAsLong()) * first.format().timeBase().value();
    shares.get().add(Math.max(0, at), result.mask().histogram(), result.mask().ids().length);
    if (options.out().isPresent()) {
      byte[] rgb = array(picture.rgb().length);
      Overlay.blend(
          picture,
          result.mask(),
          Arrays.copyOf(table.palette(), table.size()),
          options.opacity(),
          rgb);
      frame.overlay = Optional.of(new Picture(picture.width(), picture.height(), rgb));
    }
    frame.drawNanos = System.nanoTime() - begin;
  }

  // Writing

  private void writeAll(long begin) throws VideoException, InterruptedException {
    Optional<Frame> next = drawn.take();
    while (next.isPresent()) {
      Frame frame = next.get();
      long start = System.nanoTime();
      try {
        if (options.out().isPresent()) {
          write(frame);
        }
      } finally {
        frame.free();
      }
      if (frame.picture.isPresent()) {
        record(frame, start);
        recycle(frame);
        frames++;
        double seconds = (System.nanoTime() - begin) / 1e9;
        watcher.frame(frames, first.format().frames(), dropped.get(), frames / seconds);
        if (frames >= options.frames()) {
          return;
        }
      }
      next = drawn.take();
    }
  }

  private void write(Frame frame) throws VideoException {
    if (writer.isEmpty() && frame.picture.isPresent()) {
      writer =
          Optional.of(
              VideoWriter.open(
                  options.out().orElseThrow(),
                  first.format(),
                  options.sideBySide(),
                  first.audio()));
    }
    earlySound.addAll(frame.takeSound());
    if (writer.isEmpty()) {
      return;
    }
    while (!earlySound.isEmpty()) {
      writer.get().write(earlySound.remove(0), first.startSeconds());
    }
    if (frame.overlay.isPresent()) {
      // A live source's times are a clock's, and the file begins with its first frame.
      long origin = source.isLive() ? firstTime.orElseThrow() : 0;
      writer
          .get()
          .write(
              frame.picture.orElseThrow(),
              frame.overlay.get(),
              frame.time - origin,
              frame.duration);
    }
  }

  private void record(Frame frame, long start) {
    Segmentation.Millis millis = frame.segmentation.orElseThrow().millis();
    long end = System.nanoTime();
    times.add("decode", frame.decodeNanos / 1e6);
    times.add("prepare", millis.prepare());
    times.add("network", millis.network());
    times.add("finish", millis.finish());
    times.add("draw", frame.drawNanos / 1e6);
    times.add("encode", (end - start) / 1e6);
    times.add("total", (end - frame.ready) / 1e6);
  }

  // Arrays

  /** An array of that length, used before or new. */
  private byte[] array(int length) {
    byte[] spare = spareArrays.poll();
    return spare != null && spare.length == length ? spare : new byte[length];
  }

  private void recycle(Frame frame) {
    keep(frame.picture.map(Picture::rgb).orElse(NO_BYTES));
    keep(frame.overlay.map(Picture::rgb).orElse(NO_BYTES));
    if (frame.segmentation.isPresent() && spareMaps.size() < mostOnTheirWay) {
      spareMaps.add(frame.segmentation.get());
    }
  }

  private void keep(byte[] array) {
    if (array.length > 0 && spareArrays.size() < ARRAYS * mostOnTheirWay) {
      spareArrays.add(array);
    }
  }

  private void discard(Frame frame) {
    if (source.isLive() && frame.segmentation.isEmpty() && !isToStop()) {
      dropped.incrementAndGet();
    }
    frame.free();
    recycle(frame);
  }

  private VideoReport report(double seconds, double cpuSeconds) {
    VideoFormat format = first.format();
    OptionalDouble before = unsmoothed.share();
    return new VideoReport(
        format.width(),
        format.height(),
        format.rate().value(),
        frames,
        dropped.get(),
        damaged,
        resized,
        reconnected,
        seconds,
        cpuSeconds,
        times.percentiles(),
        options.smooth() ? shown.share() : before,
        before,
        unsmoothed.stillShare(),
        shares
            .map(sums -> sums.of(classes.orElseThrow()))
            .orElse(new VideoReport.Shares(List.of(), List.of())),
        writer.map(VideoWriter::codec),
        writer.map(VideoWriter::copied).orElse(List.of()),
        writer.map(VideoWriter::leftOut).orElse(List.of()),
        fault);
  }
}
