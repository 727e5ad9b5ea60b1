//! Where a box will be in the next frame, before it is known.
//!
//! The motion grid moves the box; what is left over is taken as a steady speed. Where the grid
//! follows the thing itself the rest is near zero, where it follows the background the rest is
//! the thing's own speed, and without a grid it is all of it. Kept by an alpha-beta filter (the
//! Kalman filter of constant speed with fixed gains: Kalata, IEEE Trans. AES-20, 1984), as
//! ByteTrack keeps a Kalman filter without knowing the camera's motion.

use scrim_units::PxBox;

use crate::shot::Shot;

/// Share of a new box's deviation taken into the place: boxes of a detector are good.
const PLACE_GAIN: f32 = 0.7;

/// Share of a new box's deviation taken into the speed: speeds from two boxes are poor.
const SPEED_GAIN: f32 = 0.4;

/// After this time unseen the speed has faded to 37 %: people stop and turn.
pub(crate) const SPEED_FADES_S: f64 = 0.6;

/// A box led through the frames of a shot.
#[derive(Clone, Debug)]
pub(crate) struct Lead {
    pub at: PxBox,
    /// Pixels a second beyond the motion grid.
    pub speed: (f32, f32),
    /// Whether the speed comes from two sightings or more.
    pub knows_speed: bool,
}

impl Lead {
    pub fn new(at: PxBox) -> Self {
        Self {
            at,
            speed: (0.0, 0.0),
            knows_speed: false,
        }
    }

    /// From frame - 1 to `frame`.
    pub fn forward(&mut self, shot: &Shot<'_>, frame: usize) {
        let moved = shot.moved_into(frame, self.at);
        let seconds = shot.time(frame) - shot.time(frame - 1);
        self.step(moved, seconds, 1.0);
    }

    /// From `frame` back to frame - 1.
    pub fn backward(&mut self, shot: &Shot<'_>, frame: usize) {
        let moved = shot.moved_back(frame, self.at);
        let seconds = shot.time(frame) - shot.time(frame - 1);
        self.step(moved, seconds, -1.0);
    }

    fn step(&mut self, moved: (f32, f32), seconds: f64, sense: f32) {
        // The way of a speed that fades within the step, so that one long step equals many
        // short ones.
        let kept = (-seconds / SPEED_FADES_S).exp();
        let way = sense * (SPEED_FADES_S * (1.0 - kept)) as f32;
        self.at = self
            .at
            .shift(moved.0 + self.speed.0 * way, moved.1 + self.speed.1 * way);
        self.speed = (self.speed.0 * kept as f32, self.speed.1 * kept as f32);
    }

    /// Takes the box that was found, `seconds` (above 0) after the one before.
    pub fn correct(&mut self, seen: PxBox, seconds: f64) {
        let (px, py) = self.at.centre();
        let (sx, sy) = seen.centre();
        let (ex, ey) = (sx - px, sy - py);
        let (place, speed) = if self.knows_speed {
            (PLACE_GAIN, SPEED_GAIN)
        } else {
            (1.0, 1.0)
        };
        let per_second = speed / seconds as f32;
        self.speed.0 += ex * per_second;
        self.speed.1 += ey * per_second;
        self.at = PxBox::around(
            px + place * ex,
            py + place * ey,
            seen.width(),
            seen.height(),
        );
        self.knows_speed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shot::tests::{SIZE, clip};
    use crate::shot::{rising_times, shots};
    use crate::{CellMotion, MotionGrid};

    #[test]
    fn after_two_sightings_a_steady_walk_is_foreseen() {
        let frames = clip(12, |_| vec![]);
        let times = rising_times(&frames);
        let shot = shots(SIZE, &frames, &times)[0];
        let walk = |k: usize| PxBox::around(100.0 + 6.0 * k as f32, 90.0, 20.0, 20.0);
        let mut lead = Lead::new(walk(0));
        for k in 1..=8 {
            lead.forward(&shot, k);
            if k % 2 == 0 {
                lead.correct(walk(k), 0.08);
            }
        }
        lead.forward(&shot, 9);
        let off = lead.at.centre().0 - walk(9).centre().0;
        assert!(off.abs() < 2.5, "{off}");
    }

    #[test]
    fn a_pan_moves_the_box_both_ways_without_any_speed() {
        let mut frames = clip(5, |_| vec![]);
        let pan = CellMotion {
            dx: 9.0,
            dy: -2.0,
            trusted: true,
        };
        for f in &mut frames {
            f.motion = MotionGrid::new(SIZE, 8, 4, &[pan; 32]).ok();
        }
        let times = rising_times(&frames);
        let shot = shots(SIZE, &frames, &times)[0];
        let start = PxBox::around(100.0, 90.0, 20.0, 20.0);
        let mut lead = Lead::new(start);
        (1..5).for_each(|k| lead.forward(&shot, k));
        assert_eq!(lead.at, start.shift(36.0, -8.0));
        (1..5).rev().for_each(|k| lead.backward(&shot, k));
        assert_eq!(lead.at, start);
    }
}
