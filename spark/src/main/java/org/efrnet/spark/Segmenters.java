package org.efrnet.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.efrnet.bundle.ModelBundle;
import org.efrnet.segment.Segmenter;

/**
 * The segmenters of this process, an executor: made when they are first needed, kept for all tasks
 * to come. There are as many of a kind as tasks that run at once, which is one where a task has all
 * cores of its executor; all of them share what was read of the bundle.
 *
 * <p>Not one for all tasks: a segmenter does one picture after the other with the cores of one
 * task, and the others' would stand idle.
 */
final class Segmenters {
  private static final Map<Labelling, Segmenters> OF_PROCESS = new HashMap<>();

  private final Labelling labelling;
  private final ModelBundle bundle;
  private final Deque<Segmenter> idle = new ArrayDeque<>();
  private boolean closed;

  private Segmenters(Labelling labelling, ModelBundle bundle) {
    this.labelling = labelling;
    this.bundle = bundle;
  }

  /**
   * Those of this process.
   *
   * @throws IllegalStateException if the model is not the one that was meant, or a task has fewer
   *     cores than a picture is to have threads
   */
  static Segmenters of(Labelling labelling) {
    TaskContext task = TaskContext.get();
    if (task != null && labelling.threads() > task.cpus()) {
      throw new IllegalStateException(
          "a picture is to have "
              + labelling.threads()
              + " threads, a task has "
              + task.cpus()
              + " cores; set spark.task.cpus="
              + labelling.threads()
              + ", or ask for fewer threads");
    }
    return of(labelling, labelling::bundle);
  }

  static Segmenters of(Labelling labelling, Supplier<ModelBundle> bundle) {
    synchronized (OF_PROCESS) {
      return OF_PROCESS.computeIfAbsent(labelling, wanted -> new Segmenters(wanted, bundle.get()));
    }
  }

  /** Gives back what this process holds; what is in use at this time, when it is given back. */
  static void closeAll() {
    List<Segmenters> all;
    synchronized (OF_PROCESS) {
      all = new ArrayList<>(OF_PROCESS.values());
      OF_PROCESS.clear();
    }
    all.forEach(Segmenters::close);
  }

  private void close() {
    List<Segmenter> unused;
    synchronized (this) {
      closed = true;
      unused = new ArrayList<>(idle);
      idle.clear();
    }
    unused.forEach(Segmenter::close);
  }

  /**
   * One that nobody else uses until it is given back.
   *
   * @throws IllegalStateException if the engine cannot run here
   * @throws IllegalArgumentException if the engine is not on this class path, or does not compute
   *     in the precision on this machine
   */
  Segmenter take() {
    synchronized (this) {
      Segmenter free = idle.poll();
      if (free != null) {
        return free;
      }
    }
    return Segmenter.load(bundle, labelling.options());
  }

  void give(Segmenter segmenter) {
    synchronized (this) {
      if (!closed) {
        idle.push(segmenter);
        return;
      }
    }
    segmenter.close();
  }
}
