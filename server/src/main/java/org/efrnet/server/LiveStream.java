package org.efrnet.server;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.WriteCallback;

/**
 * A camera's pictures over a WebSocket. Of each, one is under way and at most one waits: a newer
 * one takes the place of what waits, so that what is shown is never older than it must be. The next
 * one begins when the last answer was sent.
 */
final class LiveStream {
  /** A frame; a camera's in JPEG has a tenth of it. */
  static final int MOST_BYTES = 2 << 20;

  private static final int GOING_AWAY = 1001;

  private final Session session;
  private final ServedModel model;
  private final Service service;
  private Optional<Frame> waiting = Optional.empty();
  private boolean busy;
  private boolean ended;
  private long received;
  private long dropped;

  private record Frame(long number, byte[] file, Budget.Share share) {}

  LiveStream(Session session, ServedModel model, Service service) {
    this.session = session;
    this.model = model;
    this.service = service;
  }

  /** A picture's file. */
  synchronized void frame(byte[] file) {
    received++;
    service.meters().liveFrame(model.name());
    Optional<Budget.Share> share = service.bodyBytes().take(file.length);
    if (share.isEmpty() || ended) {
      share.ifPresent(Budget.Share::close);
      countDropped();
      return;
    }
    dropWaiting();
    waiting = Optional.of(new Frame(received, file, share.get()));
    next();
  }

  private void dropWaiting() {
    if (waiting.isPresent()) {
      waiting.get().share().close();
      waiting = Optional.empty();
      countDropped();
    }
  }

  private void countDropped() {
    dropped++;
    service.meters().liveDropped(model.name());
  }

  private synchronized void next() {
    if (busy || waiting.isEmpty() || ended) {
      return;
    }
    Frame frame = waiting.get();
    waiting = Optional.empty();
    busy = true;
    try (Budget.Share file = frame.share();
        Budget.Share cost = service.admit(model, frame.file())) {
      Job job =
          service.job(
              frame.file(),
              false,
              (segmenter, result, decode) ->
                  Wanted.RUNS.json(segmenter, result, decode, 1, counts(frame)),
              List.of(file, cost));
      if (!model.offer(job)) {
        countDropped();
        busy = false;
        return;
      }
      var unused = job.answer().whenComplete((answer, failure) -> answered(frame, answer, failure));
    } catch (Problem problem) {
      if (problem.status() == 429) {
        countDropped();
        busy = false;
      } else {
        send(problem, frame);
      }
    }
  }

  private synchronized Map<String, Long> counts(Frame frame) {
    return Map.of("frame", frame.number(), "dropped", dropped);
  }

  private void answered(Frame frame, byte[] answer, Throwable failure) {
    if (failure == null) {
      send(new String(answer, StandardCharsets.UTF_8));
    } else {
      send(failure instanceof Problem problem ? problem : Problem.internal(), frame);
    }
  }

  private void send(Problem problem, Frame frame) {
    send(problem.json(RequestId.next()).put("frame", frame.number()).toString());
  }

  private void send(String text) {
    session
        .getRemote()
        .sendString(
            text,
            new WriteCallback() {
              @Override
              public void writeSuccess() {
                ready();
              }

              @Override
              public void writeFailed(Throwable cause) {
                end();
              }
            });
  }

  private synchronized void ready() {
    busy = false;
    next();
  }

  /** Nobody listens any more. */
  synchronized void end() {
    ended = true;
    dropWaiting();
  }

  /** Tells the client that the service goes away. */
  void close() {
    end();
    session.close(GOING_AWAY, "shutting down");
  }
}
