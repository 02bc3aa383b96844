package org.efrnet.video;

import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;

/**
 * Between a codec's pixels and interleaved RGB of 8 bits: the matrix and the range of colours are
 * those that a frame says, or else those of its size (ITU-R BT.709 from 720 rows on, BT.601 below).
 */
final class Scaler implements AutoCloseable {
  private static final int HD_ROWS = 720;

  private SwsContext context = new SwsContext();
  private int width;
  private int height;
  private int format = avutil.AV_PIX_FMT_NONE;
  private int matrix;
  private boolean full;

  Scaler() {
    context.setNull();
  }

  /** BT.709 or BT.601, by a picture's height. */
  static int matrixOf(int height) {
    return height >= HD_ROWS ? avutil.AVCOL_SPC_BT709 : avutil.AVCOL_SPC_SMPTE170M;
  }

  /**
   * From a codec's pixels to RGB, scaled where the sizes differ.
   *
   * @throws IllegalStateException if FFmpeg cannot convert between the two
   */
  void toRgb(AVFrame yuv, AVFrame rgb) {
    convert(yuv, rgb, yuv, true);
  }

  /**
   * From RGB to a codec's pixels, scaled where the sizes differ.
   *
   * @throws IllegalStateException if FFmpeg cannot convert between the two
   */
  void fromRgb(AVFrame rgb, AVFrame yuv) {
    convert(rgb, yuv, yuv, false);
  }

  private void convert(AVFrame from, AVFrame to, AVFrame yuv, boolean fromYuv) {
    int space = yuv.colorspace();
    if (space == avutil.AVCOL_SPC_UNSPECIFIED || space == avutil.AVCOL_SPC_RGB) {
      space = matrixOf(yuv.height());
    }
    boolean wide = yuv.color_range() == avutil.AVCOL_RANGE_JPEG || isFull(yuv.format());
    if (from.width() != width
        || from.height() != height
        || from.format() != format
        || space != matrix
        || wide != full) {
      prepare(from, to, space, wide, fromYuv);
    }
    int rows =
        swscale.sws_scale(
            context, from.data(), from.linesize(), 0, from.height(), to.data(), to.linesize());
    if (rows != to.height()) {
      throw new IllegalStateException(
          "FFmpeg converted " + rows + " of " + to.height() + " rows of a frame");
    }
  }

  private static boolean isFull(int format) {
    return format == avutil.AV_PIX_FMT_YUVJ420P
        || format == avutil.AV_PIX_FMT_YUVJ422P
        || format == avutil.AV_PIX_FMT_YUVJ444P
        || format == avutil.AV_PIX_FMT_YUVJ440P
        || format == avutil.AV_PIX_FMT_YUVJ411P;
  }

  private void prepare(AVFrame from, AVFrame to, int space, boolean wide, boolean fromYuv) {
    close();
    context =
        swscale.sws_getContext(
            from.width(),
            from.height(),
            from.format(),
            to.width(),
            to.height(),
            to.format(),
            swscale.SWS_BILINEAR,
            null,
            null,
            (DoublePointer) null);
    if (context == null || context.isNull()) {
      context = new SwsContext();
      context.setNull();
      throw new IllegalStateException(
          "FFmpeg does not convert frames of "
              + from.width()
              + "x"
              + from.height()
              + " in the format "
              + name(from.format())
              + " to "
              + name(to.format()));
    }
    IntPointer ofYuv = swscale.sws_getCoefficients(space);
    IntPointer ofRgb = swscale.sws_getCoefficients(swscale.SWS_CS_DEFAULT);
    int range = wide ? 1 : 0;
    // Refused where neither side is YUV, as for grey or RGB: then there is no matrix to choose.
    swscale.sws_setColorspaceDetails(
        context,
        fromYuv ? ofYuv : ofRgb,
        fromYuv ? range : 1,
        fromYuv ? ofRgb : ofYuv,
        fromYuv ? 1 : range,
        0,
        1 << 16,
        1 << 16);
    width = from.width();
    height = from.height();
    format = from.format();
    matrix = space;
    full = wide;
  }

  private static String name(int format) {
    BytePointer name = avutil.av_get_pix_fmt_name(format);
    return name == null ? "unknown" : name.getString();
  }

  /** Pixels of a format, owned by the caller. */
  static AVFrame frame(int width, int height, int format) {
    AVFrame frame = avutil.av_frame_alloc();
    frame.width(width).height(height).format(format);
    if (avutil.av_frame_get_buffer(frame, 0) < 0) {
      avutil.av_frame_free(frame);
      throw new OutOfMemoryError("no memory for a frame of " + width + "x" + height + " pixels");
    }
    return frame;
  }

  @Override
  public void close() {
    if (!context.isNull()) {
      swscale.sws_freeContext(context);
      context.setNull();
    }
  }
}
