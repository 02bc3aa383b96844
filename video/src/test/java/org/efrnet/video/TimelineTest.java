package org.efrnet.video;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TimelineTest {
  private static final int VIDEO = 0;
  private static final int SOUND = 1;
  private static final long FRAME = 40_000;
  private static final long PACKET = 20_000;
  private static final long SECOND = 1_000_000;

  private final Timeline timeline = new Timeline();

  private long video(long decoded) {
    return timeline.next(VIDEO, decoded, FRAME).shift();
  }

  private long sound(long decoded) {
    return timeline.next(SOUND, decoded, PACKET).shift();
  }

  @Test
  void aSteadyClockIsLeftAlone() {
    for (long t = 5 * SECOND; t < 8 * SECOND; t += FRAME) {
      assertThat(timeline.next(VIDEO, t, FRAME)).isEqualTo(new Timeline.Place(0, false));
      assertThat(timeline.next(SOUND, t + 3, 0)).isEqualTo(new Timeline.Place(0, false));
    }
  }

  @Test
  void gapsOfARecordingStay() {
    video(0);
    assertThat(video(9 * SECOND)).isZero();
    sound(9 * SECOND);
    for (long t = 9 * SECOND; t < 60 * SECOND; t += FRAME) {
      video(t);
    }
    assertThat(sound(60 * SECOND)).as("sound was away, the video was not").isZero();
    assertThat(video(60 * SECOND)).isZero();
  }

  @Test
  void aClockThatBeginsAnewGoesOnWhereItEnded() {
    video(0);
    video(SECOND);
    assertThat(timeline.next(VIDEO, 0, FRAME)).isEqualTo(new Timeline.Place(SECOND + FRAME, true));
    assertThat(timeline.next(VIDEO, FRAME, FRAME))
        .isEqualTo(new Timeline.Place(SECOND + FRAME, false));
    assertThat(video(3600 * SECOND)).isEqualTo(SECOND + 3 * FRAME - 3600 * SECOND);
  }

  @Test
  void aShortStepBackIsTakenOutToo() {
    video(SECOND);
    assertThat(video(SECOND + FRAME - 300_000)).isEqualTo(300_000);
    assertThat(video(SECOND + 2 * FRAME - 300_000)).isEqualTo(300_000);
  }

  /** Some sound still comes of the part before when the video has begun anew. */
  @Test
  void streamsThatSteppedTogetherStayTogether() {
    video(SECOND);
    sound(SECOND - 100_000);
    assertThat(video(0)).isEqualTo(SECOND + FRAME);
    assertThat(sound(SECOND - 80_000)).isZero();
    assertThat(sound(0)).isEqualTo(SECOND + FRAME);
    assertThat(video(FRAME)).isEqualTo(SECOND + FRAME);
    assertThat(sound(PACKET)).isEqualTo(SECOND + FRAME);
  }

  @Test
  void whatOverlapsKeepsItsPlace() {
    video(SECOND);
    sound(SECOND + 300_000);
    assertThat(video(0)).isEqualTo(SECOND + FRAME);
    for (int n = 0; n < 20; n++) {
      assertThat(sound(n * PACKET)).isEqualTo(SECOND + FRAME);
    }
  }

  @Test
  void aStreamThatBeginsLaterHasTheOthersShift() {
    video(SECOND);
    video(0);
    assertThat(sound(10_000)).isEqualTo(SECOND + FRAME);
  }

  @Test
  void whatSaysNoDurationLastsAsLongAsBefore() {
    timeline.next(VIDEO, 0, 0);
    timeline.next(VIDEO, FRAME, 11);
    timeline.next(VIDEO, 2 * FRAME, 11);
    assertThat(timeline.next(VIDEO, 0, 11).shift()).isEqualTo(3 * FRAME);
  }
}
