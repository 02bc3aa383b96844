package org.efrnet.torch;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Backend;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.gloo.Device;
import org.bytedeco.pytorch.nccl.ProcessGroupNCCL;
import org.efrnet.learning.LostProcessException;
import org.efrnet.learning.Processes;

/**
 * Processes that meet in a {@code TCPStore} of torch.distributed and sum up by Gloo; what lies on
 * cards by NCCL. Sums are the same, bit for bit, in all processes, as both compute each number in
 * one place and send it round. One sum at a time, from one thread at a time.
 */
public final class TorchProcesses implements Processes {
  /**
   * How long one process waits for another that is alive: rank 0 may segment the watched pictures
   * meanwhile. Who is not alive is found out by {@link Heartbeats}.
   */
  private static final int MOST_SECONDS = 3600;

  private static final int SECONDS_TO_ANSWER = 5;

  private static final String BEAT = "beat/";
  private static final int HEARTBEAT_SECONDS = 20;

  /** So long the others can still ask the store who it was. */
  private static final int MILLIS_OF_LAST_ANSWERS = 3000;

  private final Rendezvous meeting;
  private final PointerScope memory = new PointerScope();
  private final Backend host;
  private final Backend cards;
  private final Heartbeats heartbeats;
  private Optional<LostProcessException> lost = Optional.empty();

  /**
   * Meets the others and waits until all are there.
   *
   * @param device where tensors lie that are summed up: {@code cpu}, {@code cuda} or {@code cuda:N}
   * @param silence told one line, on a thread of its own, if another process went away and this one
   *     waits for it in a way that does not end by itself; all there is left to do is to end
   * @throws IllegalStateException in one line, if they do not come together
   */
  public TorchProcesses(Rendezvous meeting, String device, Consumer<String> silence) {
    this.meeting = meeting;
    boolean complete = false;
    try {
      String address = meeting.listens() ? ownAddress() : reached();
      Store store = store(meeting.listens(), meeting.seconds());
      register(store);
      awaitAll(store);
      // A store can be handed over once, so each group has a connection of its own.
      host = gloo(new PrefixStore(key("gloo"), store), address);
      cards =
          device.equals("cpu")
              ? host
              : new ProcessGroupNCCL(
                  new PrefixStore(key("nccl"), store(false, meeting.seconds())), rank(), size());
      heartbeats =
          new Heartbeats(
              store(false, HEARTBEAT_SECONDS),
              key(BEAT),
              rank(),
              size(),
              who -> silence.accept(message(who)));
      complete = true;
    } catch (RuntimeException e) {
      throw TorchErrors.translated(e);
    } finally {
      if (complete) {
        memory.extend();
      }
      memory.close();
    }
  }

  private String key(String name) {
    return "efrnet/" + meeting.attempt() + "/" + name;
  }

  /** libtorch's own words on a port in use or a host that is not there are many lines. */
  private String ownAddress() {
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress(meeting.port()));
    } catch (BindException e) {
      throw new IllegalStateException(
          "rank 0 cannot listen at port "
              + meeting.port()
              + " ("
              + e.getMessage()
              + "): set another MASTER_PORT, in all processes",
          e);
    } catch (IOException e) {
      throw new IllegalStateException(
          "rank 0 cannot listen at port " + meeting.port() + ": " + e.getMessage(), e);
    }
    try {
      InetAddress named = InetAddress.getByName(meeting.host());
      return (NetworkInterface.getByInetAddress(named) == null ? InetAddress.getLocalHost() : named)
          .getHostAddress();
    } catch (IOException e) {
      throw new IllegalStateException(
          "MASTER_ADDR " + meeting.host() + " is not known on the host of rank 0, its own", e);
    }
  }

  /** Waits for rank 0 to listen; gives this host's address as rank 0 sees it. */
  private String reached() {
    Patience patience = new Patience(meeting.seconds());
    IOException why;
    do {
      try (Socket socket = new Socket()) {
        InetAddress there = InetAddress.getByName(meeting.host());
        socket.connect(new InetSocketAddress(there, meeting.port()), 5000);
        return socket.getLocalAddress().getHostAddress();
      } catch (UnknownHostException e) {
        why = new IOException("no such host", e);
      } catch (IOException e) {
        why = e;
      }
    } while (patience.lasts());
    throw new IllegalStateException(
        "rank "
            + rank()
            + " cannot reach rank 0 at "
            + meeting.place()
            + " within "
            + meeting.seconds()
            + " s ("
            + why.getMessage()
            + "): start rank 0 there, or correct MASTER_ADDR and MASTER_PORT",
        why);
  }

  /** Waits a while between tries. What a process is stopped for in between does not count. */
  private static final class Patience {
    private static final long MILLIS_BETWEEN_TRIES = 250;

    /** A try takes no longer unless this process was stopped. */
    private static final long MOST_MILLIS = 6000;

    private long left;
    private long since = System.nanoTime();

    Patience(int seconds) {
      this.left = 1000L * seconds;
    }

    /** Sleeps; returns whether there is time for another try. */
    boolean lasts() {
      try {
        Thread.sleep(MILLIS_BETWEEN_TRIES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for other processes", e);
      }
      long now = System.nanoTime();
      left -= Math.min(MOST_MILLIS, (now - since) / 1_000_000);
      since = now;
      return left > 0;
    }
  }

  /**
   * Reaches the store, or makes it. On a thread of its own: a stranger who listens there and
   * answers nothing would keep libtorch for minutes, whatever it was told.
   */
  private Store store(boolean listens, int seconds) {
    CompletableFuture<Store> made = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              // No scope of pointers: the store outlives this thread.
              try (Milliseconds timeout = new Milliseconds(1000L * seconds);
                  TCPStoreOptions options = new TCPStoreOptions()) {
                options.port((short) meeting.port());
                options.isServer(listens);
                options.waitWorkers(false);
                options.timeout(timeout);
                String host = meeting.rank() == 0 && listens ? "127.0.0.1" : meeting.host();
                made.complete(new TCPStore(host, options));
              } catch (RuntimeException e) {
                made.completeExceptionally(e);
              }
            },
            "efrnet-store");
    thread.setDaemon(true);
    thread.start();
    try {
      Store store = made.get(seconds + SECONDS_TO_ANSWER, TimeUnit.SECONDS);
      memory.attach(store);
      return store;
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(
          "what listens at "
              + meeting.place()
              + " is no rank 0 of a training: correct MASTER_ADDR and MASTER_PORT",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for other processes", e);
    }
  }

  /** Two processes with one rank, or two ideas of their number, would wait for ever. */
  private void register(Store store) {
    if (store.add(key("taken/" + rank()), 1) > 1) {
      throw new IllegalStateException(
          "two processes have RANK " + rank() + " at " + meeting.place() + ": give each its own");
    }
    store.add(key("size/" + size()), 1);
    store.add(key("size"), 1);
    store.add(key(BEAT) + rank(), 1);
  }

  private void requireOneSize(Store store) {
    // In this order: whoever comes in between has been counted in the second.
    long all = store.add(key("size"), 0);
    if (all > store.add(key("size/" + size()), 0)) {
      throw new IllegalStateException(
          "WORLD_SIZE is "
              + size()
              + " at rank "
              + rank()
              + " and another number elsewhere: give all the same");
    }
  }

  private void awaitAll(Store store) {
    Patience patience = new Patience(meeting.seconds());
    while (true) {
      requireOneSize(store);
      List<Integer> missing = new ArrayList<>();
      for (int i = 0; i < size(); i++) {
        if (store.add(key(BEAT) + i, 0) == 0) {
          missing.add(i);
        }
      }
      if (missing.isEmpty()) {
        return;
      }
      if (!patience.lasts()) {
        throw new IllegalStateException(
            "of "
                + size()
                + " processes, these ranks did not come to "
                + meeting.place()
                + " within "
                + meeting.seconds()
                + " s: "
                + missing.toString().replaceAll("[\\[\\]]", "")
                + "; start them, or correct WORLD_SIZE");
      }
    }
  }

  private Backend gloo(Store store, String address) {
    ProcessGroupGloo.Options options =
        ProcessGroupGloo.Options.create(new Milliseconds(1000L * meeting.seconds()));
    String chosen = System.getenv().getOrDefault("GLOO_SOCKET_IFNAME", "");
    Device device =
        chosen.isEmpty()
            ? ProcessGroupGloo.createDeviceForHostname(address)
            : ProcessGroupGloo.createDeviceForInterface(chosen);
    options.devices(new GlooDeviceVector(device));
    ProcessGroupGloo group = new ProcessGroupGloo(store, rank(), size(), options);
    group.setTimeout(new Milliseconds(1000L * MOST_SECONDS));
    return group;
  }

  @Override
  public int rank() {
    return meeting.rank();
  }

  @Override
  public int size() {
    return meeting.size();
  }

  @Override
  public void sum(double[] values) {
    if (values.length == 0) {
      return;
    }
    try (PointerScope scope = new PointerScope()) {
      Tensor tensor = AbstractTensor.create(values, values.length);
      sum(tensor, host);
      new DoublePointer(tensor.data_ptr()).get(values);
    }
  }

  /** Replaces a contiguous tensor on the device by its sum over all processes. */
  void sum(Tensor tensor) {
    sum(tensor, tensor.is_cuda() ? cards : host);
  }

  private void sum(Tensor tensor, Backend by) {
    try (PointerScope scope = new PointerScope()) {
      // On a card, the stream waits and not the host.
      by.allreduce(new TensorVector(tensor))._wait();
    } catch (RuntimeException e) {
      throw lost(e);
    }
  }

  /** That somebody went away, if that is why a sum failed; it may have done so within libtorch. */
  Optional<LostProcessException> lost() {
    return lost;
  }

  private LostProcessException lost(RuntimeException why) {
    if (lost.isEmpty()) {
      lost = Optional.of(new LostProcessException(message(heartbeats.gone()), why));
    }
    return lost.get();
  }

  private String message(OptionalInt who) {
    if (who.isPresent()) {
      return "rank " + who.getAsInt() + " of " + size() + " was lost";
    }
    if (heartbeats.storeIsGone()) {
      return meeting.rank() > 0
          ? "rank 0 of " + size() + " was lost"
          : "the store at " + meeting.place() + " was lost";
    }
    return "the connection between the " + size() + " processes broke";
  }

  @Override
  public void part() {
    sum(new double[1]);
    heartbeats.end();
    // The store goes away with rank 0, and this says that nobody asks it any more.
    sum(new double[1]);
  }

  @Override
  public void close() {
    if (lost.isPresent() && meeting.listens()) {
      try {
        Thread.sleep(MILLIS_OF_LAST_ANSWERS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    heartbeats.close();
    memory.close();
  }
}
