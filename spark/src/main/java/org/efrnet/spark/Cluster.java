package org.efrnet.spark;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Spark, started in this process or reached elsewhere, for bulk work. One at a time in a process:
 * so Spark will have it.
 */
public final class Cluster implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int CONNECT_MILLIS = 5000;
  private static final String JARS = "spark.jars";

  /** Files of this project, and of what it needs beside Spark: executors elsewhere have neither. */
  private static final List<String> OURS =
      List.of(
          "efrnet-",
          "dnnl-",
          "opencl-",
          "javacpp-",
          "jna-",
          "snakeyaml-",
          "onnxruntime-",
          "pytorch-",
          "openblas-");

  private final SparkSession session;
  private final JavaSparkContext context;
  private final Waiting waiting;

  private Cluster(SparkSession session, boolean elsewhere) {
    this.session = session;
    this.context = JavaSparkContext.fromSparkContext(session.sparkContext());
    this.waiting = new Waiting(session.sparkContext(), elsewhere);
  }

  /**
   * Starts Spark or reaches it.
   *
   * @param master as Spark names it: {@code local[*]}, {@code spark://HOST:PORT}, {@code yarn},
   *     {@code k8s://...}
   * @param settings of Spark's, by name; they win over those made here
   * @param threads of a picture, which become the cores of a task, at least 1
   * @throws IOException if no master listens there
   * @throws IllegalStateException if Spark does not start, in a line
   */
  public static Cluster open(String master, Map<String, String> settings, int threads)
      throws IOException {
    boolean elsewhere = !master.startsWith("local");
    // Reads the system's properties, in which spark-submit leaves its settings.
    SparkConf conf = new SparkConf();
    conf.setMaster(master);
    conf.setIfMissing("spark.app.name", "efrnet");
    conf.setIfMissing("spark.ui.showConsoleProgress", "false");
    conf.setIfMissing("spark.task.cpus", Integer.toString(threads));
    if (!elsewhere) {
      conf.setIfMissing("spark.ui.enabled", "false");
    }
    if (!elsewhere || isOnLoopback(master)) {
      conf.setIfMissing("spark.driver.host", LOOPBACK);
      conf.setIfMissing("spark.driver.bindAddress", LOOPBACK);
    }
    if (elsewhere && !conf.contains(JARS)) {
      conf.set(JARS, String.join(",", ours()));
    }
    settings.forEach(conf::set);
    try {
      return new Cluster(SparkSession.builder().config(conf).getOrCreate(), elsewhere);
    } catch (Exception e) {
      throw new IllegalStateException(
          "Spark does not start with master " + master + ": " + JobFailure.message(e), e);
    }
  }

  /**
   * Whether a standalone master of this machine's loopback is meant; then its workers are there.
   *
   * @throws IOException if no master listens where one should: Spark would find that out in a
   *     minute
   */
  private static boolean isOnLoopback(String master) throws IOException {
    if (!master.startsWith("spark://")) {
      return false;
    }
    List<String> faults = new ArrayList<>();
    for (String one : master.substring("spark://".length()).split(",")) {
      try (Socket socket = new Socket()) {
        URI address = URI.create("spark://" + one);
        if (address.getHost() == null || address.getPort() < 0) {
          throw new IOException("not HOST:PORT");
        }
        InetAddress host = InetAddress.getByName(address.getHost());
        socket.connect(new InetSocketAddress(host, address.getPort()), CONNECT_MILLIS);
        return host.isLoopbackAddress();
      } catch (IOException | IllegalArgumentException e) {
        faults.add(one + ": " + e.getMessage());
      }
    }
    throw new IOException(
        "no Spark master listens at "
            + master
            + " ("
            + String.join("; ", faults)
            + "); check the address, or start one");
  }

  private static List<String> ours() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(File::new)
        .filter(file -> file.isFile() && OURS.stream().anyMatch(file.getName()::startsWith))
        .map(file -> file.toURI().toString())
        .collect(Collectors.toList());
  }

  /**
   * Labels the pictures that are not labelled yet. Those that fail are told of, and tried again by
   * the next run that writes masks; in a table they have a row.
   *
   * @throws IOException if there are no pictures, or the results cannot be written, or were made
   *     otherwise by an earlier run
   * @throws IllegalStateException if the job failed, in a line
   */
  public LabelReport label(LabelOrder order, Watcher watcher) throws IOException {
    return new LabelRun(session, waiting, order, watcher).run();
  }

  /**
   * Judges a model on a data set, count for count as {@link org.efrnet.segment.Evaluation#of} does.
   *
   * @throws IOException if there is no such data set
   * @throws IllegalStateException if the job failed or was stopped, in a line
   */
  public Counted evaluate(EvaluationOrder order, Watcher watcher) throws IOException {
    return EvaluationRun.run(context, waiting, order, watcher);
  }

  SparkSession session() {
    return session;
  }

  /** Ends Spark, and gives back what this process holds of models. */
  @Override
  public void close() {
    session.stop();
    Segmenters.closeAll();
  }
}
