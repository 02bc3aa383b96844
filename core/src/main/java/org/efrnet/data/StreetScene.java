package org.efrnet.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.efrnet.images.Mask;
import org.efrnet.images.Picture;

/**
 * Draws one street: a pinhole camera above the road, everything placed in metres. X points right
 * from the middle of the road, Y up from the ground, Z ahead of the camera. Drawn at twice the size
 * and then reduced, far things first.
 *
 * <p>{@link Random} and plain arithmetic are specified to the bit by Java, so a seed gives the same
 * street on every machine; the functions of {@link Math} that are not are left alone.
 */
final class StreetScene {
  static final int SKY = 0;
  static final int BUILDING = 1;
  static final int ROAD = 2;
  static final int PAVEMENT = 3;
  static final int TREE = 4;
  static final int CAR = 5;
  static final int POLE = 6;
  static final int PEDESTRIAN = 7;

  private static final int CLEAR = -1;
  private static final int SHADOW = -2;
  private static final double FAR = 110;

  /** What a flat thing shows at u metres right and v metres up of its foot: a colour or CLEAR. */
  private interface Look {
    int at(double u, double v);
  }

  private record Item(double z, Runnable draw) {}

  private record Building(double near, double far, double height, Look look) {}

  private final Random random;
  private final int width;
  private final int height;
  private final int[] colours;
  private final byte[] ids;

  private final double focal;
  private final double horizon;
  private final double vanishing;
  private final double eyeX;
  private final double eyeY;
  private final double roadHalf;
  private final double[] pavement;

  /** The side that lies in shadow: -1 left, 1 right, 0 under an overcast sky. */
  private final int shadowSide;

  private final int haze;

  private StreetScene(int width, int height, long seed) {
    this.random = new Random(seed);
    this.width = 2 * width;
    this.height = 2 * height;
    this.colours = new int[4 * width * height];
    this.ids = new byte[4 * width * height];
    this.focal = this.width * between(0.6, 1.0);
    this.horizon = this.height * between(0.34, 0.56);
    this.vanishing = this.width * between(0.3, 0.7);
    this.roadHalf = between(3, 6.5);
    this.eyeX = roadHalf * between(-0.6, 0.6);
    this.eyeY = between(1.3, 2.2);
    this.pavement = new double[] {between(1.5, 5), between(1.5, 5)};
    this.shadowSide = random.nextInt(3) - 1;
    this.haze = grey(between(150, 225));
  }

  /** The street of a seed; truth in train ids of the class table {@code streets}. */
  static Example draw(String name, int width, int height, long seed) {
    StreetScene scene = new StreetScene(width, height, mixBits(seed));
    scene.sky();
    scene.ground();
    scene.backdrop();
    scene.facades(-1);
    scene.facades(1);
    scene.things();
    return scene.developed(name);
  }

  // ---- what stands in the street

  private void sky() {
    int kind = random.nextInt(4);
    int top = kind == 0 ? grey(between(140, 215)) : rgb(between(60, 150), between(120, 190), 235);
    int low = kind == 1 ? rgb(240, between(150, 210), between(110, 180)) : mix(top, haze, 0.8);
    double cover = between(0.3, 0.9);
    double size = this.width * between(0.08, 0.3);
    int salt = random.nextInt();
    for (int y = 0; y < Math.min(height, horizon + 2); y++) {
      int base = mix(top, low, Math.min(1, y / horizon));
      for (int x = 0; x < width; x++) {
        double cloud =
            0.65 * noise(x / size, 2.5 * y / size, salt)
                + 0.35 * noise(3 * x / size, 7 * y / size, salt + 1);
        put(x, y, SKY, mix(base, 0xf2f2f4, Math.max(0, Math.min(0.9, 3 * (cloud - cover)))));
      }
    }
  }

  private void ground() {
    int asphalt = tinted(between(55, 135), 12);
    int slabs = tinted(between(95, 190), 25);
    double slab = between(0.5, 1.2);
    double crossing = random.nextInt(3) == 0 ? between(8, 25) : FAR;
    boolean edgeLines = random.nextBoolean();
    int lanes = roadHalf > 4.5 && random.nextBoolean() ? 3 : 1;
    double shadow = between(-0.3, 1.1) * roadHalf;
    double roughness = between(0.05, 0.25);
    int salt = random.nextInt();
    for (int y = (int) Math.max(0, horizon + 1); y < height; y++) {
      double z = focal * eyeY / (y + 0.5 - horizon);
      for (int x = 0; x < width; x++) {
        double wx = eyeX + (x + 0.5 - vanishing) * z / focal;
        double aside = Math.abs(wx) - roadHalf;
        int colour;
        if (aside <= 0) {
          double lane = Math.abs(wrap(wx + roadHalf, 2 * roadHalf / (lanes + 1)));
          boolean line = lane < 0.09 && wrap(z, 6) > 0 && aside < -1;
          line |= edgeLines && aside > -0.4 && aside < -0.25;
          line |= z > crossing && z < crossing + 3 && wrap(wx, 1.1) > 0;
          double worn = noise(wx * 1.5, z * 0.3, salt) + 0.5 * noise(wx * 9, z * 4, salt);
          colour = shade(line ? mix(asphalt, 0xe6e6dc, 0.8) : asphalt, 1 + roughness * (worn - 1));
        } else {
          boolean joint =
              z < 25 && (Math.abs(wrap(wx, slab)) < 0.03 || Math.abs(wrap(z, slab)) < 0.04);
          double stain = noise(wx * 2, z, salt + 1);
          colour = shade(slabs, (joint ? 0.75 : 1) + 0.2 * (stain - 0.5));
          colour = aside < 0.2 ? mix(colour, grey(200), 0.5) : colour;
        }
        if (wx * shadowSide > shadow && shadowSide != 0) {
          colour = shade(colour, 0.6);
        }
        put(x, y, aside <= 0 ? ROAD : PAVEMENT, hazed(colour, z));
      }
    }
  }

  /** What closes the view at the far end: houses, trees, or nothing. */
  private void backdrop() {
    int kind = random.nextInt(3);
    if (kind == 0) {
      return;
    }
    int id = kind == 1 ? BUILDING : TREE;
    int colour = kind == 1 ? facadeColour() : leafColour();
    double tall = between(6, 22);
    int salt = random.nextInt();
    for (int x = 0; x < width; x++) {
      double wx = (x - vanishing) * FAR / focal;
      double ragged =
          kind == 1 ? bits((int) (wx / 12 + 1000), 0, salt) : noise(wx / 4, 0, salt) * 1.2;
      double top = horizon - focal * tall * (0.4 + 0.6 * ragged) / FAR;
      for (int y = (int) Math.max(0, top); y < Math.min(height, horizon + 2); y++) {
        double light = 0.75 + 0.4 * noise(wx, y * FAR / focal, salt + 1);
        put(x, y, id, hazed(shade(colour, light), FAR));
      }
    }
  }

  private void facades(int side) {
    double plane = side * (roadHalf + pavement[side < 0 ? 0 : 1]) - eyeX;
    List<Building> row = new ArrayList<>();
    double openness = between(0, 0.5);
    double usual = between(5, 14);
    for (double z = between(-5, 3); z < FAR; ) {
      double length = between(7, 20);
      double floor = between(2.7, 3.4);
      double tall = floor * Math.rint(Math.max(1, usual * between(0.6, 1.5) / floor)) + 0.8;
      row.add(new Building(z, z + length, tall, facade(floor, tall)));
      z += length + (random.nextDouble() < openness ? between(3, 12) : 0);
    }
    double sunlit = side == shadowSide ? 0.6 : shadowSide == 0 ? 0.9 : 1.1;
    for (int x = 0; x < width; x++) {
      double slope = (x + 0.5 - vanishing) / focal;
      double z = slope * side > 0 ? plane / slope : FAR;
      int free = height;
      for (Building house : row) {
        if (z >= FAR || house.far < z) {
          continue;
        }
        // The eye meets the front of one house, and the end walls of those behind where the nearer
        // are low or leave a gap.
        boolean end = z < house.near;
        double depth = end ? house.near : z;
        double along = end ? Math.abs(slope * depth - plane) : z - house.near;
        if (depth < FAR && (!end || along < 12)) {
          free = column(x, depth, along, house, sunlit * (end ? 0.85 : 1), free);
        }
      }
    }
  }

  /** Draws what shows above row {@code free} and returns the row above which nothing is drawn. */
  private int column(int x, double z, double along, Building house, double light, int free) {
    int top = (int) Math.max(0, horizon - focal * (house.height - eyeY) / z);
    int foot = (int) Math.min(free, horizon + focal * eyeY / z);
    for (int y = top; y < foot; y++) {
      double v = eyeY - (y + 0.5 - horizon) * z / focal;
      put(x, y, BUILDING, hazed(shade(house.look.at(along, v), light), z));
    }
    return Math.min(free, top);
  }

  private Look facade(double floor, double tall) {
    int wall = facadeColour();
    int trim = shade(wall, between(0.6, 1.4));
    int glass = random.nextBoolean() ? grey(between(25, 90)) : shade(haze, between(0.6, 1));
    int shop = rgb(between(30, 220), between(30, 220), between(30, 220));
    double bay = between(1.8, 3.6);
    double wide = bay * between(0.2, 0.36);
    boolean bricks = random.nextBoolean();
    int salt = random.nextInt();
    return (u, v) -> {
      double across = Math.abs(wrap(u, bay));
      double up = v - floor * Math.floor(v / floor);
      int bayNumber = (int) (u / bay + 0.5);
      if (v > tall - 0.8) {
        return v > tall - 0.4 ? shade(trim, 0.8) : trim;
      }
      if (v < floor && across < 1.3 * wide && v < 0.75 * floor) {
        return bits(bayNumber, 0, salt) < 0.5 ? shade(shop, 0.9) : shade(glass, 0.8);
      }
      if (v > floor && across < wide && up > 0.8 && up < 0.78 * floor) {
        return shade(glass, 0.7 + 0.6 * bits(bayNumber, (int) (v / floor), salt));
      }
      if (v > floor && across < wide + 0.15 && up > 0.65 && up < 0.83 * floor) {
        return trim;
      }
      boolean joint = bricks && Math.abs(wrap(v, 0.3)) < 0.04;
      return shade(wall, (joint ? 0.8 : 0.92) + 0.16 * noise(u, v, salt));
    };
  }

  private void things() {
    List<Item> items = new ArrayList<>();
    double traffic = between(0, 0.8);
    double green = between(0, 0.9);
    double people = between(0, 0.6);
    for (int side = -1; side <= 1; side += 2) {
      double kerb = side * (roadHalf + 0.6);
      double walk = pavement[side < 0 ? 0 : 1];
      for (double z = between(4, 9); z < 70; z += between(5.2, 8)) {
        if (random.nextDouble() < traffic) {
          items.add(car(side * (roadHalf - 1.1), z));
        }
      }
      for (double z = between(5, 12); z < 80; z += between(5, 11)) {
        if (random.nextDouble() < green) {
          items.add(tree(kerb + side * 0.4, z));
        }
      }
      for (double z = between(5, 20); z < 70; z += between(10, 25)) {
        items.add(pole(kerb, z, -side));
      }
      for (double z = between(4, 10); z < 45; z += between(2, 9)) {
        if (random.nextDouble() < people) {
          boolean crossing = random.nextInt(5) == 0;
          double x = crossing ? between(-roadHalf, roadHalf) : side * (roadHalf + between(0, walk));
          items.add(pedestrian(x, z));
        }
      }
      if (random.nextDouble() < traffic) {
        items.add(car(side * roadHalf * between(0.15, 0.4), between(7, 40)));
      }
    }
    items.sort(Comparator.comparingDouble(Item::z).reversed());
    items.forEach(item -> item.draw.run());
  }

  private Item tree(double x, double z) {
    double trunk = between(1.5, 3);
    double crown = between(1.2, 2.6);
    double slim = between(0.6, 1);
    int bark = rgb(between(50, 100), between(40, 80), between(30, 60));
    int leaf = leafColour();
    int salt = random.nextInt();
    Look look =
        (u, v) -> {
          double du = u / (crown * slim);
          double dv = (v - trunk - 0.8 * crown) / crown;
          double edge = 0.55 + 0.75 * noise(u * 1.6, v * 1.6, salt);
          if (du * du + dv * dv < edge && noise(u * 5, v * 5, salt + 1) < 0.85) {
            double sun = 0.75 + 0.25 * dv - 0.2 * du * shadowSide;
            return shade(leaf, sun + 0.7 * (noise(u * 7, v * 7, salt + 2) - 0.4));
          }
          return Math.abs(u) < 0.16 && v < trunk + 0.5 * crown ? bark : CLEAR;
        };
    return new Item(z, () -> stand(TREE, x, z, 1.5 * crown, trunk + 2.2 * crown, look));
  }

  private Item pole(double x, double z, int towardsRoad) {
    double tall = between(2.6, 7.5);
    double thick = between(0.06, 0.12);
    int metal = tinted(between(40, 190), 15);
    boolean sign = tall < 4;
    int face = random.nextBoolean() ? rgb(190, 40, 45) : rgb(40, 80, 170);
    Look look =
        (u, v) -> {
          if (sign && u * u + (v - tall + 0.35) * (v - tall + 0.35) < 0.12) {
            return u * u + (v - tall + 0.35) * (v - tall + 0.35) < 0.05 ? 0xe8e8e8 : face;
          }
          boolean arm = !sign && v > tall - 0.16 && u * towardsRoad > 0 && Math.abs(u) < 1.5;
          return Math.abs(u) < thick || arm ? shade(metal, u > 0 ? 1.1 : 0.8) : CLEAR;
        };
    return new Item(z, () -> stand(POLE, x, z, 1.5, tall, look));
  }

  private Item pedestrian(double x, double z) {
    double tall = between(1.5, 1.9);
    double stride = between(0.02, 0.16);
    double broad = between(0.2, 0.28);
    int coat = rgb(between(20, 230), between(20, 230), between(20, 230));
    int trousers = tinted(between(20, 120), 30);
    double tone = between(0.45, 1);
    int skin = rgb(225 * tone, 180 * tone, 150 * tone);
    Look look =
        (u, v) -> {
          double w = v / tall;
          double head = tall * (w - 0.93);
          if (u * u + head * head < 0.014) {
            return w > 0.95 ? shade(trousers, 0.6) : skin;
          }
          if (w > 0.46 && w < 0.86 && Math.abs(u) < broad * (w > 0.8 ? 0.75 : 1)) {
            return shade(coat, Math.abs(u) > 0.7 * broad ? 0.75 : 1);
          }
          double leg = Math.abs(u) - 0.07 - stride * (0.5 - w);
          return w < 0.48 && Math.abs(leg) < 0.08 ? trousers : CLEAR;
        };
    return new Item(z, () -> stand(PEDESTRIAN, x, z, 0.4, tall, look));
  }

  private Item car(double x, double z) {
    boolean van = random.nextInt(6) == 0;
    double half = between(0.82, 0.95);
    double length = between(3.6, 4.8) + (van ? 0.8 : 0);
    double tall = van ? between(1.9, 2.5) : between(1.38, 1.6);
    double belt = 0.6 * tall;
    int paint =
        random.nextBoolean()
            ? grey(between(20, 240))
            : rgb(between(10, 230), between(10, 230), between(10, 230));
    int glass = mix(grey(between(20, 70)), haze, between(0, 0.5));
    int lamp = random.nextBoolean() ? 0xc02020 : 0xf0f0d8;
    Look end =
        (u, v) -> {
          double reach = v < belt ? half : half - 0.1 * (v - belt) / (tall - belt);
          double a = Math.abs(u);
          if (a > reach || v < 0.22) {
            return a < half && v < 0.35 && a > half - 0.22 ? grey(25) : v < 0.3 ? SHADOW : CLEAR;
          }
          if (v > belt && v < tall - 0.1) {
            return a < reach - 0.1 ? glass : paint;
          }
          boolean lights = a > half - 0.3 && v > belt - 0.3 && v < belt - 0.1;
          boolean plate = a < 0.26 && v > 0.42 && v < 0.54;
          return lights ? lamp : plate ? 0xdcdcc8 : shade(paint, v < 0.4 ? 0.6 : 0.95);
        };
    Look flank =
        (u, v) -> {
          double wheel = Math.min(Math.abs(u - 0.8), Math.abs(u - length + 0.8));
          double round = wheel * wheel + (v - 0.32) * (v - 0.32);
          if (round < 0.105) {
            return grey(round < 0.03 ? 130 : 25);
          }
          if (v < 0.22) {
            return SHADOW;
          }
          double rise = van ? 0.1 : (v - belt) * 1.1;
          if (v > belt && (u < 0.1 * rise || u > length - (van ? 0.9 : 1.1) - rise)) {
            return CLEAR;
          }
          boolean window = v > belt + 0.05 && v < tall - 0.1 && Math.abs(wrap(u, 1.4)) > 0.06;
          return window && (!van || u > length - 2) ? glass : shade(paint, v < 0.45 ? 0.65 : 0.8);
        };
    return new Item(
        z,
        () -> {
          int side = eyeX > x ? 1 : -1;
          double plane = x + side * half - eyeX;
          for (int px = 0; plane * side < 0 && px < width; px++) {
            double depth = plane / ((px + 0.5 - vanishing) / focal);
            if (depth > z && depth < z + length) {
              upright(CAR, px, depth, depth - z, tall, flank);
            }
          }
          stand(CAR, x, z, half, tall, end);
        });
  }

  // ---- drawing

  /** A flat thing that faces the camera and stands on the ground. */
  private void stand(int id, double x, double z, double half, double tall, Look look) {
    double centre = vanishing + focal * (x - eyeX) / z;
    double scale = focal / z;
    int last = (int) Math.min(width - 1, centre + half * scale + 1);
    for (int px = (int) Math.max(0, centre - half * scale); px <= last; px++) {
      upright(id, px, z, (px + 0.5 - centre) / scale, tall, look);
    }
  }

  private void upright(int id, int px, double z, double u, double tall, Look look) {
    double foot = horizon + focal * eyeY / z;
    double scale = focal / z;
    int last = (int) Math.min(height - 1, foot);
    for (int py = (int) Math.max(0, foot - tall * scale); py <= last; py++) {
      double v = (foot - py - 0.5) / scale;
      int colour = v < 0 || v > tall ? CLEAR : look.at(u, v);
      if (colour == SHADOW) {
        colours[py * width + px] = shade(colours[py * width + px], 0.45);
      } else if (colour != CLEAR) {
        put(px, py, id, hazed(colour, z));
      }
    }
  }

  private void put(int x, int y, int id, int colour) {
    colours[y * width + x] = colour;
    ids[y * width + x] = (byte) id;
  }

  /** Half the size, in the light of the day and with the camera's noise. */
  private Example developed(String name) {
    double light = between(0.55, 1.15);
    double warmth = between(-0.12, 0.12);
    double[] gain = {light * (1 + warmth), light, light * (1 - warmth)};
    double grain = between(4, 26);
    int salt = random.nextInt();
    int w = width / 2;
    int h = height / 2;
    byte[] rgb = new byte[3 * w * h];
    byte[] truth = new byte[w * h];
    for (int i = 0; i < w * h; i++) {
      int a = 2 * (i / w) * width + 2 * (i % w);
      int[] four = {a, a + 1, a + width, a + width + 1};
      for (int c = 0; c < 3; c++) {
        int shift = 16 - 8 * c;
        int sum = 0;
        for (int place : four) {
          sum += colours[place] >> shift & 0xff;
        }
        double noise = grain * (bits(3 * i + c, 0, salt) + bits(3 * i + c, 1, salt) - 1);
        rgb[3 * i + c] = (byte) clamp(gain[c] * sum / 4 + noise);
      }
      byte[] seen = {ids[four[0]], ids[four[1]], ids[four[2]], ids[four[3]]};
      Arrays.sort(seen);
      // Of four sorted ids, one that fills half or more of the pixel is always in the middle.
      truth[i] = seen[2] == seen[3] ? seen[2] : seen[1];
    }
    return new Example(name, new Picture(w, h, rgb), new Mask(w, h, truth));
  }

  private int hazed(int colour, double z) {
    return mix(colour, haze, Math.min(0.5, z / 200));
  }

  private int facadeColour() {
    return switch (random.nextInt(4)) {
      case 0 -> tinted(between(90, 220), 20);
      case 1 -> rgb(between(130, 190), between(70, 120), between(55, 100));
      case 2 -> rgb(between(190, 235), between(170, 225), between(130, 200));
      default -> rgb(between(80, 200), between(90, 200), between(90, 230));
    };
  }

  private int leafColour() {
    return random.nextInt(5) == 0
        ? rgb(between(110, 190), between(80, 140), between(30, 60))
        : rgb(between(35, 100), between(70, 145), between(25, 70));
  }

  private int tinted(double value, double tint) {
    return rgb(value + between(-tint, tint), value, value + between(-tint, tint));
  }

  private double between(double low, double high) {
    return low + random.nextDouble() * (high - low);
  }

  private static int clamp(double value) {
    return (int) Math.max(0, Math.min(255, value));
  }

  private static int rgb(double r, double g, double b) {
    return clamp(r) << 16 | clamp(g) << 8 | clamp(b);
  }

  private static int grey(double value) {
    return rgb(value, value, value);
  }

  private static int shade(int colour, double factor) {
    return rgb(factor * (colour >> 16), factor * (colour >> 8 & 0xff), factor * (colour & 0xff));
  }

  private static int mix(int a, int b, double share) {
    double rest = 1 - share;
    return rgb(
        rest * (a >> 16) + share * (b >> 16),
        rest * (a >> 8 & 0xff) + share * (b >> 8 & 0xff),
        rest * (a & 0xff) + share * (b & 0xff));
  }

  /** The place in a repeating pattern, from -period/2 to period/2. */
  private static double wrap(double value, double period) {
    return value - period * Math.rint(value / period);
  }

  /** Smooth noise of 0..1 with a grain of about 1. */
  private static double noise(double x, double y, int salt) {
    int ix = (int) Math.floor(x);
    int iy = (int) Math.floor(y);
    double fx = x - ix;
    double fy = y - iy;
    double top = bits(ix, iy, salt) * (1 - fx) + bits(ix + 1, iy, salt) * fx;
    double low = bits(ix, iy + 1, salt) * (1 - fx) + bits(ix + 1, iy + 1, salt) * fx;
    return top * (1 - fy) + low * fy;
  }

  /** A number of 0..1 that depends on nothing but its arguments. */
  private static double bits(int x, int y, int salt) {
    int h = x * 0x9E3779B1 ^ y * 0x85EBCA77 ^ salt * 0xC2B2AE3D;
    h = (h ^ h >>> 15) * 0x2C1B3C6D;
    h = (h ^ h >>> 12) * 0x297A2D39;
    return ((h ^ h >>> 15) >>> 8) * 0x1p-24;
  }

  /** Spreads neighbouring seeds over all 64 bits: {@link Random} starts alike for those alike. */
  static long mixBits(long seed) {
    long z = seed + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
