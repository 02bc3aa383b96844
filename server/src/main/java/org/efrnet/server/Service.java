package org.efrnet.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.server.ConnectionLimit;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.StatisticsHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.Scheduler;
import org.efrnet.images.ClaimedSize;
import org.efrnet.images.PictureException;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;
import org.efrnet.labels.SegmentationClass;
import org.efrnet.segment.ResultJson;
import org.efrnet.segment.Segmenter;
import org.efrnet.text.Nearest;
import org.efrnet.text.OneLine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Segmentation over HTTP, and the page. Listens from its start on, is ready when {@link #open} was
 * called, and answers what is under way when it is closed. Thread-safe.
 *
 * <p>Pictures are kept in memory for as long as they are worked on, and nowhere else. Models are
 * given by whoever starts it; nothing about them can be changed over HTTP.
 */
public final class Service implements AutoCloseable {
  /** How long work under way may take when the service is closed. */
  public static final Duration GRACE = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(Service.class);

  private static final String ROUTE = "route";
  private static final String REQUEST_ID = "requestId";
  private static final String START = "start";
  private static final int CLIENT_GONE = 499;

  /** How often a waiting request looks whether its client is still there. */
  private static final long LOOK_MILLIS = 50;

  /** Beside those that serve a connection each. */
  private static final int OTHER_THREADS = 16;

  private final Limits limits;
  private final Budget pixels;
  private final Budget bodyBytes;
  private final Bodies bodies;
  private final Meters meters;
  private final Javalin app;
  private final StatisticsHandler active = new StatisticsHandler();
  private final Set<String> routes = new TreeSet<>();
  private final List<LiveStream> streams = new CopyOnWriteArrayList<>();
  private final Map<String, LiveStream> streamsById = new ConcurrentHashMap<>();
  private final Map<String, ServedModel> models =
      Collections.synchronizedMap(new LinkedHashMap<>());
  private volatile boolean open;
  private volatile boolean draining;

  private Service(String host, int port, Limits limits) {
    this.limits = limits;
    this.pixels = new Budget(limits.pixelsInFlight());
    this.bodyBytes = new Budget(limits.bodyBytesInFlight());
    this.bodies = new Bodies(limits);
    this.meters = new Meters(pixels, bodyBytes);
    this.app = Javalin.create(config -> configure(config, host, port));
    addRoutes();
  }

  /**
   * Listens at an address; says to everybody that it is starting until {@link #open} is called.
   *
   * @param host to listen at, such as {@code 127.0.0.1}
   * @param port 0 for one that is free
   * @throws IOException if nothing can listen there
   */
  public static Service start(String host, int port, Limits limits) throws IOException {
    Service service = new Service(host, port, limits);
    try {
      service.app.start();
      return service;
    } catch (RuntimeException e) {
      service.app.stop();
      throw new IOException(
          "cannot listen at "
              + OneLine.of(host)
              + ":"
              + port
              + ": the port is taken or the address is not this machine's; choose another",
          e);
    }
  }

  private void configure(JavalinConfig config, String host, int port) {
    config.showJavalinBanner = false;
    config.startupWatcherEnabled = false;
    config.http.prefer405over404 = true;
    config.http.disableCompression();
    config.http.maxRequestSize = limits.bodyBytes();
    config.router.ignoreTrailingSlashes = false;
    QueuedThreadPool threads =
        new QueuedThreadPool(limits.connections() + OTHER_THREADS, 8, 30_000);
    threads.setName("efrnet-http");
    config.jetty.threadPool = threads;
    config.jetty.modifyServer(
        server -> {
          server.setHandler(active);
          server.setErrorHandler(new ProblemPages());
          server.addBean(new ConnectionLimit(limits.connections(), server));
          server.setStopAtShutdown(false);
          // By then nothing is under way: close() waits for that.
          server.setStopTimeout(0);
        });
    config.jetty.modifyHttpConfiguration(
        http -> {
          http.setSendServerVersion(false);
          http.setSendDateHeader(true);
        });
    config.jetty.addConnector(
        (server, http) -> {
          ServerConnector connector =
              new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
          connector.setHost(host);
          connector.setPort(port);
          connector.setIdleTimeout(limits.bodyTime().toMillis());
          connector.setAcceptQueueSize(1024);
          return connector;
        });
    config.jetty.modifyWebSocketServletFactory(
        factory -> {
          factory.setMaxBinaryMessageSize(Math.min(limits.bodyBytes(), LiveStream.MOST_BYTES));
          factory.setMaxTextMessageSize(1024);
          factory.setIdleTimeout(Duration.ofSeconds(60));
        });
  }

  private void route(HandlerType method, String path, Handler handler) {
    routes.add(method + " " + path);
    app.addHttpHandler(
        method,
        path,
        ctx -> {
          ctx.attribute(ROUTE, path);
          try {
            handler.handle(ctx);
          } catch (OutOfMemoryError e) {
            throw Problem.outOfMemory();
          } catch (LinkageError | StackOverflowError e) {
            LOG.error("a request failed", e);
            throw Problem.internal();
          }
        });
  }

  private void addRoutes() {
    app.before(
        ctx -> {
          String id = RequestId.next();
          ctx.attribute(REQUEST_ID, id);
          ctx.attribute(START, System.nanoTime());
          ctx.header("X-Request-Id", id);
          ctx.header("Content-Security-Policy", Page.POLICY);
          ctx.header("X-Content-Type-Options", "nosniff");
          ctx.header("Referrer-Policy", "no-referrer");
          ctx.header("Cross-Origin-Resource-Policy", "same-origin");
          ctx.header("Permissions-Policy", "camera=(self)");
          ctx.header("Cache-Control", "no-store");
        });
    Page.ALL.forEach((path, page) -> route(HandlerType.GET, path, page::serve));
    route(HandlerType.GET, "/live", ctx -> ctx.contentType("text/plain").result("alive\n"));
    route(HandlerType.GET, "/ready", this::ready);
    route(HandlerType.GET, "/metrics", this::metrics);
    route(HandlerType.GET, "/version", ctx -> json(ctx, version()));
    route(HandlerType.GET, "/v1/models", ctx -> json(ctx, describeModels()));
    route(HandlerType.POST, "/v1/segment", ctx -> read(ctx, this::segment));
    InferenceProtocol protocol = new InferenceProtocol(this, limits);
    route(HandlerType.GET, "/v2", ctx -> json(ctx, protocol.server()));
    route(HandlerType.GET, "/v2/health/live", ctx -> ctx.status(200));
    route(HandlerType.GET, "/v2/health/ready", this::ready);
    route(HandlerType.GET, "/v2/models/{name}", ctx -> json(ctx, protocol.model(pathModel(ctx))));
    route(HandlerType.GET, "/v2/models/{name}/ready", this::modelReady);
    route(HandlerType.POST, "/v2/models/{name}/infer", ctx -> read(ctx, protocol::infer));
    addLive();
    app.exception(Problem.class, (problem, ctx) -> refuse(ctx, problem));
    app.exception(
        HttpResponseException.class, (e, ctx) -> refuse(ctx, Problem.ofStatus(e.getStatus())));
    app.exception(
        Exception.class,
        (e, ctx) -> {
          LOG.error("request {} failed", Optional.ofNullable(ctx.attribute(REQUEST_ID)), e);
          refuse(ctx, Problem.internal());
        });
    app.after(
        ctx -> {
          Long start = ctx.attribute(START);
          String route = ctx.attribute(ROUTE);
          if (start != null) {
            meters.request(
                route == null ? "other" : route, ctx.statusCode(), System.nanoTime() - start);
          }
        });
  }

  private void addLive() {
    routes.add("GET /v1/live");
    app.wsBeforeUpgrade("/v1/live", this::requireLive);
    app.ws(
        "/v1/live",
        ws -> {
          ws.onConnect(
              ctx -> {
                LiveStream stream =
                    new LiveStream(
                        ctx.session, chosen(Optional.ofNullable(ctx.queryParam("model"))), this);
                streams.add(stream);
                streamsById.put(ctx.sessionId(), stream);
              });
          ws.onBinaryMessage(
              ctx -> {
                LiveStream stream = streamsById.get(ctx.sessionId());
                if (stream != null) {
                  byte[] data = ctx.data();
                  byte[] frame = new byte[ctx.length()];
                  System.arraycopy(data, ctx.offset(), frame, 0, frame.length);
                  stream.frame(frame);
                }
              });
          ws.onClose(ctx -> forget(ctx.sessionId()));
          ws.onError(ctx -> forget(ctx.sessionId()));
        });
  }

  private void forget(String session) {
    LiveStream stream = streamsById.remove(session);
    if (stream != null) {
      streams.remove(stream);
      stream.end();
    }
  }

  /** Before a camera's stream: from our own page or from a program, and not too many. */
  private void requireLive(Context ctx) {
    ctx.attribute(ROUTE, "/v1/live");
    requireOpen();
    String origin = ctx.header("Origin");
    if (origin != null && !origin.replaceFirst("^https?://", "").equals(ctx.header("Host"))) {
      throw Problem.of(
          403, "foreign-origin", "Not from there", "streams are for this service's own page alone");
    }
    chosen(Optional.ofNullable(ctx.queryParam("model")));
    if (streams.size() >= limits.live()) {
      throw Problem.busy("there are " + streams.size() + " streams, which is all that may be", 5);
    }
  }

  /**
   * Adds a model, after its self-test; the first one is the one that requests without a name mean.
   * The segmenter is the service's own from now on.
   *
   * @throws IllegalArgumentException if there is a model of its name already
   * @throws IllegalStateException if the engine gives other logits than the bundle says
   */
  public void add(Segmenter segmenter) {
    String name = segmenter.bundle().config().name();
    if (models.containsKey(name)) {
      segmenter.close();
      throw new IllegalArgumentException("model '" + name + "' is there already; give it once");
    }
    models.put(name, new ServedModel(segmenter, limits.queue(), meters));
  }

  /**
   * From now on requests are served.
   *
   * @throws IllegalStateException if there is no model
   */
  public void open() {
    if (models.isEmpty()) {
      throw new IllegalStateException("there is no model to serve; add one");
    }
    open = true;
  }

  /** Where it listens. */
  public int port() {
    return app.port();
  }

  /** {@code METHOD /path} of everything that it answers. */
  Set<String> routes() {
    return Collections.unmodifiableSet(routes);
  }

  Meters meters() {
    return meters;
  }

  Limits limits() {
    return limits;
  }

  Budget pixels() {
    return pixels;
  }

  Budget bodyBytes() {
    return bodyBytes;
  }

  private void requireOpen() {
    if (draining) {
      throw Problem.draining();
    }
    if (!open) {
      throw Problem.unavailable(
          "starting", "Starting", "this service is loading its models; ask again soon");
    }
  }

  private boolean isReady() {
    return open && !draining && servedModels().stream().allMatch(ServedModel::isReady);
  }

  private void ready(Context ctx) {
    requireOpen();
    if (!isReady()) {
      throw Problem.unavailable("engine-lost", "The engine is lost", "a model cannot be run");
    }
    ctx.contentType("text/plain").result("ready\n");
  }

  private void modelReady(Context ctx) {
    requireOpen();
    if (!pathModel(ctx).isReady()) {
      throw Problem.unavailable("engine-lost", "The engine is lost", "this model cannot be run");
    }
    ctx.status(200);
  }

  private void metrics(Context ctx) {
    ctx.contentType("text/plain; version=0.0.4; charset=utf-8").result(meters.text());
  }

  private List<ServedModel> servedModels() {
    synchronized (models) {
      return List.copyOf(models.values());
    }
  }

  ServedModel pathModel(Context ctx) {
    requireOpen();
    return chosen(Optional.of(ctx.pathParam("name")));
  }

  private ServedModel chosen(Optional<String> name) {
    List<ServedModel> served = servedModels();
    if (name.isEmpty()) {
      return served.get(0);
    }
    List<String> names = served.stream().map(ServedModel::name).toList();
    return served.stream()
        .filter(model -> model.name().equals(name.get()))
        .findFirst()
        .orElseThrow(
            () ->
                Problem.of(
                    404,
                    "no-such-model",
                    "There is no such model",
                    "no model is named '"
                        + OneLine.of(name.get())
                        + "'"
                        + Nearest.hint(name.get(), names)
                        + "; there are "
                        + String.join(", ", names)));
  }

  static String programVersion() {
    String version = Service.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  private static ObjectNode version() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("name", "efrnet")
        .put("version", programVersion())
        .put("java", Runtime.version().feature());
  }

  private ObjectNode describeModels() {
    requireOpen();
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    ArrayNode list = node.putArray("models");
    for (ServedModel model : servedModels()) {
      ObjectNode one = list.addObject();
      one.put("name", model.name());
      one.put("network", model.config().architecture().network());
      one.put("licence", model.config().licence().id());
      one.put("digest", model.segmenter().bundle().digest());
      ResultJson.describe(model.segmenter(), one);
      one.put("size", model.segmenter().options().size().toString());
      one.put("height", model.config().height());
      one.put("golden", model.golden().digest());
      ArrayNode classes = one.putArray("classes");
      for (SegmentationClass type : model.segmenter().classes().classes()) {
        classes
            .addObject()
            .put("id", type.id())
            .put("name", type.name())
            .put("colour", String.format("#%06x", type.colour().rgb()));
      }
    }
    node.putObject("limits")
        .put("bodyBytes", limits.bodyBytes())
        .put("pixels", limits.pixels())
        .put("frameBytes", Math.min(limits.bodyBytes(), LiveStream.MOST_BYTES))
        .put("deadlineMillis", limits.deadline().toMillis());
    return node;
  }

  private static void json(Context ctx, ObjectNode node) {
    ctx.contentType("application/json").result(node.toString());
  }

  private static void refuse(Context ctx, Problem problem) {
    String id = ctx.attribute(REQUEST_ID);
    ctx.status(problem.status());
    ctx.header("Cache-Control", "no-store");
    problem.retrySeconds().ifPresent(s -> ctx.header("Retry-After", Integer.toString(s)));
    ctx.result(problem.json(id == null ? RequestId.next() : id).toString());
    ctx.contentType(Problem.MEDIA_TYPE);
  }

  /** What a request with a body does, holding what it takes of the budgets until it is answered. */
  @FunctionalInterface
  interface Reading {
    void handle(Context ctx, Budget.Share body);
  }

  private void read(Context ctx, Reading reading) {
    try (Budget.Share body = bodyBytes.share()) {
      requireOpen();
      reading.handle(ctx, body);
    } catch (Problem problem) {
      if (problem.status() != 408) {
        bodies.drain(ctx.req());
      }
      throw problem;
    }
  }

  Bodies bodies() {
    return bodies;
  }

  private void segment(Context ctx, Budget.Share share) {
    ServedModel model = chosen(Optional.ofNullable(ctx.queryParam("model")));
    Wanted wanted = Wanted.of(Optional.ofNullable(ctx.header("Accept")));
    double opacity = number(ctx, "opacity", 0.5, 0, 1);
    int minimumArea = (int) number(ctx, "min-area", 1, 1, 1e9);
    boolean lenient = flag(ctx, "lenient");
    requirePlace(model);
    byte[] body = bodies.read(ctx.req(), share);
    byte[] file = bodies.picture(body, Optional.ofNullable(ctx.contentType()), share);
    try (Budget.Share cost = admit(model, file)) {
      Job job = job(file, lenient, wanted.encoder(opacity, minimumArea), List.of(share, cost));
      answer(ctx, model, job, wanted.mediaType());
    }
  }

  private static boolean flag(Context ctx, String name) {
    String text = Optional.ofNullable(ctx.queryParam(name)).orElse("false");
    if (!text.equals("true") && !text.equals("false")) {
      throw Problem.of(
          400,
          "bad-parameter",
          "A parameter is wrong",
          name + " is '" + OneLine.of(text) + "', must be true or false");
    }
    return text.equals("true");
  }

  private static double number(Context ctx, String name, double usual, double least, double most) {
    String text = ctx.queryParam(name);
    if (text == null) {
      return usual;
    }
    double value = text.matches("[0-9]{1,10}(\\.[0-9]{1,10})?") ? Double.parseDouble(text) : -1;
    if (!(value >= least && value <= most)) {
      throw Problem.of(
          400,
          "bad-parameter",
          "A parameter is wrong",
          name
              + " is '"
              + OneLine.of(text)
              + "', must be a number within "
              + Math.round(least)
              + ".."
              + Math.round(most));
    }
    return value;
  }

  /** Refuses early what would be refused when its body is read. */
  static void requirePlace(ServedModel model) {
    if (model.isFull()) {
      throw full(model);
    }
  }

  private static Problem full(ServedModel model) {
    return Problem.busy("the queue of this model is full; send it later", model.retrySeconds());
  }

  /**
   * Looks at a picture's first bytes, then at its header, then whether there is room for it.
   *
   * @return its pixels' share of the budget
   * @throws Problem 415, 422, 413 or 429
   */
  Budget.Share admit(ServedModel model, byte[] file) {
    if (!Pictures.isKnown(file)) {
      throw Problem.of(
          415,
          "not-a-picture",
          "Not a picture that is read here",
          "the body is not a PNG, JPEG, BMP, GIF or TIFF file; convert it to PNG or JPEG");
    }
    ClaimedSize size;
    try {
      size = Pictures.size(file, "picture");
    } catch (PictureException e) {
      throw Problem.of(
          422,
          "broken-image",
          "The picture cannot be read",
          "the picture is damaged or ends early; export or copy it anew");
    }
    return admit(model, size.width(), size.height());
  }

  /** The same of a picture whose size is known. */
  Budget.Share admit(ServedModel model, long width, long height) {
    if (width < 1 || height < 1) {
      throw Problem.of(
          422, "broken-image", "The picture cannot be read", "the picture has no pixels");
    }
    if (width > Integer.MAX_VALUE
        || height > Integer.MAX_VALUE
        || width * height > limits.pixels()
        || model.cost(width, height) > pixels.all()) {
      throw Problem.of(
          413,
          "image-too-large",
          "The picture is too large",
          "a picture of "
              + width
              + "x"
              + height
              + " pixels, or what the network sees of it, is more than the "
              + limits.pixels()
              + " that are taken here; shrink it");
    }
    return pixels
        .take(model.cost(width, height))
        .orElseThrow(() -> Problem.busy("there are too many pixels in work now; send it later", 1));
  }

  /**
   * A file's job, due in this service's time.
   *
   * @param lenient whether a JPEG that ends early is read all the same
   */
  Job job(byte[] file, boolean lenient, Job.Encoder encoder, List<Budget.Share> shares) {
    return new Job(
        () -> Pictures.read(file, "picture", new ReadOptions(limits.pixels(), lenient)),
        encoder,
        System.nanoTime() + limits.deadline().toNanos(),
        shares);
  }

  /**
   * Sends a job to its model, waits for it and answers.
   *
   * @throws Problem 429 if the queue is full, 504 if it takes too long, and what the job says
   */
  void answer(Context ctx, ServedModel model, Job job, String mediaType) {
    if (!model.offer(job)) {
      throw full(model);
    }
    ClientWatch client = ClientWatch.of(ctx.req());
    Optional<byte[]> answer = await(client, model, job);
    if (answer.isEmpty()) {
      ctx.status(CLIENT_GONE);
      return;
    }
    ctx.status(200);
    ctx.contentType(mediaType);
    // Here and not by returning it: what it takes of the budgets is held until it is sent.
    Scheduler.Task tooSlow = client.hangUpAfter(limits.bodyTime());
    try {
      ctx.res().setContentLength(answer.get().length);
      ctx.res().getOutputStream().write(answer.get());
      ctx.res().flushBuffer();
    } catch (IOException e) {
      ctx.status(CLIENT_GONE);
    } finally {
      tooSlow.cancel();
    }
  }

  /** The answer; empty if the client has gone. */
  private static Optional<byte[]> await(ClientWatch client, ServedModel model, Job job) {
    while (true) {
      try {
        return Optional.of(job.answer().get(LOOK_MILLIS, TimeUnit.MILLISECONDS));
      } catch (TimeoutException e) {
        if (client.isGone()) {
          model.withdraw(job);
          return Optional.empty();
        }
        if (job.isLate()) {
          model.withdraw(job);
          throw Problem.late();
        }
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Problem problem ? problem : Problem.internal();
      } catch (InterruptedException e) {
        model.withdraw(job);
        Thread.currentThread().interrupt();
        throw Problem.draining();
      }
    }
  }

  /**
   * Is not ready any more at once, answers what is under way for up to {@link #GRACE}, and gives
   * everything back; a second call does nothing.
   */
  @Override
  public void close() {
    synchronized (active) {
      if (draining) {
        return;
      }
      draining = true;
    }
    streams.forEach(LiveStream::close);
    long end = System.nanoTime() + GRACE.toNanos();
    try {
      while (active.getRequestsActive() > 0 && System.nanoTime() < end) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      app.stop();
    } finally {
      servedModels().forEach(ServedModel::close);
    }
  }
}
