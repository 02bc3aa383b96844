package org.efrnet.server;

import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.server.MultiPartFormInputStream;

/** Reads requests' bodies within limits of size, memory and time; nothing is put on a disk. */
final class Bodies {
  private static final int CHUNK = 1 << 16;

  private final Limits limits;

  Bodies(Limits limits) {
    this.limits = limits;
  }

  /**
   * The whole body.
   *
   * @param share grows by the body's length
   * @throws Problem 413 if it is longer than allowed, 408 if it takes too long, 429 if there is no
   *     memory for it now, 400 if it breaks off; what is left of the body is the caller's to {@link
   *     #drain}
   */
  byte[] read(HttpServletRequest request, Budget.Share share) {
    long claimed = request.getContentLengthLong();
    if (claimed > limits.bodyBytes()) {
      throw tooLarge();
    }
    long end = System.nanoTime() + limits.bodyTime().toNanos();
    ByteArrayOutputStream body =
        new ByteArrayOutputStream((int) Math.max(0, Math.min(claimed, CHUNK)));
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream in = request.getInputStream();
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        if (body.size() + count > limits.bodyBytes()) {
          throw tooLarge();
        }
        // Twice: the array grows by doubling.
        if (!share.grow(2L * count)) {
          throw Problem.busy("there is no memory for more requests now; send it later", 1);
        }
        body.write(chunk, 0, count);
        if (System.nanoTime() > end) {
          throw Problem.ofStatus(408);
        }
      }
    } catch (IOException e) {
      throw readFailure(e);
    }
    return body.toByteArray();
  }

  private Problem tooLarge() {
    return Problem.of(
        413,
        "body-too-large",
        "The body is too large",
        "the body has more than " + limits.bodyBytes() + " bytes; send a smaller file");
  }

  private static Problem readFailure(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof TimeoutException) {
        return Problem.ofStatus(408);
      }
    }
    return Problem.ofStatus(400);
  }

  /**
   * Reads and forgets what a client is still sending, as far as that is bearable: one that is
   * answered in the middle of its body may never read the answer.
   */
  void drain(HttpServletRequest request) {
    long end = System.nanoTime() + limits.bodyTime().toNanos();
    long left = 2L * limits.bodyBytes();
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream in = request.getInputStream();
      int count = in.read(chunk);
      while (count >= 0 && left > 0 && System.nanoTime() < end) {
        left -= count;
        count = in.read(chunk);
      }
    } catch (IOException e) {
      // It is refused anyway.
      return;
    }
  }

  /**
   * The picture's file in a body: the body itself, or the first file of a form.
   *
   * @param share grows by the file's length if it has to be copied
   * @throws Problem 400 if the form is malformed or holds no file
   */
  byte[] picture(byte[] body, Optional<String> contentType, Budget.Share share) {
    boolean form =
        contentType
            .filter(type -> type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data"))
            .isPresent();
    byte[] picture = form ? firstFile(body, contentType.get(), share) : body;
    if (picture.length == 0) {
      throw Problem.of(
          400, "empty-body", "There is no picture", "the body is empty; send a picture");
    }
    return picture;
  }

  private byte[] firstFile(byte[] body, String contentType, Budget.Share share) {
    if (!share.grow(2L * body.length)) {
      throw Problem.busy("there is no memory for more requests now; send it later", 1);
    }
    // Parts stay in memory: the threshold for files is above any body.
    MultipartConfigElement inMemory = new MultipartConfigElement("", -1, -1, Integer.MAX_VALUE);
    MultiPartFormInputStream form =
        new MultiPartFormInputStream(
            new ByteArrayInputStream(body),
            contentType,
            inMemory,
            new File(System.getProperty("java.io.tmpdir")),
            100);
    try {
      Optional<Part> file =
          form.getParts().stream()
              .filter(part -> part.getSubmittedFileName() != null)
              .findFirst()
              .or(() -> firstPart(form));
      if (file.isEmpty()) {
        throw Problem.of(
            400, "no-file", "The form has no file", "the form has no file; add a picture to it");
      }
      try (InputStream in = file.get().getInputStream()) {
        return in.readAllBytes();
      }
    } catch (IOException | IllegalStateException | IllegalArgumentException e) {
      throw Problem.of(
          400,
          "bad-form",
          "The form is malformed",
          "the form cannot be read; send the bare picture");
    }
  }

  private static Optional<Part> firstPart(MultiPartFormInputStream form) {
    try {
      return form.getParts().stream().findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
