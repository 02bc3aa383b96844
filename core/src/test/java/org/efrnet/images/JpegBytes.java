package org.efrnet.images;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Small JPEG files for tests, by the JDK's encoder, which leaves markers to whoever wants them. */
final class JpegBytes {
  private JpegBytes() {}

  static byte[] encode(Raster raster, boolean progressive) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = null;
    for (var all = ImageIO.getImageWritersByFormatName("jpeg"); writer == null; ) {
      ImageWriter next = all.next();
      writer = next.getClass().getName().startsWith("com.sun.") ? next : null;
    }
    ImageWriteParam param = writer.getDefaultWriteParam();
    param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    param.setCompressionQuality(1);
    if (progressive) {
      param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(raster, null, null), param);
    }
    writer.dispose();
    return bytes.toByteArray();
  }

  /** The file with one more segment right after its start. */
  static byte[] with(byte[] file, int marker, byte[] data) {
    return ByteBuffer.allocate(file.length + 4 + data.length)
        .put(file, 0, 2)
        .put((byte) 0xff)
        .put((byte) marker)
        .putShort((short) (data.length + 2))
        .put(data)
        .put(file, 2, file.length - 2)
        .array();
  }

  static byte[] exif(int orientation) {
    return ByteBuffer.allocate(32)
        .put("Exif\0\0".getBytes(StandardCharsets.US_ASCII))
        .put(PngBytes.exif(orientation, true))
        .array();
  }
}
