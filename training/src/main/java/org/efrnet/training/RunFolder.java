package org.efrnet.training;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.efrnet.text.WholeFile;

/**
 * A run's folder, with those of the stages before it below: whether a training may begin or go on
 * there, by which recipe, and from what.
 */
final class RunFolder {
  static final String BUNDLE = "bundle";
  static final String BEST = "best";
  private static final String RECIPE = "recipe.yaml";
  private static final String STAGE = "stage-";

  private final Path path;
  private final Recipe recipe;
  private final Checkpoints checkpoints;
  private final List<RunFolder> stages;

  /**
   * @param recipe that of the training that would begin or go on; its stages have folders of their
   *     own
   * @param checkpointsKept as {@link Checkpoints} keeps them, in each folder
   */
  RunFolder(Path path, Recipe recipe, int checkpointsKept) {
    this.path = path;
    this.recipe = recipe;
    this.checkpoints = new Checkpoints(path, checkpointsKept);
    List<RunFolder> before = new ArrayList<>();
    for (Recipe stage : recipe.before()) {
      Path below = path.resolve(STAGE + (before.size() + 1));
      before.add(new RunFolder(below, stage, checkpointsKept));
    }
    this.stages = List.copyOf(before);
  }

  /** Whether a run has begun there, be it in a stage. */
  static boolean hasCheckpoint(Path run) throws IOException {
    if (new Checkpoints(run, 1).any()) {
      return true;
    }
    for (Path stage : stagesIn(run)) {
      if (new Checkpoints(stage, 1).any()) {
        return true;
      }
    }
    return false;
  }

  /** The folders of stages that there are, whatever a recipe says, the first one first. */
  static List<Path> stagesIn(Path run) throws IOException {
    if (!Files.isDirectory(run)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(run)) {
      return entries
          .filter(entry -> entry.getFileName().toString().matches(STAGE + "[1-9][0-9]{0,3}"))
          .filter(Files::isDirectory)
          .sorted(
              Comparator.comparingInt((Path stage) -> stage.getFileName().toString().length())
                  .thenComparing(Comparator.naturalOrder()))
          .toList();
    }
  }

  Path path() {
    return path;
  }

  Recipe recipe() {
    return recipe;
  }

  Checkpoints checkpoints() {
    return checkpoints;
  }

  /** Those of the stages that come before, in order. */
  List<RunFolder> stages() {
    return stages;
  }

  Path bundle() {
    return path.resolve(BUNDLE);
  }

  /** Whether the training itself has begun, not only a stage before it. */
  boolean hasBegun() throws IOException {
    return checkpoints.any();
  }

  /**
   * Keeps others out; makes the folder if it is missing.
   *
   * @return held as long as it is open: the kernel lets go of it with the process
   * @throws RecipeException if there is something to resume and it is not asked for, if there is
   *     nothing, or if another process trains here
   */
  FileChannel locked(boolean resume) throws IOException {
    // Before the folder is made, and again once nobody else can train in it.
    requireSense(resume);
    Files.createDirectories(path);
    FileChannel lock =
        FileChannel.open(
            path.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean complete = false;
    try {
      requireAlone(lock);
      requireSense(resume);
      checkpoints.removeParts();
      complete = true;
      return lock;
    } finally {
      if (!complete) {
        lock.close();
      }
    }
  }

  private void requireSense(boolean resume) throws IOException {
    boolean goesOn = hasBegun();
    for (RunFolder stage : stages) {
      goesOn |= stage.hasBegun();
    }
    if (resume && !goesOn) {
      throw new RecipeException(
          "run " + path + " has no checkpoint to resume; check --out, or leave --resume out");
    }
    if (!resume && hasCheckpoint(path)) {
      throw new RecipeException(
          "run " + path + " has a checkpoint; go on with --resume, or choose another --out");
    }
  }

  private void requireAlone(FileChannel lock) throws IOException {
    try {
      if (lock.tryLock() != null) {
        return;
      }
    } catch (OverlappingFileLockException e) {
      // Another trainer of this process.
    }
    throw new RecipeException(
        "run "
            + path
            + " is being trained by another process; wait for it, or choose another --out");
  }

  /**
   * The newest checkpoint that is whole, of these pictures and of this recipe unless it changed.
   *
   * @param pictures their digest
   * @param data what the pictures are called
   * @param mayChange whether the recipe may differ from the one that the run was started with
   */
  Checkpoints.Saved saved(String pictures, String data, boolean mayChange) throws IOException {
    Checkpoints.Saved saved;
    try {
      saved = checkpoints.newest().orElseThrow();
    } catch (RecipeException e) {
      throw stages.isEmpty() ? e : new RecipeException(e.getMessage() + sparing(), e);
    }
    if (!pictures.equals(saved.metadata().get("pictures"))) {
      throw new RecipeException(
          "run "
              + path
              + " was started on other pictures than "
              + data
              + " holds now; resume with those, or choose another --out");
    }
    if (isChanged(saved) && !mayChange) {
      throw new RecipeException(
          "run "
              + path
              + " was started with another recipe"
              + behindColon(changes())
              + "; resume with the one in its recipe.yaml, go on with this one by"
              + " --changed-recipe, or choose another --out");
    }
    requireStagesAsTrained();
    return saved;
  }

  /** How a new run need not train again what the stages before made; empty without them. */
  String sparing() {
    return stages.isEmpty()
        ? ""
        : ", where before=[] from="
            + stages.get(stages.size() - 1).bundle()
            + " spares the stages before";
  }

  /** Stages that are over are not trained again, whatever the recipe now says of them. */
  private void requireStagesAsTrained() throws IOException {
    if (!Files.exists(path.resolve(RECIPE))) {
      return;
    }
    List<Recipe> then = Recipe.read(path.resolve(RECIPE), List.of()).before();
    if (then.size() != stages.size()) {
      throw new RecipeException(
          "run "
              + path
              + " was trained behind "
              + count(then.size())
              + ", this recipe has "
              + count(stages.size())
              + " before; leave before as it was, or choose another --out");
    }
    for (int i = 0; i < stages.size(); i++) {
      stages.get(i).requireUnchanged(stages.get(i).recipe.changesFrom(then.get(i)));
    }
  }

  private static String count(int stages) {
    return stages == 1 ? "1 stage" : stages + " stages";
  }

  /**
   * Refuses to call a stage trained by what the recipe now says of it, where it was trained by
   * something else.
   *
   * @param over how many of the stages are
   */
  void requireUnchanged(int over) throws IOException {
    for (RunFolder stage : stages.subList(0, over)) {
      stage.requireUnchanged(stage.changes());
    }
  }

  private void requireUnchanged(List<String> changes) throws RecipeException {
    if (!changes.isEmpty()) {
      throw new RecipeException(
          "run "
              + path.getParent()
              + " has trained "
              + path.getFileName()
              + " already, which cannot change any more"
              + behindColon(changes)
              + "; say that stage in before as it was, or choose another --out");
    }
  }

  boolean isChanged(Checkpoints.Saved saved) {
    return !recipe.fingerprint().equals(saved.metadata().get("recipe"));
  }

  /** How the recipe differs from that in the folder; in nothing if there is none. */
  List<String> changes() throws IOException {
    Path file = path.resolve(RECIPE);
    return Files.exists(file) ? recipe.changesFrom(Recipe.read(file, List.of())) : List.of();
  }

  static String behindColon(List<String> changes) {
    return changes.isEmpty() ? "" : ": " + String.join(", ", changes);
  }

  /** Touches nothing where the file says the same already. */
  void writeRecipe() throws IOException {
    Path file = path.resolve(RECIPE);
    String text = recipe.toYaml();
    if (!Files.exists(file) || !Files.readString(file).equals(text)) {
      WholeFile.write(file, text);
    }
  }
}
