package org.efrnet.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalInt;

/**
 * Why a request is refused, as a client reads it: RFC 9457. Says nothing of this program's inside,
 * no path, no class, no text of a library.
 */
final class Problem extends RuntimeException {
  static final String MEDIA_TYPE = "application/problem+json";

  private static final long serialVersionUID = 1;

  private final int status;
  private final String type;
  private final String title;
  private final int retrySeconds;

  private Problem(int status, String type, String title, String detail, int retrySeconds) {
    // No stack: it is an answer, and under load there are many.
    super(detail, null, false, false);
    this.status = status;
    this.type = type;
    this.title = title;
    this.retrySeconds = retrySeconds;
  }

  static Problem of(int status, String type, String title, String detail) {
    return new Problem(status, type, title, detail, 0);
  }

  static Problem busy(String detail, int retrySeconds) {
    return new Problem(429, "busy", "Too much work at once", detail, retrySeconds);
  }

  static Problem unavailable(String type, String title, String detail) {
    return new Problem(503, type, title, detail, 1);
  }

  static Problem draining() {
    return unavailable("draining", "Shutting down", "this service is shutting down; ask another");
  }

  static Problem late() {
    return of(
        504,
        "deadline",
        "Not done in time",
        "the picture was not segmented within this service's deadline; send fewer at once");
  }

  static Problem outOfMemory() {
    return unavailable(
        "out-of-memory", "Out of memory", "there is no memory for this now; send it later");
  }

  static Problem internal() {
    return of(
        500,
        "internal",
        "Something went wrong here",
        "the service's log tells more under this request's id");
  }

  /** A fitting one for a status that a library chose. */
  static Problem ofStatus(int status) {
    return switch (status) {
      case 400 -> of(400, "bad-request", "Not a request", "the request is malformed");
      case 404 -> of(404, "not-found", "Not here", "there is nothing here; see /openapi.json");
      case 405 ->
          of(405, "method", "Not with this method", "there is no such method; see /openapi.json");
      case 408 ->
          of(408, "slow-body", "Too slow", "the request did not arrive in time; send it faster");
      case 413 -> of(413, "too-large", "Too large", "the request is too large; send less");
      case 414 -> of(414, "long-address", "Too long", "the address is too long; shorten it");
      case 431 -> of(431, "long-headers", "Too long", "the headers are too long; shorten them");
      case 503 -> draining();
      default ->
          status >= 500
              ? internal()
              : of(status, "bad-request", "Not a request", "the request cannot be served");
    };
  }

  int status() {
    return status;
  }

  String type() {
    return type;
  }

  /** Seconds after which it is worth trying again. */
  OptionalInt retrySeconds() {
    return retrySeconds > 0 ? OptionalInt.of(retrySeconds) : OptionalInt.empty();
  }

  /** The document; its {@code error} repeats the detail, for clients of the inference protocol. */
  ObjectNode json(String requestId) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("type", "urn:efrnet:" + type)
        .put("title", title)
        .put("status", status)
        .put("detail", getMessage())
        .put("error", getMessage())
        .put("requestId", requestId);
  }
}
