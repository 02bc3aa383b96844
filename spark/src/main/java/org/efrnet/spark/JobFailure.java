package org.efrnet.spark;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkException;

/** What a failed job says in pages, in a line. */
final class JobFailure {
  /** In the text of a stage's failure: the exception of the task. */
  private static final Pattern OF_TASK =
      Pattern.compile(
          "(?s)most recent failure: .*?\\): (?:[\\w.$]+(?:Exception|Error): )?([^\\n]+)");

  private JobFailure() {}

  /** The innermost message that there is: that of the task, not of those who passed it on. */
  static String message(Throwable failure) {
    Throwable inner = failure;
    while (inner.getCause() != null && inner.getCause() != inner) {
      inner = inner.getCause();
    }
    if (!(inner instanceof SparkException) && inner.getMessage() != null) {
      return inner.getMessage();
    }
    String text =
        inner.getMessage() == null ? inner.getClass().getSimpleName() : inner.getMessage();
    Matcher ofTask = OF_TASK.matcher(text);
    return ofTask.find() ? ofTask.group(1) : text.lines().findFirst().orElse("");
  }
}
