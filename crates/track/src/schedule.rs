//! Where and when a video is looked at. A function of size, rate, times and cuts alone: it
//! takes the time as an argument and never learns what was found, so that every frame's looks
//! can be foretold and checked.

use scrim_units::{Class, Pass, PxRect, Size};

use crate::Sensitivity;
use crate::passes::{HALF, misses_large, smallest_at, whole};

/// A look at least every so many seconds: every second frame at 24 to 30 fps, every frame at 20
/// and less. Somebody walking moves by about a head's width in that time.
const PUBLISH_PERIOD_S: f64 = 0.099;
/// Every fourth frame at 30 fps, every third at 25.
const NORMAL_PERIOD_S: f64 = 0.134;
/// Every sixth frame at 30 fps, every fifth at 25.
const QUICK_PERIOD_S: f64 = 0.201;

/// Up to this area (640x480) every second look is fine: it costs 4 times the plain one, and
/// still less than one plain look at 1080p.
const TINY_PX: u64 = 640 * 480;
/// Fine scale of tiny pictures.
const TINY_FINE: f32 = 2.0;

/// Up to this area (1280x720) one look in four is fine: a third of a second, within the
/// tracker's weak gap. On made-up clips the fine looks find one face in ten of 10 to 24 px more,
/// and more of them find little more.
const SMALL_PX: u64 = 1280 * 720;
/// Fine scale of small pictures: 1920 px wide at 720p.
const SMALL_FINE: f32 = 1.5;

/// Video slower than its period is looked at in every frame, and where a round of all scales
/// would take longer than this, in every scale at once: the tracker's weak gap.
const ROUND_S: f64 = 0.4;

/// Up to this long side scale 1 is looked at whole.
const WHOLE_LONG_PX: u32 = 2048;
/// Long side at which larger pictures are looked at whole.
const PUBLISH_BASE_LONG_PX: f32 = 2560.0;
/// The same, to halve the cost.
const NORMAL_BASE_LONG_PX: f32 = 1920.0;
/// Drafts see no picture larger than this.
const QUICK_BASE_LONG_PX: f32 = 1280.0;

/// Larger pictures are also looked at in full size, in tiles of about this many pixels by turns.
const TILE_PX: f64 = 1920.0 * 1080.0;
/// All tiles have had their turn after so many looks: 0.4 s, the tracker's weak gap.
const TILE_TURN_LOOKS: usize = 5;
/// Tiles reach this far into their neighbours, so that what the whole look cannot find lies
/// wholly in one of them.
const TILE_OVERLAP_PX: u32 = 48;

/// Live, no pass sees more of the network's pixels than this: what a camera's frame may cost at
/// worst is one pass over 1920x1080.
const LIVE_PASS_PX: f64 = 1920.0 * 1080.0;

/// Most of the long side that the pass for large faces has.
const COARSE_LONG_PX: f32 = 480.0;

/// Decides for each frame of a clip, in display order, what the detector looks at.
#[derive(Debug, Clone)]
pub struct Schedule {
    plan: Plan,
    /// Looks since the last cut.
    looks: u64,
    last_s: Option<f64>,
}

#[derive(Debug, Clone)]
struct Plan {
    size: Size,
    period_s: f64,
    /// A frame this long after a look is looked at: the period less half a frame, so that
    /// jitter of the times does not skip one.
    due_s: f64,
    /// Scales at which looks see the whole picture, by turns, finest first.
    turns: Vec<Vec<f32>>,
    /// Scales of a fresh look: all of them, or live those of the first turn, which has the finest.
    fresh: Vec<f32>,
    /// Parts seen at scale 1, by turns.
    tiles: Vec<PxRect>,
}

impl Schedule {
    /// For a clip of this upright size. `frame_interval_s` is the usual time between frames in
    /// seconds; where it makes no sense every frame is looked at.
    #[must_use]
    pub fn new(size: Size, frame_interval_s: f64, sensitivity: Sensitivity) -> Self {
        let (period, base_long) = match sensitivity {
            Sensitivity::Publish => (PUBLISH_PERIOD_S, PUBLISH_BASE_LONG_PX),
            Sensitivity::Normal => (NORMAL_PERIOD_S, NORMAL_BASE_LONG_PX),
            Sensitivity::Quick => (QUICK_PERIOD_S, QUICK_BASE_LONG_PX),
        };
        let draft = sensitivity == Sensitivity::Quick;
        let long = size.width.max(size.height);
        let whole = long <= WHOLE_LONG_PX && !draft;
        let base = if whole {
            1.0
        } else {
            (base_long / long.max(1) as f32).min(1.0)
        };
        let tiles = if base < 1.0 && !draft {
            tiles(size)
        } else {
            Vec::new()
        };
        let turns = in_time(turns(size, base, sensitivity), frame_interval_s, period);
        let (period_s, due_s) = rhythm(frame_interval_s, period);
        Self::following(Plan {
            size,
            period_s,
            due_s,
            fresh: all_of(&turns),
            turns,
            tiles,
        })
    }

    /// For a camera of this upright size while it runs: looks come as often as at
    /// [`Sensitivity::Publish`], and each has the scales of one turn, after a cut too. What a
    /// frame costs at worst is [`costliest_px`](Self::costliest_px); larger pictures are reduced
    /// for it. Only a camera so slow that a round would take too long is seen at every scale at
    /// once.
    #[must_use]
    pub fn live(size: Size, frame_interval_s: f64) -> Self {
        let base = (LIVE_PASS_PX / size.area().max(1) as f64).sqrt().min(1.0) as f32;
        let turns = turns(size, base, Sensitivity::Publish);
        let turns = in_time(turns, frame_interval_s, PUBLISH_PERIOD_S);
        let (period_s, due_s) = rhythm(frame_interval_s, PUBLISH_PERIOD_S);
        Self::following(Plan {
            size,
            period_s,
            due_s,
            fresh: turns[0].clone(),
            turns,
            tiles: Vec::new(),
        })
    }

    fn following(plan: Plan) -> Self {
        Self {
            plan,
            looks: 0,
            last_s: None,
        }
    }

    /// What to look at in the next frame, at this time in seconds; nothing: not at all. After a
    /// cut, at the clip's begin and where the times make no sense it is always looked at. Every
    /// look sees the whole picture at some scale.
    pub fn look(&mut self, time_s: f64, cut: bool) -> Vec<Pass> {
        let since = self.last_s.map(|last| time_s - last);
        let fresh = cut || since.is_none();
        // Written so that a time that is not a number, or one before the last look, is due.
        if !fresh && since.is_some_and(|s| (0.0..self.plan.due_s).contains(&s)) {
            return Vec::new();
        }
        if fresh {
            self.looks = 0;
        }
        self.last_s = Some(time_s);
        let passes = self.plan.passes(self.looks, fresh);
        self.looks += 1;
        passes
    }

    /// The smallest thing that the finest pass finds: shorter side of a face, height of a
    /// plate, in pixels of the stored frame. At each place of the picture that pass comes by at
    /// least every few looks, not in every one.
    #[must_use]
    pub fn smallest(&self, class: Class) -> f32 {
        smallest_at(self.plan.finest(), class)
    }

    /// The smallest face and plate, by [`Class::index`], that these passes find wherever it is
    /// in the picture; for `Look::smallest`. Infinite for no passes.
    #[must_use]
    pub fn smallest_in(&self, passes: &[Pass]) -> [f32; 2] {
        let whole = passes.iter().filter(|p| p.area.is_none());
        let mut scale = whole.map(|p| p.scale).fold(0.0, f32::max);
        // All tiles together are the whole picture.
        let tiled = passes.iter().filter(|p| p.area.is_some());
        if !self.plan.tiles.is_empty() && tiled.count() == self.plan.tiles.len() {
            scale = scale.max(1.0);
        }
        Class::ALL.map(|class| smallest_at(scale, class))
    }

    /// Most of the first stage's pixels in one frame. The second and third stage
    /// come on top, for a bounded number of places.
    #[must_use]
    pub fn costliest_px(&self) -> u64 {
        let looks = 0..(self.plan.turns.len() * self.plan.tiles.len().max(1)) as u64;
        let fresh = self.plan.passes(0, true);
        let all = looks.map(|look| self.plan.passes(look, false));
        let px = |passes: Vec<Pass>| passes.iter().map(|p| p.pixels(self.plan.size)).sum::<f64>();
        all.chain([fresh]).map(px).fold(0.0, f64::max).round() as u64
    }

    /// A frame that is not looked at comes less than this many seconds after one that is. At a
    /// steady rate it is the time from look to look.
    #[must_use]
    pub fn longest_gap_s(&self) -> f64 {
        self.plan.period_s
    }
}

/// These turns; all in one look where a round of them would take too long at this interval.
fn in_time(turns: Vec<Vec<f32>>, interval_s: f64, period_s: f64) -> Vec<Vec<f32>> {
    if interval_s > period_s && turns.len() as f64 * interval_s > ROUND_S {
        vec![all_of(&turns)]
    } else {
        turns
    }
}

/// All scales of a round, finest first, each once.
fn all_of(turns: &[Vec<f32>]) -> Vec<f32> {
    let mut all = turns.concat();
    all.sort_by(|a, b| b.total_cmp(a));
    all.dedup();
    all
}

/// The scales of each look in a round. Two scales by turns cost less than both in every look,
/// and on made-up clips find as much.
fn turns(size: Size, base: f32, sensitivity: Sensitivity) -> Vec<Vec<f32>> {
    let long = size.width.max(size.height).max(1) as f32;
    let coarse = (COARSE_LONG_PX / long).min(base * HALF * HALF);
    let mut half = vec![base * HALF];
    half.extend(misses_large(base * HALF, size).then_some(coarse));
    match (size.area(), sensitivity) {
        (_, Sensitivity::Quick) => vec![[vec![base], half].concat()],
        (area, _) if area <= TINY_PX => vec![vec![TINY_FINE], [vec![base], half].concat()],
        (area, Sensitivity::Publish) if area <= SMALL_PX => {
            vec![vec![SMALL_FINE], vec![base], half, vec![base]]
        }
        _ => vec![vec![base], half],
    }
}

/// The time from look to look in whole frames of this interval, and when a look is due.
fn rhythm(interval_s: f64, period_s: f64) -> (f64, f64) {
    if !(interval_s.is_finite() && interval_s > 0.0) {
        return (period_s, 0.0);
    }
    let period = interval_s * (period_s / interval_s).floor().max(1.0);
    (period, period - interval_s / 2.0)
}

impl Plan {
    fn finest(&self) -> f32 {
        let whole = self.turns.iter().flatten().fold(0.0, |a: f32, &b| a.max(b));
        if self.tiles.is_empty() {
            whole
        } else {
            whole.max(1.0)
        }
    }

    /// The passes of a look; a fresh one, after a cut, sees everything at once.
    fn passes(&self, look: u64, fresh: bool) -> Vec<Pass> {
        let turn = &self.turns[(look % self.turns.len() as u64) as usize];
        let scales = if fresh { &self.fresh } else { turn };
        let mut passes: Vec<Pass> = scales.iter().map(|&s| whole(s)).collect();
        let all = self.tiles.len();
        let turn = if fresh {
            all
        } else {
            all.div_ceil(TILE_TURN_LOOKS)
        };
        let from = look * turn as u64;
        passes.extend((0..turn).map(|i| Pass {
            scale: 1.0,
            area: Some(self.tiles[((from + i as u64) % all as u64) as usize]),
        }));
        passes
    }
}

/// The picture in overlapping tiles of about equal size, row by row.
fn tiles(size: Size) -> Vec<PxRect> {
    let ratio = (f64::from(size.width) / f64::from(size.height.max(1))).max(1e-3);
    let count = (size.area() as f64 / TILE_PX).max(1.0);
    // As many columns and rows as make each tile about as wide as the 16:9 of TILE_PX.
    let cols = (count * ratio * 9.0 / 16.0).sqrt().ceil().max(1.0) as u32;
    let rows = (count / f64::from(cols)).ceil().max(1.0) as u32;
    let span = |i: u32, n: u32, length: u32| {
        let edge = |i: u32| (u64::from(length) * u64::from(i) / u64::from(n)) as u32;
        (
            edge(i).saturating_sub(TILE_OVERLAP_PX),
            edge(i + 1).saturating_add(TILE_OVERLAP_PX).min(length),
        )
    };
    (0..rows)
        .flat_map(|r| (0..cols).map(move |c| (r, c)))
        .map(|(r, c)| {
            let ((x0, x1), (y0, y1)) = (span(c, cols, size.width), span(r, rows, size.height));
            PxRect { x0, y0, x1, y1 }
        })
        .collect()
}

#[cfg(test)]
#[path = "schedule/tests.rs"]
mod tests;
