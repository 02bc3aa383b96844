package org.efrnet.training;

import java.util.ArrayList;
import java.util.List;

/** Keeps what a training says that a person should know. */
final class Notices implements Trainer.Watcher {
  final List<String> lines = new ArrayList<>();

  @Override
  public void report(Trainer.Report report) {}

  @Override
  public void notice(String line) {
    lines.add(line);
  }
}
