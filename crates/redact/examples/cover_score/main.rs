//! What `redact` would leave exposed and cover in vain in clips with known boxes, by geometry
//! alone: nothing is encoded, so that a change of a threshold is measured in a minute.
//!
//! `cargo run --release -p scrim-redact --example cover_score -- [publish|normal|quick|live=SECONDS]
//! [city|clear|CARD.json] FOLDER...`
//!
//! `live=0.5` is a camera while it runs, with half a second of look-ahead.
//!
//! FOLDER holds `clips/NAME.mp4` and `truth/NAME.json` as the clip maker of the scoring programs
//! writes them. A box is covered when 75 % of what is visible of it is filled. A false region is
//! a connected filled area of more than 0.02 % of the picture of which less than 10 % lies in
//! known boxes grown by 30 % on each side. Numbers of the encoded file differ a little. What it
//! costs is told beside it, on one core: CPU of decoding and looking, and of the looks alone, by
//! size of the frame, on average and in the dearest frame but the first.
#![expect(clippy::print_stdout, reason = "a bench prints")]

mod timed;

use scrim_redact::{Control, Engine, JobSettings, Pace, WeightsFrom, foresee};
use scrim_track::{Schedule, Sensitivity};
use scrim_units::{PxBox, PxRect, Size};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use timed::Looks;

type Failure = Box<dyn std::error::Error>;

/// Share of a box from which it is covered.
const COVERED: f32 = 0.75;
/// Samples a side at which the cover of a box is told, at most.
const SAMPLES: usize = 24;
/// Long side of the map on which false regions are counted.
const MAP_SIDE: f32 = 480.0;
/// Least false region, as a share of the picture.
const LEAST_AREA: f32 = 0.0002;
/// Share of a region in grown boxes under which it is false.
const LEAST_TRUE: f32 = 0.1;
/// Growth of the boxes on each side.
const GROWN: f32 = 0.3;
/// Upper edges of the size bands: shorter side of a face, height of a plate.
const BANDS: [[f32; 4]; 2] = [[10.0, 16.0, 32.0, 64.0], [8.0, 12.0, 24.0, 48.0]];

/// A box that is known. Heads and what may be covered have no class.
struct Known {
    class: Option<usize>,
    size: f32,
    counts: bool,
    at: PxBox,
}

#[derive(Default)]
struct Score {
    /// By class and band.
    boxes: [[u32; 5]; 2],
    exposed: [[u32; 5]; 2],
    regions: usize,
    judged: u32,
    frames: u32,
    /// Live: most of the network's pixels in one frame.
    dearest_px: u64,
    /// By size of the frame.
    looks: BTreeMap<(u32, u32), Cost>,
}

/// What looking cost.
#[derive(Default)]
struct Cost {
    frames: u32,
    sum_ms: f64,
    worst_ms: f64,
}

fn main() -> Result<(), Failure> {
    let mut folders: Vec<String> = std::env::args().skip(1).collect();
    let level = folders.first().and_then(|word| sensitivity(word));
    let live = folders.first().and_then(|word| live(word));
    if level.is_some() || live.is_some() {
        folders.remove(0);
    }
    let weights = folders.first().and_then(|word| weights(word));
    if weights.is_some() {
        folders.remove(0);
    }
    let default = JobSettings::default();
    let settings = JobSettings {
        weights: weights.unwrap_or(default.weights),
        sensitivity: level.unwrap_or(default.sensitivity),
        threads: 1,
        ..default
    };
    let looks = Looks::default();
    let engine = timed::engine(settings, looks.clone())?;
    let pace = live.unwrap_or(Pace::File);
    let mut score = Score::default();
    let start = cpu_seconds()?;
    for folder in folders {
        let mut truths: Vec<_> = std::fs::read_dir(Path::new(&folder).join("truth"))?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<Result<_, _>>()?;
        truths.sort();
        for truth in truths {
            let name = truth.file_stem().unwrap_or_default().to_string_lossy();
            let clip = Path::new(&folder).join(format!("clips/{name}.mp4"));
            let truth: Value = serde_json::from_slice(&std::fs::read(&truth)?)?;
            let before = score.regions;
            let frames = score.frames;
            let size = judge(&clip, &truth, pace, &engine, &mut score)?;
            let cost = score.looks.entry((size.width, size.height)).or_default();
            cost.frames += score.frames - frames;
            let looks = std::mem::take(&mut *looks.lock().map_err(|_| "a look panicked")?);
            cost.sum_ms += looks.iter().sum::<f64>();
            // The first look of a clip also takes new memory into use.
            cost.worst_ms = looks.into_iter().skip(1).fold(cost.worst_ms, f64::max);
            println!("{name}: {} false regions", score.regions - before);
        }
    }
    print(&score);
    let spent = cpu_seconds()? - start;
    let frames = f64::from(score.frames.max(1));
    println!("CPU milliseconds a frame: {:.1}", 1000.0 * spent / frames);
    Ok(())
}

fn sensitivity(word: &str) -> Option<Sensitivity> {
    Some(match word {
        "publish" => Sensitivity::Publish,
        "normal" => Sensitivity::Normal,
        "quick" => Sensitivity::Quick,
        _ => return None,
    })
}

fn live(word: &str) -> Option<Pace> {
    let look_ahead_s = word.strip_prefix("live=")?.parse().ok()?;
    Some(Pace::Live { look_ahead_s })
}

/// A folder is neither weights inside the program nor a card.
fn weights(word: &str) -> Option<WeightsFrom> {
    let weights = WeightsFrom::named(word.as_ref());
    let folder = matches!(weights, WeightsFrom::Card(_)) && !word.ends_with(".json");
    (!folder).then_some(weights)
}

/// Of all threads of this process so far: fields 14 and 15 of proc(5) `stat`, in 1/100 s.
fn cpu_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold spaces.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// Judges a clip; the size of its frames.
fn judge(
    clip: &Path,
    truth: &Value,
    pace: Pace,
    engine: &Engine,
    score: &mut Score,
) -> Result<Size, Failure> {
    let side = |key: &str| truth["plan"][key].as_u64().unwrap_or(0) as u32;
    let size = Size {
        width: side("width"),
        height: side("height"),
    };
    let filled = foresee(clip, pace, engine, &Control::silent())?;
    if let (Pace::Live { .. }, Some(fps)) = (pace, truth["plan"]["fps"].as_f64()) {
        let dearest = Schedule::live(size, 1.0 / fps).costliest_px();
        score.dearest_px = score.dearest_px.max(dearest);
    }
    let frames = truth["frames"].as_array().ok_or("no frames")?;
    if frames.len() != filled.len() {
        return Err(format!("{}: not the clip of this truth", clip.display()).into());
    }
    for (frame, rects) in frames.iter().zip(&filled) {
        let hidden = boxed(&frame["hidden"]);
        let boxes = frame["boxes"].as_array().ok_or("no boxes")?;
        let known: Vec<Known> = boxes.iter().filter_map(known).collect();
        for k in known.iter().filter(|k| k.counts) {
            let Some(class) = k.class else { continue };
            let band = BANDS[class].iter().filter(|edge| k.size >= **edge).count();
            score.boxes[class][band] += 1;
            score.exposed[class][band] += u32::from(share(k.at, hidden, rects) < COVERED);
        }
        score.frames += 1;
        if frame["judged"] == true {
            score.judged += 1;
            score.regions += false_regions(size, rects, hidden, &known);
        }
    }
    Ok(size)
}

fn known(value: &Value) -> Option<Known> {
    Some(Known {
        class: ["face", "plate"].iter().position(|c| value["class"] == *c),
        size: value["size"].as_f64()? as f32,
        counts: value["counts"] == true,
        at: boxed(&value["box"])?,
    })
}

/// A box given as `[x, y, w, h]`.
fn boxed(value: &Value) -> Option<PxBox> {
    let side = |i: usize| Some(value.get(i)?.as_f64()? as f32);
    let (x, y, w, h) = (side(0)?, side(1)?, side(2)?, side(3)?);
    Some(PxBox {
        x0: x,
        y0: y,
        x1: x + w,
        y1: y + h,
    })
}

/// Share of the visible part of a box that is filled.
fn share(at: PxBox, hidden: Option<PxBox>, rects: &[PxRect]) -> f32 {
    let (mut seen, mut filled) = (0_u32, 0_u32);
    let count = |side: f32| (side.ceil() as usize).clamp(6, SAMPLES);
    let (columns, rows) = (count(at.width()), count(at.height()));
    for i in 0..columns * rows {
        let x = at.x0 + at.width() * ((i % columns) as f32 + 0.5) / columns as f32;
        let y = at.y0 + at.height() * ((i / columns) as f32 + 0.5) / rows as f32;
        if hidden.is_some_and(|h| (h.x0..h.x1).contains(&x) && (h.y0..h.y1).contains(&y)) {
            continue;
        }
        seen += 1;
        let (x, y) = (x as u32, y as u32);
        let inside = |r: &PxRect| (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y);
        filled += u32::from(rects.iter().any(inside));
    }
    if seen == 0 {
        1.0
    } else {
        filled as f32 / seen as f32
    }
}

/// A reduced map of a frame: what is filled, and where that is right.
struct Map {
    width: usize,
    scale: f32,
    filled: Vec<bool>,
    right: Vec<bool>,
}

fn false_regions(size: Size, rects: &[PxRect], hidden: Option<PxBox>, known: &[Known]) -> usize {
    let scale = MAP_SIDE / size.width.max(size.height).max(1) as f32;
    let side = |n: u32| ((n as f32 * scale).round() as usize).max(1);
    let (width, height) = (side(size.width), side(size.height));
    let mut map = Map {
        width,
        scale,
        filled: vec![false; width * height],
        right: vec![false; width * height],
    };
    let grown = known
        .iter()
        .map(|k| k.at.grow(GROWN * k.at.width(), GROWN * k.at.height()));
    for at in grown.chain(hidden) {
        map.right = map.with(&map.right, at);
    }
    for r in rects {
        let at = PxBox {
            x0: r.x0 as f32,
            y0: r.y0 as f32,
            x1: r.x1 as f32,
            y1: r.y1 as f32,
        };
        map.filled = map.with(&map.filled, at);
    }
    let least = LEAST_AREA * map.filled.len() as f32;
    let mut count = 0;
    for start in 0..map.filled.len() {
        if !map.filled[start] {
            continue;
        }
        let (area, right) = map.take_region(start);
        let is_false = area as f32 > least && (right as f32) < LEAST_TRUE * area as f32;
        count += usize::from(is_false);
    }
    count
}

impl Map {
    /// A layer with a box added.
    fn with(&self, layer: &[bool], at: PxBox) -> Vec<bool> {
        let mut layer = layer.to_vec();
        let height = layer.len() / self.width;
        let end = |v: f32, most: usize| ((v * self.scale).round().max(0.0) as usize).min(most);
        let (x0, x1) = (end(at.x0, self.width), end(at.x1, self.width));
        for y in end(at.y0, height)..end(at.y1, height) {
            layer[y * self.width + x0..y * self.width + x1.max(x0)].fill(true);
        }
        layer
    }

    /// Takes the connected filled region around a place out of the map: its area, and how much
    /// of it is right.
    fn take_region(&mut self, start: usize) -> (usize, usize) {
        let (mut area, mut right) = (0, 0);
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            if !std::mem::take(&mut self.filled[at]) {
                continue;
            }
            area += 1;
            right += usize::from(self.right[at]);
            let column = at % self.width;
            open.extend((column > 0).then(|| at - 1));
            open.extend((column + 1 < self.width).then_some(at + 1));
            open.extend(at.checked_sub(self.width));
            open.extend(Some(at + self.width).filter(|&n| n < self.filled.len()));
        }
        (area, right)
    }
}

fn print(score: &Score) {
    let percent = |part: u32, all: u32| 100.0 * f64::from(part) / f64::from(all.max(1));
    for (class, name) in ["face", "plate"].iter().enumerate() {
        for band in 0..5 {
            let (all, open) = (score.boxes[class][band], score.exposed[class][band]);
            let edge = band.checked_sub(1).map_or(0.0, |b| BANDS[class][b]);
            let rate = percent(open, all);
            println!("{name:6} from {edge:2} px: {open:5} of {all:5} exposed, {rate:5.1} %");
        }
        // The smallest band is not in the headline.
        let sum = |of: &[[u32; 5]; 2]| of[class][1..].iter().sum::<u32>();
        println!(
            "{name:6} counted: {:5.1} %",
            percent(sum(&score.exposed), sum(&score.boxes))
        );
    }
    let frames = f64::from(score.judged.max(1));
    println!(
        "false regions a frame: {:.3}, in {} frames whose labels are whole",
        score.regions as f64 / frames,
        score.judged
    );
    for ((width, height), cost) in &score.looks {
        let average = cost.sum_ms / f64::from(cost.frames.max(1));
        let worst = cost.worst_ms;
        println!("looks at {width}x{height}: {average:.1} ms a frame, {worst:.1} ms at worst");
    }
    if score.dearest_px > 0 {
        let megapixels = score.dearest_px as f64 / 1e6;
        println!("a frame costs the network {megapixels:.2} megapixels at most");
    }
}
