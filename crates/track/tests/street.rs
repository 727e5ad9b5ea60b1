//! A made-up street filmed by a made-up camera, seen by a made-up detector that misses, jitters
//! and invents: what the tracker leaves exposed, and what it covers in vain.
//!
//! The numbers are of this toy and no measure of real footage; the limits are there so that a
//! change that makes tracking worse is seen.

use scrim_track::{
    CellMotion, ClassSettings, FrameFacts, Look, MotionGrid, Schedule, Sensitivity, TrackSettings,
    cover_clip,
};
use scrim_units::{Class, PxBox, Sighting, Size};

const SIZE: Size = Size {
    width: 1280,
    height: 720,
};
const FPS: f64 = 25.0;
const FRAMES: usize = 150;

/// Numerical Recipes' 64-bit generator: no dependency, the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(3_935_559_000_370_003_845)
            .wrapping_add(2_691_343_689_449_507_681);
        ((self.0 >> 40) as f32) / (1u64 << 24) as f32
    }

    fn between(&mut self, a: f32, b: f32) -> f32 {
        a + (b - a) * self.roll()
    }

    /// Roughly normal, standard deviation 1.
    fn normal(&mut self) -> f32 {
        (0..6).map(|_| self.roll()).sum::<f32>() * std::f32::consts::SQRT_2
            - 3.0 * std::f32::consts::SQRT_2
    }
}

/// A thing with its own steady walk, in the scene.
struct Thing {
    class: Class,
    x: f32,
    y: f32,
    dx: f32,
    dy: f32,
    side: f32,
    /// How well the detector likes it.
    clear: f32,
    born: usize,
    gone: usize,
}

impl Thing {
    fn new(dice: &mut Dice) -> Self {
        let class = if dice.roll() < 0.6 {
            Class::Face
        } else {
            Class::Plate
        };
        let side = (dice.between(9.0f32.ln(), 120.0f32.ln())).exp();
        let side = if class == Class::Plate {
            side * 0.6
        } else {
            side
        };
        let born = if dice.roll() < 0.6 {
            0
        } else {
            dice.between(0.0, 100.0) as usize
        };
        Self {
            class,
            x: dice.between(-300.0, 1600.0),
            y: dice.between(0.0, 720.0),
            dx: dice.normal() * side * 0.05,
            dy: dice.normal() * side * 0.01,
            side,
            clear: dice.between(0.3, 0.9),
            born,
            gone: born + dice.between(20.0, 200.0) as usize,
        }
    }

    fn at(&self, k: usize, camera: &[(f32, f32)]) -> Option<PxBox> {
        if !(self.born..self.gone).contains(&k) {
            return None;
        }
        let (t, (cx, cy)) = (k as f32, camera[k]);
        let w = if self.class == Class::Plate {
            3.5
        } else {
            0.85
        } * self.side;
        let b = PxBox::around(
            self.x + self.dx * t - cx,
            self.y + self.dy * t - cy,
            w,
            self.side,
        );
        let inside = PxBox {
            x0: b.x0.max(0.0),
            y0: b.y0.max(0.0),
            x1: b.x1.min(1280.0),
            y1: b.y1.min(720.0),
        };
        (inside.area() >= 0.6 * b.area()).then_some(inside)
    }
}

/// Where the camera looks in each frame: a pan that comes and goes, and a shaking hand.
fn camera(dice: &mut Dice) -> Vec<(f32, f32)> {
    let (pan, shake) = (dice.between(-12.0, 12.0), dice.between(0.0, 4.0));
    let (mut x, mut y) = (0.0, 0.0);
    (0..FRAMES)
        .map(|k| {
            x += pan * (k as f32 / 25.0).sin() + dice.normal() * shake;
            y += dice.normal() * shake * 0.5;
            (x, y)
        })
        .collect()
}

fn grid(dice: &mut Dice, moved: (f32, f32)) -> Option<MotionGrid> {
    let cells: Vec<CellMotion> = (0..16 * 9)
        .map(|_| CellMotion {
            dx: moved.0 + dice.normal() * if dice.roll() < 0.1 { 10.0 } else { 0.3 },
            dy: moved.1 + dice.normal() * 0.3,
            trusted: dice.roll() < 0.7,
        })
        .collect();
    MotionGrid::new(SIZE, 16, 9, &cells).ok()
}

fn seen(dice: &mut Dice, thing: &Thing, at: PxBox, smallest: f32) -> Option<Sighting> {
    let ease = (thing.side / smallest).clamp(0.0, 2.0) / 2.0;
    let score = (thing.clear * ease + dice.normal() * 0.15).min(0.98);
    let jitter = thing.side * 0.05;
    let mut j = || dice.normal() * jitter;
    let at = PxBox {
        x0: at.x0 + j(),
        y0: at.y0 + j(),
        x1: at.x1 + j(),
        y1: at.y1 + j(),
    };
    (score > 0.1 && at.is_sane()).then_some(Sighting {
        class: thing.class,
        score,
        at,
    })
}

#[derive(Default)]
struct Outcome {
    /// True boxes in all frames.
    boxes: usize,
    /// Those of which less than 75 % is in one cover box.
    exposed: usize,
    /// The same with nothing but each frame's own strong sightings.
    raw_exposed: usize,
    /// Cover boxes of which less than 10 % lies in a true box grown by 30 % on each side.
    vain: usize,
}

fn look(
    dice: &mut Dice,
    things: &[Thing],
    k: usize,
    camera: &[(f32, f32)],
    smallest: [f32; 2],
) -> Look {
    let mut sightings = Vec::new();
    for t in things {
        if let Some(at) = t.at(k, camera) {
            sightings.extend(seen(dice, t, at, smallest[t.class.index()]));
        }
    }
    // What is not there: mostly weak, somewhere.
    while dice.roll() < 0.5 {
        sightings.push(Sighting {
            class: Class::ALL[(dice.roll() * 2.0) as usize],
            score: 0.1 + 0.4 * dice.roll().powi(3),
            at: PxBox::around(
                dice.between(0.0, 1280.0),
                dice.between(0.0, 720.0),
                30.0,
                30.0,
            ),
        });
    }
    Look {
        sightings,
        smallest,
    }
}

fn film(seed: u64, with_motion: bool, out: &mut Outcome) {
    let mut dice = Dice(seed);
    let things: Vec<Thing> = (0..12).map(|_| Thing::new(&mut dice)).collect();
    let camera = camera(&mut dice);
    let mut schedule = Schedule::new(SIZE, 1.0 / FPS, Sensitivity::Publish);
    let mut frames = Vec::new();
    for k in 0..FRAMES {
        let time_s = k as f64 / FPS;
        let passes = schedule.look(time_s, false);
        let look = (!passes.is_empty()).then(|| {
            let smallest = schedule.smallest_in(&passes);
            look(&mut dice, &things, k, &camera, smallest)
        });
        let motion = match k {
            _ if !with_motion => None,
            0 => None,
            _ => grid(
                &mut dice,
                (camera[k - 1].0 - camera[k].0, camera[k - 1].1 - camera[k].1),
            ),
        };
        frames.push(FrameFacts {
            time_s,
            cut: false,
            look,
            motion,
        });
    }
    judge(&things, &camera, &frames, out);
}

/// The usual times and margins, with scores for this toy: its detector is not the network, its
/// faces and plates are equally clear and what it invents has low scores.
fn settings() -> TrackSettings {
    let usual = TrackSettings::for_sensitivity(Sensitivity::Publish);
    let scores = |c: ClassSettings| ClassSettings {
        strong: 0.35,
        clear: 0.35,
        weak: 0.15,
        sure: 0.6,
        steady_sights: 5,
        steady_score: 0.25,
        ..c
    };
    TrackSettings {
        face: scores(usual.face),
        plate: scores(usual.plate),
    }
}

fn judge(things: &[Thing], camera: &[(f32, f32)], frames: &[FrameFacts], out: &mut Outcome) {
    let settings = settings();
    let cover = cover_clip(SIZE, frames, &settings);
    for (k, frame) in frames.iter().enumerate() {
        let boxes: Vec<PxBox> = cover.frames[k].boxes.iter().map(|b| b.at).collect();
        let truth: Vec<PxBox> = things.iter().filter_map(|t| t.at(k, camera)).collect();
        let found: Vec<PxBox> = frame
            .look
            .iter()
            .flat_map(|l| &l.sightings)
            .filter(|s| s.score >= settings.of(s.class).strong)
            .map(|s| s.at)
            .collect();
        let open =
            |t: &&PxBox, by: &[PxBox]| by.iter().all(|b| b.intersection(**t) < 0.75 * t.area());
        out.boxes += truth.len();
        out.exposed += truth.iter().filter(|t| open(t, &boxes)).count();
        out.raw_exposed += truth.iter().filter(|t| open(t, &found)).count();
        out.vain += boxes
            .iter()
            .filter(|b| {
                truth.iter().all(|t| {
                    t.grow(0.3 * t.width(), 0.3 * t.height()).intersection(**b) < 0.1 * b.area()
                })
            })
            .count();
    }
}

/// Over 24 clips: share of true boxes exposed, the same if only each frame's own strong
/// sightings were covered, and boxes a frame that cover nothing.
fn shares(with_motion: bool) -> (f32, f32, f32) {
    let mut out = Outcome::default();
    for seed in 1..25 {
        film(seed * 77_777, with_motion, &mut out);
    }
    let share = |a: usize, b: usize| a as f32 / b as f32;
    (
        share(out.exposed, out.boxes),
        share(out.raw_exposed, out.boxes),
        share(out.vain, 24 * FRAMES),
    )
}

#[test]
fn a_detector_that_leaves_three_boxes_in_five_exposed_leaves_one_in_a_hundred_with_tracks() {
    let (exposed, raw, vain) = shares(true);
    assert!(raw > 0.55, "the toy detector has become too good: {raw}");
    assert!(exposed < 0.01, "exposed {exposed}");
    assert!(vain < 0.9, "in vain {vain}");
}

#[test]
fn without_a_motion_grid_tracks_still_hold() {
    let (exposed, _, vain) = shares(false);
    assert!(exposed < 0.016, "exposed {exposed}");
    assert!(vain < 0.9, "in vain {vain}");
}
