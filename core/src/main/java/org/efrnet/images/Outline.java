package org.efrnet.images;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The outline of a region of a mask: pixels of one id, connected by their sides, exactly along the
 * pixels' edges. Coordinates are those of pixels' corners: the pixel at column 0 and row 0 has the
 * corners (0, 0) to (1, 1), y grows downwards. Filled by the even-odd rule, all rings together give
 * the region back.
 *
 * @param id of the region's pixels
 * @param area pixels of the region, holes not counted
 * @param outer the ring around it, clockwise as seen on a screen
 * @param holes rings around what is inside of it and not of it, counter-clockwise, in the order of
 *     the first pixel below each
 */
public record Outline(int id, int area, Ring outer, List<Ring> holes) {
  private static final int RIGHT = 0;
  private static final int DOWN = 1;
  private static final int LEFT = 2;
  private static final int UP = 3;

  public Outline {
    holes = List.copyOf(holes);
  }

  /** A closed line of horizontal and vertical edges in turn; it may touch itself at corners. */
  public static final class Ring {
    private final int[] points;

    private Ring(int[] points) {
      this.points = points;
    }

    /** How many corners it has, at least 4; the last is joined to the first. */
    public int corners() {
      return points.length / 2;
    }

    /** Of a corner, 0 to the mask's width. */
    public int x(int corner) {
      return points[2 * corner];
    }

    /** Of a corner, 0 to the mask's height. */
    public int y(int corner) {
      return points[2 * corner + 1];
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Ring ring && Arrays.equals(points, ring.points);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(points);
    }

    /** Such as {@code [0 0, 2 0, 2 1, 0 1]}. */
    @Override
    public String toString() {
      List<String> corners = new ArrayList<>();
      for (int i = 0; i < corners(); i++) {
        corners.add(x(i) + " " + y(i));
      }
      return corners.toString();
    }
  }

  /**
   * The outlines of all regions, in the order of their first pixels, row by row.
   *
   * @param minimumArea regions of fewer pixels are left out, at least 1; holes stay, however small
   * @throws IllegalArgumentException if {@code minimumArea} is below 1
   */
  public static List<Outline> all(Mask mask, int minimumArea) {
    if (minimumArea < 1) {
      throw new IllegalArgumentException(
          "minimum area is " + minimumArea + " pixels, must be at least 1");
    }
    return new Tracer(mask).all(minimumArea);
  }

  private static final class Tracer {
    private final Mask mask;
    private final int width;
    private final int height;

    /** Of every pixel: the first pixel of its region. */
    private final int[] region;

    /** Pixels whose upper edge was walked along. */
    private final boolean[] walked;

    Tracer(Mask mask) {
      this.mask = mask;
      this.width = mask.width();
      this.height = mask.height();
      this.region = regions(mask);
      this.walked = new boolean[region.length];
    }

    private static int[] regions(Mask mask) {
      byte[] ids = mask.ids();
      int width = mask.width();
      int[] parent = new int[ids.length];
      for (int i = 0; i < ids.length; i++) {
        parent[i] = i;
        if (i % width > 0 && ids[i] == ids[i - 1]) {
          join(parent, i, i - 1);
        }
        if (i >= width && ids[i] == ids[i - width]) {
          join(parent, i, i - width);
        }
      }
      for (int i = 0; i < ids.length; i++) {
        // A parent comes first, and is settled by now.
        parent[i] = parent[parent[i]];
      }
      return parent;
    }

    private static void join(int[] parent, int a, int b) {
      int one = first(parent, a);
      int other = first(parent, b);
      parent[Math.max(one, other)] = Math.min(one, other);
    }

    private static int first(int[] parent, int pixel) {
      int i = pixel;
      while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
      }
      return i;
    }

    List<Outline> all(int minimumArea) {
      int[] areas = new int[region.length];
      for (int first : region) {
        areas[first]++;
      }
      // Which outline a region's first pixel has, from 1 on.
      int[] places = new int[region.length];
      List<Ring> outers = new ArrayList<>();
      List<List<Ring>> holes = new ArrayList<>();
      List<Integer> firsts = new ArrayList<>();
      for (int i = 0; i < region.length; i++) {
        int first = region[i];
        boolean edge = i < width || region[i - width] != first;
        if (!edge || walked[i] || areas[first] < minimumArea) {
          continue;
        }
        Ring ring = ring(i);
        if (places[first] == 0) {
          // Above a region's first row there is nothing of it: this ring runs outside.
          outers.add(ring);
          holes.add(new ArrayList<>());
          firsts.add(first);
          places[first] = outers.size();
        } else {
          holes.get(places[first] - 1).add(ring);
        }
      }
      List<Outline> outlines = new ArrayList<>();
      for (int i = 0; i < outers.size(); i++) {
        int first = firsts.get(i);
        outlines.add(
            new Outline(mask.ids()[first] & 0xff, areas[first], outers.get(i), holes.get(i)));
      }
      return outlines;
    }

    /** Walks with the region on the right, from the left end of a pixel's upper edge. */
    private Ring ring(int start) {
      int first = region[start];
      int startX = start % width;
      int startY = start / width;
      int x = startX;
      int y = startY;
      int direction = RIGHT;
      int[] points = new int[16];
      points[0] = startX;
      points[1] = startY;
      int count = 2;
      do {
        if (direction == RIGHT) {
          walked[y * width + x] = true;
        }
        x += direction == RIGHT ? 1 : direction == LEFT ? -1 : 0;
        y += direction == DOWN ? 1 : direction == UP ? -1 : 0;
        int next = turned(first, x, y, direction);
        if (next != direction) {
          if (count == points.length) {
            points = Arrays.copyOf(points, 2 * count);
          }
          points[count++] = x;
          points[count++] = y;
          direction = next;
        }
      } while (direction != RIGHT || x != startX || y != startY);
      // The corner at which it came back is the first again.
      return new Ring(Arrays.copyOf(points, count - 2));
    }

    /** Where it goes on from a corner: as tightly round the pixel on the right as it can. */
    private int turned(int first, int x, int y, int direction) {
      // The pixels ahead, on both sides of the line.
      boolean right =
          switch (direction) {
            case RIGHT -> isOf(first, x, y);
            case DOWN -> isOf(first, x - 1, y);
            case LEFT -> isOf(first, x - 1, y - 1);
            default -> isOf(first, x, y - 1);
          };
      boolean left =
          switch (direction) {
            case RIGHT -> isOf(first, x, y - 1);
            case DOWN -> isOf(first, x, y);
            case LEFT -> isOf(first, x - 1, y);
            default -> isOf(first, x - 1, y - 1);
          };
      if (!right) {
        return (direction + 1) % 4;
      }
      return left ? (direction + 3) % 4 : direction;
    }

    private boolean isOf(int first, int x, int y) {
      return x >= 0 && x < width && y >= 0 && y < height && region[y * width + x] == first;
    }
  }
}
