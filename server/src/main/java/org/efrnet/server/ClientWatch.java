package org.efrnet.server;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpConnection;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Tells whether a client hung up while its request is worked on. HTTP/1.1 says nothing of that, and
 * a server that does not read does not see it; so this reads, on the request's own thread while
 * nobody else does, after the request's last byte.
 */
final class ClientWatch {
  private final EndPoint endPoint;
  private final HttpConnection connection;
  private final Scheduler scheduler;

  private ClientWatch(EndPoint endPoint, HttpConnection connection, Scheduler scheduler) {
    this.endPoint = endPoint;
    this.connection = connection;
    this.scheduler = scheduler;
  }

  /** For a request whose body was read to its end, on the thread that handles it. */
  static ClientWatch of(HttpServletRequest request) {
    Request base = Request.getBaseRequest(request);
    return new ClientWatch(
        base.getHttpChannel().getEndPoint(),
        (HttpConnection) base.getHttpChannel().getHttpTransport(),
        base.getHttpChannel().getConnector().getScheduler());
  }

  /**
   * Hangs up on a client that takes longer than this to read its answer, byte by byte perhaps: what
   * the answer takes of the budgets is others'.
   *
   * @return to be cancelled when the answer is sent
   */
  Scheduler.Task hangUpAfter(Duration time) {
    return scheduler.schedule(endPoint::close, time.toMillis(), TimeUnit.MILLISECONDS);
  }

  boolean isGone() {
    if (!endPoint.isOpen()) {
      return true;
    }
    if (!connection.isRequestBufferEmpty()) {
      // It has sent the next request already: it is there.
      return false;
    }
    ByteBuffer buffer = BufferUtil.allocate(1024);
    try {
      int count = endPoint.fill(buffer);
      if (count > 0) {
        // The beginning of the next request, which the connection reads when this one is answered.
        connection.onUpgradeTo(buffer);
      }
      return count < 0;
    } catch (IOException e) {
      return true;
    }
  }
}
