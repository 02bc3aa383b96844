package org.efrnet.text;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * The known name that someone most likely meant by an unknown one. Distance counts insertions,
 * deletions, replacements and swaps of neighbours (optimal string alignment), upper and lower case
 * alike.
 */
public final class Nearest {
  /** Longer than any name that a person types; keeps the cost of a hostile input bounded. */
  private static final int LONGEST = 256;

  private Nearest() {}

  /**
   * The known name with the smallest distance to {@code wanted}, the first of equals in the
   * collection's order; where none is near enough to be a slip of the fingers (a third of the
   * name's length, at least 2), the first that goes on where {@code wanted}, of 3 letters or more,
   * ends; else empty.
   */
  public static Optional<String> to(String wanted, Collection<String> known) {
    if (wanted.length() > LONGEST) {
      return Optional.empty();
    }
    int best = Math.max(2, wanted.length() / 3) + 1;
    Optional<String> found = Optional.empty();
    for (String name : known) {
      if (Math.abs(name.length() - wanted.length()) >= best) {
        continue;
      }
      int distance = distance(wanted.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT));
      // A name of which not one letter is right was not meant.
      if (distance < best && distance < Math.max(wanted.length(), name.length())) {
        best = distance;
        found = Optional.of(name);
      }
    }
    if (found.isEmpty() && wanted.length() >= 3) {
      return known.stream()
          .filter(name -> name.regionMatches(true, 0, wanted, 0, wanted.length()))
          .findFirst();
    }
    return found;
  }

  /** {@code " (did you mean 'x'?)"} to append to a message, or nothing where no name is near. */
  public static String hint(String wanted, Collection<String> known) {
    return to(wanted, known).map(name -> " (did you mean '" + name + "'?)").orElse("");
  }

  private static int distance(String a, String b) {
    int[] twoBack = new int[b.length() + 1];
    int[] back = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      back[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = back[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(back[j], row[j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          row[j] = Math.min(row[j], twoBack[j - 2] + 1);
        }
      }
      int[] free = twoBack;
      twoBack = back;
      back = row;
      row = free;
    }
    return back[b.length()];
  }
}
