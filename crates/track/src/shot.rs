//! A stretch of frames between two hard cuts. Everything else works inside one shot, so that
//! nothing can be linked, bridged or carried over a cut.

use scrim_units::{Class, PxBox, Sighting, Size};

use crate::{FrameFacts, Look};

/// Least time between two frames. Frames of equal or senseless times would otherwise make
/// "0.3 seconds" last for ever. The frame of the fastest usual camera.
const LEAST_STEP_S: f64 = 1.0 / 240.0;

/// Frames between two cuts; frame numbers are counted from its first.
#[derive(Clone, Copy)]
pub(crate) struct Shot<'a> {
    pub size: Size,
    /// Number of its first frame in the clip.
    pub first: usize,
    frames: &'a [FrameFacts],
    times: &'a [f64],
}

/// Times that rise in every frame of a shot, whatever the file says; a cut begins anew.
pub(crate) fn rising_times(frames: &[FrameFacts]) -> Vec<f64> {
    let mut last: Option<f64> = None;
    frames
        .iter()
        .map(|f| *last.insert(time_after(last, f)))
        .collect()
}

/// The time of a frame after one at `last`.
pub(crate) fn time_after(last: Option<f64>, frame: &FrameFacts) -> f64 {
    match last.filter(|_| !frame.cut) {
        Some(t) if !frame.time_s.is_finite() || frame.time_s < t + LEAST_STEP_S => t + LEAST_STEP_S,
        None if !frame.time_s.is_finite() => 0.0,
        _ => frame.time_s,
    }
}

/// The clip, split before every frame with a cut. `times` has one entry a frame.
pub(crate) fn shots<'a>(size: Size, frames: &'a [FrameFacts], times: &'a [f64]) -> Vec<Shot<'a>> {
    let mut starts: Vec<usize> = (1..frames.len()).filter(|&i| frames[i].cut).collect();
    starts.insert(0, 0);
    starts.push(frames.len());
    starts
        .windows(2)
        .filter(|w| w[0] < w[1])
        .map(|w| Shot::new(size, w[0], &frames[w[0]..w[1]], &times[w[0]..w[1]]))
        .collect()
}

impl<'a> Shot<'a> {
    /// Frames from the clip's `first` on, as many as times.
    pub fn new(size: Size, first: usize, frames: &'a [FrameFacts], times: &'a [f64]) -> Self {
        Self {
            size,
            first,
            frames: &frames[..times.len()],
            times,
        }
    }

    pub fn len(&self) -> usize {
        self.frames.len()
    }

    pub fn time(&self, frame: usize) -> f64 {
        self.times[frame]
    }

    pub fn look(&self, frame: usize) -> Option<&'a Look> {
        self.frames[frame].look.as_ref()
    }

    /// The sightings of a class that make sense and reach into the picture, bounded to three
    /// pictures' width so that no sum of them overflows.
    pub fn sightings(&self, frame: usize, class: Class) -> impl Iterator<Item = Sighting> + 'a {
        let size = self.size;
        let all = self.look(frame).map_or(&[][..], |look| &look.sightings);
        all.iter()
            .filter(move |s| s.class == class && makes_sense(s, size))
            .map(move |s| Sighting {
                at: bounded(s.at, size),
                ..*s
            })
    }

    /// How what is at `at` in frame - 1 moves to `frame`, in pixels; nothing where unknown.
    /// Never asked of a shot's first frame, whose motion would be that over the cut.
    pub fn moved_into(&self, frame: usize, at: PxBox) -> (f32, f32) {
        let grid = self.frames[frame].motion.as_ref();
        grid.and_then(|g| g.at(at).or(g.global()))
            .unwrap_or_default()
    }

    /// How what is at `at` in `frame` moves back to frame - 1. The grid is laid over the frame
    /// before, so the place to ask for is where the first answer leads.
    pub fn moved_back(&self, frame: usize, at: PxBox) -> (f32, f32) {
        let (dx, dy) = self.moved_into(frame, at);
        let (dx, dy) = self.moved_into(frame, at.shift(-dx, -dy));
        (-dx, -dy)
    }
}

/// Whether a sighting is of this world and in the picture.
pub(crate) fn makes_sense(s: &Sighting, size: Size) -> bool {
    s.score.is_finite() && s.at.is_sane() && touches(s.at, size)
}

/// Whether any of the box lies in the picture.
pub(crate) fn touches(at: PxBox, size: Size) -> bool {
    at.x1 > 0.0 && at.y1 > 0.0 && at.x0 < size.width as f32 && at.y0 < size.height as f32
}

fn bounded(at: PxBox, size: Size) -> PxBox {
    let (w, h) = (size.width as f32, size.height as f32);
    PxBox {
        x0: at.x0.max(-w),
        y0: at.y0.max(-h),
        x1: at.x1.min(2.0 * w),
        y1: at.y1.min(2.0 * h),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{CellMotion, MotionGrid};

    pub const SIZE: Size = Size {
        width: 640,
        height: 360,
    };

    /// Frames at 25 fps, all looked at; in frame k the sightings that `seen` gives.
    pub fn clip(n: usize, seen: impl Fn(usize) -> Vec<Sighting>) -> Vec<FrameFacts> {
        (0..n)
            .map(|k| FrameFacts {
                time_s: k as f64 * 0.04,
                cut: false,
                look: Some(Look {
                    sightings: seen(k),
                    smallest: [8.0, 6.0],
                }),
                motion: None,
            })
            .collect()
    }

    pub fn face(score: f32, at: PxBox) -> Sighting {
        Sighting {
            class: Class::Face,
            score,
            at,
        }
    }

    #[test]
    fn a_cut_begins_a_shot_and_every_frame_is_in_one() {
        let mut frames = clip(10, |_| vec![]);
        for k in [0, 3, 4, 9] {
            frames[k].cut = true;
        }
        let times = rising_times(&frames);
        let parts: Vec<_> = shots(SIZE, &frames, &times)
            .iter()
            .map(|s| (s.first, s.len()))
            .collect();
        assert_eq!(parts, [(0, 3), (3, 1), (4, 5), (9, 1)]);
        assert!(shots(SIZE, &[], &[]).is_empty());
    }

    #[test]
    fn the_way_back_undoes_the_way_there_where_the_camera_zooms() {
        let mut frames = clip(2, |_| vec![]);
        let zoom = |i: usize| CellMotion {
            dx: 12.0 * (i % 16) as f32,
            dy: 0.0,
            trusted: true,
        };
        let cells: Vec<_> = (0..32).map(zoom).collect();
        frames[1].motion = MotionGrid::new(SIZE, 16, 2, &cells).ok();
        let times = rising_times(&frames);
        let shot = shots(SIZE, &frames, &times)[0];
        let at = PxBox::around(100.0, 90.0, 8.0, 8.0);
        let (dx, dy) = shot.moved_into(1, at);
        assert_eq!((dx, dy), (24.0, 0.0));
        assert_eq!(shot.moved_back(1, at.shift(dx, dy)), (-dx, -dy));
    }

    #[test]
    fn senseless_times_become_rising_ones() {
        let mut frames = clip(6, |_| vec![]);
        for (f, t) in frames
            .iter_mut()
            .zip([f64::NAN, 1.0, 1.0, 0.5, f64::INFINITY, 2.0])
        {
            f.time_s = t;
        }
        let times = rising_times(&frames);
        assert!(times.windows(2).all(|w| w[1] > w[0]) && times[5] == 2.0);
    }

    #[test]
    fn senseless_boxes_are_passed_over_and_huge_ones_bounded() {
        let nan = PxBox::around(f32::NAN, 0.0, 5.0, 5.0);
        let huge = PxBox {
            x0: -3e38,
            y0: -3e38,
            x1: 3e38,
            y1: 3e38,
        };
        let outside = PxBox::around(-50.0, 10.0, 20.0, 20.0);
        let frames = clip(1, |_| {
            vec![
                face(0.9, nan),
                face(0.9, huge),
                face(0.9, outside),
                face(f32::NAN, huge),
            ]
        });
        let times = rising_times(&frames);
        let shot = shots(SIZE, &frames, &times)[0];
        let left: Vec<_> = shot.sightings(0, Class::Face).collect();
        assert_eq!(left.len(), 1);
        assert!(left[0].at.area().is_finite() && left[0].at.x1 >= 640.0);
    }
}
