package org.efrnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.efrnet.data.Cityscapes;
import org.efrnet.data.DataSet;
import org.efrnet.data.Example;
import org.efrnet.images.Mask;
import org.efrnet.metrics.Audit;
import org.efrnet.metrics.CityscapesJudge;
import org.efrnet.metrics.ConfusionMatrix;
import org.efrnet.segment.Evaluation;

/** What is counted beside the usual figures: Cityscapes' own on Cityscapes, and an audit. */
final class FurtherFigures implements Evaluation.Judge {
  private final Optional<Cityscapes> cityscapes;
  private final CityscapesJudge official = new CityscapesJudge();
  private final boolean audit;
  private final List<ConfusionMatrix> byPicture = new ArrayList<>();

  FurtherFigures(DataSet data, boolean audit) {
    this.cityscapes = data instanceof Cityscapes own ? Optional.of(own) : Optional.empty();
    this.audit = audit;
  }

  @Override
  public void predicted(int index, Example example, Mask prediction, ConfusionMatrix counted)
      throws IOException {
    if (cityscapes.isPresent()) {
      Mask labels = cityscapes.get().classes().toLabelIds(prediction);
      official(index, example.truth(), labels, example.name());
    }
    keep(counted);
  }

  /** Counts label ids, void among them, for Cityscapes' own figures. */
  void official(int index, Mask truth, Mask labels, String source) throws IOException {
    official.add(truth, labels, cityscapes.orElseThrow().instances(index), source);
  }

  /** Keeps a picture's matrix for the audit, if there will be one. */
  void keep(ConfusionMatrix ofPicture) {
    if (audit) {
      byPicture.add(ofPicture);
    }
  }

  void put(ObjectNode json) {
    if (cityscapes.isPresent()) {
      json.set("cityscapes", CityscapesReport.json(official.scores()));
    }
    if (audit) {
      json.set("audit", AuditReport.json(Audit.of(byPicture)));
    }
  }

  void print(PrintWriter out) {
    if (cityscapes.isPresent()) {
      CityscapesReport.print(out, official.scores());
    }
    if (audit) {
      AuditReport.print(out, Audit.of(byPicture));
    }
  }
}
