package org.efrnet.server;

import java.time.Duration;

/**
 * How much a service takes upon itself. Whatever goes beyond is answered, never queued without
 * bound.
 *
 * @param bodyBytes of one request, at least 1
 * @param bodyBytesInFlight of all requests together, at least {@code bodyBytes}
 * @param pixels of one picture, at least 1
 * @param pixelsInFlight of all pictures together, those that the networks see counted too; at least
 *     {@code pixels}
 * @param queue pictures that wait for a model, at least 1; as many again as there are workers are
 *     under way
 * @param deadline from a request's last byte to its answer
 * @param bodyTime in which a request's body must arrive, and its answer be read; also how long a
 *     connection may be idle
 * @param connections at once; more wait to be accepted
 * @param live camera streams at once
 */
public record Limits(
    int bodyBytes,
    long bodyBytesInFlight,
    long pixels,
    long pixelsInFlight,
    int queue,
    Duration deadline,
    Duration bodyTime,
    int connections,
    int live) {
  /**
   * What a pixel may take in memory while its picture is under way: 4 decoded by the JDK, 3
   * upright, 1 of the mask, 3 of the overlay, 5 packed.
   */
  static final int BYTES_PER_PIXEL = 16;

  /**
   * What a body may take of its length: twice as it is read, and twice as a form is taken apart.
   */
  static final int TIMES_A_BODY = 4;

  private static final int MIB = 1 << 20;

  public Limits {
    requireAtLeastOne("bodyBytes", bodyBytes);
    requireAtLeastOne("pixels", pixels);
    requireAtLeastOne("queue", queue);
    requireAtLeastOne("connections", connections);
    requireAtLeastOne("live", live);
    requireAtLeastOne("deadline in milliseconds", deadline.toMillis());
    requireAtLeastOne("bodyTime in milliseconds", bodyTime.toMillis());
    requireRoom("bodyBytes", bodyBytes, "bodyBytesInFlight", bodyBytesInFlight);
    requireRoom("pixels", pixels, "pixelsInFlight", pixelsInFlight);
  }

  /**
   * What fits into this Java's memory: a third of it for pictures, an eighth for bodies; at most 16
   * MiB, of which there is room for one as a form, and 33 million pixels (a frame of 7680x4320) a
   * request; 8 in the queue, 10 seconds.
   */
  public static Limits byDefault() {
    return of(Runtime.getRuntime().maxMemory());
  }

  static Limits of(long memory) {
    long bodies = Math.max(MIB, memory / 8);
    long pixels = Math.max(1 << 16, memory / 3 / BYTES_PER_PIXEL);
    return new Limits(
        (int) Math.min(16 * MIB, bodies / TIMES_A_BODY),
        bodies,
        Math.min(7680 * 4320, pixels),
        pixels,
        8,
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        256,
        8);
  }

  /** The same with another queue. */
  public Limits withQueue(int pictures) {
    return new Limits(
        bodyBytes,
        bodyBytesInFlight,
        pixels,
        pixelsInFlight,
        pictures,
        deadline,
        bodyTime,
        connections,
        live);
  }

  /** The same with another deadline. */
  public Limits withDeadline(Duration time) {
    return new Limits(
        bodyBytes,
        bodyBytesInFlight,
        pixels,
        pixelsInFlight,
        queue,
        time,
        bodyTime,
        connections,
        live);
  }

  /** The same with another time for bodies. */
  public Limits withBodyTime(Duration time) {
    return new Limits(
        bodyBytes,
        bodyBytesInFlight,
        pixels,
        pixelsInFlight,
        queue,
        deadline,
        time,
        connections,
        live);
  }

  /** The same with another limit on a body; all bodies together get at least what one may take. */
  public Limits withBodyBytes(int bytes) {
    return new Limits(
        bytes,
        Math.max((long) TIMES_A_BODY * bytes, bodyBytesInFlight),
        pixels,
        pixelsInFlight,
        queue,
        deadline,
        bodyTime,
        connections,
        live);
  }

  /** The same with another limit on a picture; all pictures together get at least as much. */
  public Limits withPixels(long most) {
    return new Limits(
        bodyBytes,
        bodyBytesInFlight,
        most,
        Math.max(most, pixelsInFlight),
        queue,
        deadline,
        bodyTime,
        connections,
        live);
  }

  /** The same with another number of connections. */
  public Limits withConnections(int most) {
    return new Limits(
        bodyBytes,
        bodyBytesInFlight,
        pixels,
        pixelsInFlight,
        queue,
        deadline,
        bodyTime,
        most,
        live);
  }

  private static void requireAtLeastOne(String what, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " is " + value + ", must be at least 1");
    }
  }

  private static void requireRoom(String one, long least, String all, long most) {
    if (most < least) {
      throw new IllegalArgumentException(
          all + " is " + most + ", less than " + one + ", which is " + least + "; raise it");
    }
  }
}
