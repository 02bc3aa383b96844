package org.efrnet.cli;

import java.util.List;

/**
 * Commands of another module than this: those whose libraries are large, and fetched only where
 * they are used. Found by {@link java.util.ServiceLoader} where their module is on the class path.
 */
public interface Commands {
  /** New objects, each annotated as a picocli command and not used before. */
  List<Object> commands();
}
