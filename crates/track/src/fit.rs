//! Where a chain's boxes truly are and how fast they move, from the sightings around each.
//!
//! A straight line through the sightings of a third of a second on both sides (weighted least
//! squares, ridge on the slope), in coordinates that move with the picture: what the motion
//! grid explains is taken out first. Sizes are fitted as logarithms.

use scrim_units::PxBox;

use crate::chain::{Chain, Sight};
use crate::predict::Lead;
use crate::shot::Shot;

/// Sightings this far away in time count nothing, nearer ones more.
const WINDOW_S: f64 = 0.3;

/// Slopes from two sightings closer than this are damped by half and more: the jitter of two
/// boxes 40 ms apart is no speed. The more sightings, the less it counts.
const RIDGE_S: f64 = 0.04;

/// A smoothed box lies at most this share of a side beside its own, and its sides differ at
/// most by this factor: a line is a poor guess where something turns.
const MOST_SHIFT: f64 = 0.5;
const MOST_RESIZE: f64 = 2.0;

/// How the picture moved under a chain, frame by frame, since its first sighting.
pub(crate) struct Drift {
    first: usize,
    /// In f64: a pan of an hour adds up.
    way: Vec<(f64, f64)>,
}

impl Drift {
    /// Asks the grid along the straight line between neighbouring sightings.
    pub fn along(shot: &Shot<'_>, sights: &[Sight]) -> Self {
        let mut drift = Self {
            first: sights[0].frame,
            way: vec![(0.0, 0.0)],
        };
        let mut sum = (0.0, 0.0);
        for pair in sights.windows(2) {
            let (a, b) = (&pair[0], &pair[1]);
            for frame in a.frame + 1..=b.frame {
                let share = (frame - 1 - a.frame) as f32 / (b.frame - a.frame) as f32;
                let (dx, dy) = shot.moved_into(frame, between(a.at, b.at, share));
                sum = (sum.0 + f64::from(dx), sum.1 + f64::from(dy));
                drift.way.push(sum);
            }
        }
        drift
    }

    /// Motion from one frame of the chain to another, in pixels.
    pub fn moved(&self, from: usize, to: usize) -> (f32, f32) {
        let (a, b) = (self.way[from - self.first], self.way[to - self.first]);
        ((b.0 - a.0) as f32, (b.1 - a.1) as f32)
    }
}

/// The box that lies at `share` (0..=1) on the way from one to the other.
pub(crate) fn between(a: PxBox, b: PxBox, share: f32) -> PxBox {
    let mix = |p: f32, q: f32| p + (q - p) * share;
    PxBox {
        x0: mix(a.x0, b.x0),
        y0: mix(a.y0, b.y0),
        x1: mix(a.x1, b.x1),
        y1: mix(a.y1, b.y1),
    }
}

/// The smoothed box at one sighting, and the speed there beyond the motion grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    pub at: PxBox,
    /// Pixels a second.
    pub speed: (f32, f32),
}

/// A fit for each sighting.
pub(crate) fn smooth(shot: &Shot<'_>, sights: &[Sight], drift: &Drift) -> Vec<Fit> {
    let mut from = 0;
    (0..sights.len())
        .map(|i| {
            let now = shot.time(sights[i].frame);
            while now - shot.time(sights[from].frame) >= WINDOW_S {
                from += 1;
            }
            let near = sights[from..]
                .iter()
                .take_while(|s| shot.time(s.frame) - now < WINDOW_S);
            one(shot, &sights[i], near, drift)
        })
        .collect()
}

/// The box at a chain's end (or its begin), ready to be led on.
pub(crate) fn end_lead(shot: &Shot<'_>, chain: &Chain, end: bool) -> Lead {
    let all = &chain.sights;
    let own = if end { chain.last() } else { chain.first() };
    let now = shot.time(own.frame);
    let near = |s: &&Sight| (shot.time(s.frame) - now).abs() < WINDOW_S;
    let window = if end {
        &all[all.len() - all.iter().rev().take_while(near).count()..]
    } else {
        &all[..all.iter().take_while(near).count()]
    };
    let fit = one(shot, own, window.iter(), &Drift::along(shot, window));
    Lead {
        at: own.at,
        speed: fit.speed,
        knows_speed: window.len() > 1,
    }
}

fn one<'a>(
    shot: &Shot<'_>,
    own: &Sight,
    near: impl Iterator<Item = &'a Sight>,
    drift: &Drift,
) -> Fit {
    let now = shot.time(own.frame);
    let (ox, oy) = own.at.centre();
    let mut lines = [Line::default(); 4];
    for s in near {
        let seconds = shot.time(s.frame) - now;
        let weight = f64::from(s.score) * (1.0 - seconds.abs() / WINDOW_S);
        let (mx, my) = drift.moved(own.frame, s.frame);
        let (x, y) = s.at.centre();
        let values = [
            f64::from(x - mx - ox),
            f64::from(y - my - oy),
            f64::from(s.at.width() / own.at.width()).ln(),
            f64::from(s.at.height() / own.at.height()).ln(),
        ];
        for (line, value) in lines.iter_mut().zip(values) {
            line.add(weight, seconds, value);
        }
    }
    let [x, y, w, h] = lines.map(|l| l.here());
    let sides = (f64::from(own.at.width()), f64::from(own.at.height()));
    let shift = |v: f64, side: f64| v.clamp(-MOST_SHIFT * side, MOST_SHIFT * side) as f32;
    let resize = |v: f64| v.exp().clamp(1.0 / MOST_RESIZE, MOST_RESIZE) as f32;
    Fit {
        at: PxBox::around(
            ox + shift(x.0, sides.0),
            oy + shift(y.0, sides.1),
            own.at.width() * resize(w.0),
            own.at.height() * resize(h.0),
        ),
        speed: (x.1 as f32, y.1 as f32),
    }
}

/// Sums of a weighted straight line.
#[derive(Clone, Copy, Default)]
struct Line {
    weight: f64,
    t: f64,
    tt: f64,
    v: f64,
    tv: f64,
}

impl Line {
    fn add(&mut self, weight: f64, t: f64, value: f64) {
        // Weak boxes count less, but none counts nothing: the own box is always in.
        let weight = weight.max(1e-3);
        self.weight += weight;
        self.t += weight * t;
        self.tt += weight * t * t;
        self.v += weight * value;
        self.tv += weight * t * value;
    }

    /// Value and slope at t = 0.
    fn here(self) -> (f64, f64) {
        let (t, v) = (self.t / self.weight, self.v / self.weight);
        let spread = self.tt - self.weight * t * t + RIDGE_S * RIDGE_S;
        let slope = (self.tv - self.weight * t * v) / spread;
        (v - slope * t, slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shot::tests::{SIZE, clip};
    use crate::shot::{rising_times, shots};

    fn fits(sights: &[Sight]) -> Vec<Fit> {
        let frames = clip(40, |_| vec![]);
        let times = rising_times(&frames);
        let shot = shots(SIZE, &frames, &times)[0];
        smooth(&shot, sights, &Drift::along(&shot, sights))
    }

    fn walk(frame: usize) -> Sight {
        Sight {
            frame,
            at: PxBox::around(100.0 + 3.0 * frame as f32, 90.0, 24.0, 30.0),
            score: 0.8,
        }
    }

    #[test]
    fn a_steady_walk_is_fitted_with_its_speed_also_at_its_ends() {
        let sights: Vec<_> = (0..20).map(walk).collect();
        for (fit, s) in fits(&sights).iter().zip(&sights) {
            assert!((fit.at.centre().0 - s.at.centre().0).abs() < 1.5);
            assert!((fit.speed.0 - 75.0).abs() < 15.0, "{:?}", fit.speed);
        }
    }

    #[test]
    fn one_box_that_is_too_small_is_made_up_by_its_neighbours() {
        let mut sights: Vec<_> = (0..20).map(walk).collect();
        let (x, y) = sights[10].at.centre();
        sights[10].at = PxBox::around(x, y - 7.0, 24.0, 15.0);
        sights[10].score = 0.2;
        let fit = fits(&sights)[10];
        assert!(fit.at.height() > 26.0 && fit.at.y1 > y + 11.0, "{fit:?}");
    }

    #[test]
    fn the_jitter_of_two_boxes_is_no_speed() {
        let mut sights = vec![walk(0), walk(1)];
        sights[1].at = sights[0].at.shift(2.0, 0.0);
        // Taken at its word this would be 50 px a second.
        assert!(fits(&sights)[1].speed.0 < 15.0);
    }
}
