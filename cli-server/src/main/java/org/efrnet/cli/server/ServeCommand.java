package org.efrnet.cli.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.cli.ModelOptions;
import org.efrnet.segment.Segmenter;
import org.efrnet.server.Limits;
import org.efrnet.server.Service;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code efrnet serve}. */
@Command(
    name = "serve",
    description = {
      "Serves models over HTTP, with a page to look at them. Ctrl-C or SIGTERM lets what is under way",
      "end, for up to 10 seconds; the exit code is then 0."
    },
    footer = {
      "",
      "Examples:",
      "  efrnet serve",
      "  efrnet serve --port 9000 --model efrnet.camvid --model runs/camvid/bundle",
      "  curl --data-binary @samples/street.jpg -H 'Accept: image/png' -o overlay.png"
          + " http://127.0.0.1:8080/v1/segment"
    })
final class ServeCommand implements Callable<Integer> {
  private static final int MIB = 1 << 20;

  @Option(
      names = "--port",
      defaultValue = "8080",
      description = "Port to listen at, 0 for any that is free (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      description =
          "Address to listen at; 0.0.0.0 lets other machines in (default: ${DEFAULT-VALUE}).")
  private String host;

  @Option(
      names = "--model",
      paramLabel = "BUNDLE",
      defaultValue = ModelOptions.DEFAULT_MODEL,
      description = "A model's name, or its folder; may be repeated (default: ${DEFAULT-VALUE}).")
  private List<String> models;

  @Option(
      names = "--queue",
      paramLabel = "N",
      description = "Pictures that may wait for a model; more are refused with 429 (default: 8).")
  private Optional<Integer> queue;

  @Option(
      names = "--deadline",
      paramLabel = "SECONDS",
      description = "Within which a picture is answered, or refused with 504 (default: 10).")
  private Optional<Integer> deadline;

  @Option(
      names = "--max-body",
      paramLabel = "MIB",
      description = "Size of a request's body (default: 16, or what fits into memory).")
  private Optional<Integer> body;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      description = "Pixels of a picture (default: 33177600, or what fits into memory).")
  private Optional<Long> pixels;

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      description = "Clients at once; more wait to be let in (default: 256).")
  private Optional<Integer> connections;

  @Mixin private ModelOptions options;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Limits limits = limits();
    if (port < 0 || port > 65535) {
      throw wrong("--port is " + port + ", must be within 0..65535");
    }
    List<ModelBundle> bundles = new ArrayList<>();
    for (String model : models) {
      bundles.add(ModelBundle.of(model));
    }
    Service service = Service.start(host, port, limits);
    CountDownLatch stopped = new CountDownLatch(1);
    boolean started = false;
    try {
      Thread onSignal = new Thread(() -> stop(service, stopped), "efrnet-stop");
      for (ModelBundle bundle : bundles) {
        service.add(Segmenter.load(bundle, options.segmenting()));
      }
      service.open();
      Runtime.getRuntime().addShutdownHook(onSignal);
      started = true;
    } finally {
      if (!started) {
        service.close();
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    for (ModelBundle bundle : bundles) {
      out.printf("model %s: %s%n", bundle.config().name(), bundle.config().licence().id());
    }
    out.printf("listening at http://%s:%d/  (Ctrl-C stops)%n", shown(), service.port());
    out.flush();
    stopped.await();
    return 0;
  }

  /**
   * Ends the virtual machine itself: being told to stop is how a service ends well, and left alone
   * Java would end with the signal's code.
   */
  private static void stop(Service service, CountDownLatch stopped) {
    int code = 0;
    try {
      service.close();
    } catch (RuntimeException e) {
      System.err.println("efrnet: did not stop cleanly: " + e.getMessage());
      code = 1;
    }
    stopped.countDown();
    Runtime.getRuntime().halt(code);
  }

  private String shown() {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  private Limits limits() {
    Limits limits = Limits.byDefault();
    try {
      limits = queue.map(limits::withQueue).orElse(limits);
      limits = deadline.map(Duration::ofSeconds).map(limits::withDeadline).orElse(limits);
      if (body.isPresent()) {
        if (body.get() < 1 || body.get() > 1024) {
          throw wrong("--max-body is " + body.get() + ", must be within 1..1024");
        }
        limits = limits.withBodyBytes(body.get() * MIB);
      }
      limits = pixels.map(limits::withPixels).orElse(limits);
      return connections.map(limits::withConnections).orElse(limits);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage());
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
