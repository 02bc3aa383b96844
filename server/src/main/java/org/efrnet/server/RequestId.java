package org.efrnet.server;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Names of requests, by which a client's answer and the service's log are brought together. */
final class RequestId {
  private RequestId() {}

  /** 16 hexadecimal digits. */
  static String next() {
    return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  }
}
