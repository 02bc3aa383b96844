package org.efrnet.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.efrnet.segment.Segmentation;

/**
 * What {@code /metrics} shows. Labels are routes, statuses, models and stages that this program
 * knows, never what a client sent: there is a bounded number of series.
 */
final class Meters {
  private static final double[] QUANTILES = {0.5, 0.95, 0.99};

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Counter cancelled =
      Counter.builder("efrnet.cancelled")
          .description("Pictures that nobody waited for any more, dropped before the network")
          .register(registry);

  Meters(Budget pixels, Budget bodies) {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    Gauge.builder("efrnet.pixels.in.flight", pixels, Budget::used).register(registry);
    Gauge.builder("efrnet.body.bytes.in.flight", bodies, Budget::used).register(registry);
  }

  void watchQueue(String model, Collection<?> queue) {
    Gauge.builder("efrnet.queue", queue, Collection::size)
        .tag("model", model)
        .description("Pictures that wait for a model")
        .register(registry);
  }

  void cancelled() {
    cancelled.increment();
  }

  /** A request that was answered; {@code route} is one of this program's. */
  void request(String route, int status, long nanos) {
    Timer.builder("efrnet.requests")
        .tag("route", route)
        .tag("status", Integer.toString(status))
        .publishPercentiles(QUANTILES)
        .register(registry)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  void stages(String model, double decode, Segmentation.Millis millis, double encode) {
    stage(model, "decode", decode);
    stage(model, "prepare", millis.prepare());
    stage(model, "network", millis.network());
    stage(model, "finish", millis.finish());
    stage(model, "encode", encode);
  }

  private void stage(String model, String stage, double millis) {
    Timer.builder("efrnet.stage")
        .tag("model", model)
        .tag("stage", stage)
        .publishPercentiles(QUANTILES)
        .register(registry)
        .record(Math.round(millis * 1e6), TimeUnit.NANOSECONDS);
  }

  /** A frame of a camera that came; it may be dropped later. */
  void liveFrame(String model) {
    registry.counter("efrnet.live.frames", "model", model).increment();
  }

  /** A frame of a camera that a newer one took the place of. */
  void liveDropped(String model) {
    registry.counter("efrnet.live.dropped", "model", model).increment();
  }

  /** In Prometheus' text format 0.0.4. */
  String text() {
    return registry.scrape();
  }
}
