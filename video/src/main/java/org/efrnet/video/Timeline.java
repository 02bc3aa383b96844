package org.efrnet.video;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One running time for a file whose clock is set anew on the way, as those of transport streams are
 * that were joined end to end. The first stream whose clock steps goes on where it ended; the
 * others follow it, so that what stepped together stays together. All times in microseconds.
 */
final class Timeline {
  /** A clock may wait this long: a recording of a still screen has gaps. FFmpeg's own bound. */
  private static final long FORTH = 10_000_000;

  /** Decoding times go back by rounding alone. FFmpeg's own bound. */
  private static final long BACK = 100_000;

  /** By how much streams may part at a step and still be taken to have stepped together. */
  private static final long TOGETHER = 500_000;

  /** A packet that lasts no longer has no duration, whatever its container says. */
  private static final long LEAST = 1_000;

  /**
   * @param part between two steps, from 0
   * @param expected when its next packet is decoded, if it has no gap
   * @param decoded its last packet, by the file's clock
   * @param lasts its last packet
   */
  private record Track(int part, long expected, long decoded, long lasts) {}

  /**
   * @param shift what is to be added to a packet's times
   * @param stepped whether the clock was set anew between the packet before and this one
   */
  record Place(long shift, boolean stepped) {}

  private final Map<Integer, Track> tracks = new HashMap<>();

  /** What the times of each part lack. */
  private final List<Long> shifts = new ArrayList<>(List.of(0L));

  /**
   * Where a packet belongs.
   *
   * @param stream the packet's; each has its packets in their order
   * @param decoded when the packet is to be decoded, by the file's clock
   * @param lasts how long, 0 if that is not known
   */
  Place next(int stream, long decoded, long lasts) {
    int newest = shifts.size() - 1;
    Track before = tracks.getOrDefault(stream, new Track(newest, Long.MIN_VALUE, decoded, 0));
    int part = before.part;
    if (before.expected != Long.MIN_VALUE && hasStepped(before, decoded)) {
      boolean follows =
          part < newest && Math.abs(decoded + shifts.get(newest) - before.expected) <= TOGETHER;
      if (!follows) {
        shifts.add(before.expected - decoded);
      }
      part = shifts.size() - 1;
    }
    long shift = shifts.get(part);
    long since = part == before.part ? decoded - before.decoded : 0;
    long known = since > 0 && since <= TOGETHER ? since : before.lasts;
    long last = lasts >= LEAST ? lasts : known;
    tracks.put(stream, new Track(part, decoded + shift + last, decoded, last));
    return new Place(shift, part != before.part);
  }

  private boolean hasStepped(Track track, long decoded) {
    long time = decoded + shifts.get(track.part);
    if (time < track.expected - BACK) {
      return true;
    }
    // Where another stream went on meanwhile, this one has a gap.
    return tracks.values().stream().allMatch(other -> time > other.expected + FORTH);
  }
}
