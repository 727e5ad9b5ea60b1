//! Zones of any geometry: refused, or rectangles inside the picture that cover every corner.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::{Corpus, fuzz_target};
use scrim_redact::Zones;
use scrim_units::{Orientation, PxRect, Size};
use std::fmt::Write;
use std::path::Path;

#[derive(Debug, Arbitrary)]
struct Input {
    zones: Vec<Zone>,
    width: u16,
    height: u16,
    turn: u8,
    seconds: f64,
    /// Bytes instead of the file made of `zones`.
    text: Option<Vec<u8>>,
}

#[derive(Debug, Arbitrary)]
struct Zone {
    rect: bool,
    pixels: bool,
    corners: Vec<[f32; 2]>,
    small: Vec<[i16; 2]>,
    times: Option<[f64; 2]>,
}

impl Zone {
    /// A polygon of small whole numbers.
    fn is_small(&self) -> bool {
        self.pixels && !self.rect && self.small.len() >= 3
    }
}

fuzz_target!(|input: Input| -> Corpus {
    let Some(size) = size(&input) else {
        return Corpus::Reject;
    };
    let json = input
        .text
        .clone()
        .unwrap_or_else(|| file(&input).into_bytes());
    let Ok(zones) = Zones::parse(Path::new("zones.json"), &json) else {
        return Corpus::Keep;
    };
    let turn = Orientation::from_exif(u32::from(input.turn % 8 + 1));
    // Times come from ticks and are always numbers.
    let seconds = Some(input.seconds).filter(|s| s.is_finite());
    let rects = zones.rects(seconds.unwrap_or(0.0), size, turn);
    for r in &rects {
        assert!(
            !r.is_empty() && size.rect().contains(*r),
            "{r:?} outside {size:?}"
        );
    }
    if input.text.is_none() {
        check_corners(&input, size, turn, &rects);
    }
    Corpus::Keep
});

fn size(input: &Input) -> Option<Size> {
    let size = Size {
        width: u32::from(input.width % 2048),
        height: u32::from(input.height % 2048),
    };
    (size.area() > 0).then_some(size)
}

/// A corner in the middle of a pixel of an unturned picture is covered.
fn check_corners(input: &Input, size: Size, turn: Orientation, rects: &[PxRect]) {
    if turn != Orientation::Upright {
        return;
    }
    for zone in input
        .zones
        .iter()
        .filter(|z| z.is_small() && z.times.is_none())
    {
        for [x, y] in &zone.small {
            let (Ok(x), Ok(y)) = (u32::try_from(*x), u32::try_from(*y)) else {
                continue;
            };
            if x < size.width && y < size.height {
                let inside = |r: &PxRect| (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y);
                assert!(rects.iter().any(inside), "corner {x},{y} is open");
            }
        }
    }
}

/// The zones as a file. Zones of small numbers have their corners in the middle of pixels.
fn file(input: &Input) -> String {
    let zones = input.zones.iter().map(|zone| {
        let mut entry = String::new();
        let corners: Vec<[f32; 2]> = if zone.is_small() {
            let middle = |v: i16| f32::from(v) + 0.5;
            zone.small
                .iter()
                .map(|[x, y]| [middle(*x), middle(*y)])
                .collect()
        } else {
            zone.corners.clone()
        };
        let number = |v: f32| {
            if v.is_finite() {
                format!("{v:e}")
            } else {
                "0".into()
            }
        };
        let list: Vec<String> = if zone.rect {
            corners
                .iter()
                .flatten()
                .take(4)
                .map(|v| number(*v))
                .collect()
        } else {
            corners
                .iter()
                .map(|[x, y]| format!("[{},{}]", number(*x), number(*y)))
                .collect()
        };
        let key = if zone.rect { "rect" } else { "polygon" };
        let unit = if zone.pixels { "pixels" } else { "share" };
        let _ = write!(
            entry,
            "{{\"{key}\":[{}],\"unit\":\"{unit}\"",
            list.join(",")
        );
        if let Some([from, to]) = zone.times.filter(|t| t.iter().all(|v| v.is_finite())) {
            let _ = write!(entry, ",\"from_s\":{from:e},\"to_s\":{to:e}");
        }
        entry + "}"
    });
    format!("{{\"zones\":[{}]}}", zones.collect::<Vec<_>>().join(","))
}
