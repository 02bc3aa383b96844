package org.efrnet.cli.planted;

/** Has a name that says nothing. */
final class LabelHelper {
  private LabelHelper() {}
}
