package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.efrnet.data.Cityscapes;
import org.efrnet.images.Mask;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.metrics.Scores;
import picocli.CommandLine;

/** Judges predictions that lie on disk, whoever made them. */
final class PredictedFiles {
  private final CommandLine line;
  private final Format format;
  private final boolean audit;

  PredictedFiles(CommandLine line, Format format, boolean audit) {
    this.line = line;
    this.format = format;
    this.audit = audit;
  }

  void judge(Cityscapes data, Path folder) throws IOException {
    if (!data.hasTruth()) {
      throw new Failure(
          data.name() + " has no labels to count against: judge another split, such as val");
    }
    Predictions predictions = Predictions.in(folder);
    // Before hours of counting, not after.
    List<Path> files = new ArrayList<>();
    for (String name : data.names()) {
      files.add(predictions.of(name));
    }
    FurtherFigures further = new FurtherFigures(data, audit);
    ConfusionMatrix all = new ConfusionMatrix(data.classes().size());
    try (Progress progress = new Progress(line.getErr(), "evaluate", data.size())) {
      for (int i = 0; i < data.size(); i++) {
        Mask truth = data.truth(i);
        Mask labels = Predictions.read(files.get(i), data.classes());
        further.official(i, truth, labels, files.get(i).toString());
        ConfusionMatrix one = new ConfusionMatrix(data.classes().size());
        one.add(truth, data.classes().toTrainIds(labels, files.get(i).toString()));
        all.merge(one);
        further.keep(one);
        progress.to(i + 1, "");
      }
    }
    report(data, folder, all.scores(data.classes()), further);
  }

  private void report(Cityscapes data, Path folder, Scores scores, FurtherFigures further) {
    PrintWriter out = line.getOut();
    if (format == Format.JSON) {
      ObjectNode json = EvaluateCommand.scores(scores);
      json.put("images", data.size());
      json.put("data", data.name());
      json.put("predictions", folder.toString());
      further.put(json);
      out.println(Format.json(json));
      return;
    }
    out.printf(
        Locale.ROOT,
        "%s on %s: %d pictures, label ids, void ignored; mIoU %.2f %%, pixel accuracy %.2f %%%n",
        folder,
        data.name(),
        data.size(),
        scores.miou(),
        scores.pixelAccuracy());
    further.print(out);
  }
}
