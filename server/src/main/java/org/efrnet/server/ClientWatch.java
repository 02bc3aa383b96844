package org.efrnet.server;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpConnection;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;

/**
 * Tells whether a client hung up while its request is worked on. HTTP/1.1 says nothing of that, and
 * a server that does not read does not see it; so this reads, on the request's own thread while
 * nobody else does, after the request's last byte.
 */
final class ClientWatch {
  private final EndPoint endPoint;
  private final HttpConnection connection;

  private ClientWatch(EndPoint endPoint, HttpConnection connection) {
    this.endPoint = endPoint;
    this.connection = connection;
  }

  /** For a request whose body was read to its end, on the thread that handles it. */
  static ClientWatch of(HttpServletRequest request) {
    Request base = Request.getBaseRequest(request);
    return new ClientWatch(
        base.getHttpChannel().getEndPoint(),
        (HttpConnection) base.getHttpChannel().getHttpTransport());
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
