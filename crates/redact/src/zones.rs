//! Zones: parts of the picture that are always filled, whatever is found.
//!
//! A zones file is JSON: `{"zones": [{"rect": [0.0, 0.9, 1.0, 1.0]}, {"polygon": [[10, 10],
//! [200, 10], [10, 90]], "unit": "pixels", "from_s": 2.5, "to_s": 8}]}`. Positions are those of
//! the picture as it is seen upright; `share` (the default) counts from 0 to 1.

use scrim_units::{Orientation, PxBox, PxRect, Size};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Rows of a polygon are covered in strips of this height: outward by less than two pixels.
const STRIP: f32 = 2.0;

/// Most corners of a polygon and most zones of a file: beyond it is a mistake, not a zone.
const MOST: usize = 10_000;

/// All zones of a job.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Zones(Vec<Zone>);

#[derive(Debug, Clone, PartialEq)]
struct Zone {
    /// Corners of the upright picture, in pixels or shares.
    corners: Vec<[f32; 2]>,
    pixels: bool,
    from_s: f64,
    to_s: f64,
}

/// Why a zones file is refused.
#[derive(Debug, thiserror::Error)]
pub enum ZonesError {
    /// It cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is no JSON of the form above.
    #[error("{path}: {source}", path = .path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// What and where.
        #[source]
        source: serde_json::Error,
    },
    /// A zone makes no sense.
    #[error("{path}: zone {number}: {what}", path = .path.display())]
    Zone {
        /// Which file.
        path: PathBuf,
        /// Which zone, from 1.
        number: usize,
        /// What is wrong.
        what: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    zones: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rect: Option<[f32; 4]>,
    polygon: Option<Vec<[f32; 2]>>,
    #[serde(default)]
    unit: Unit,
    from_s: Option<f64>,
    to_s: Option<f64>,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Unit {
    #[default]
    Share,
    Pixels,
}

impl Zones {
    /// Reads a zones file.
    ///
    /// # Errors
    /// [`ZonesError`] with the file's name and what is wrong.
    pub fn read(path: &Path) -> Result<Self, ZonesError> {
        let text = std::fs::read(path).map_err(|source| ZonesError::Io {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// From the bytes of a zones file; `path` is for messages.
    ///
    /// # Errors
    /// As [`Zones::read`].
    pub fn parse(path: &Path, json: &[u8]) -> Result<Self, ZonesError> {
        let file: File = serde_json::from_slice(json).map_err(|source| ZonesError::Json {
            path: path.to_owned(),
            source,
        })?;
        if file.zones.len() > MOST {
            return Err(ZonesError::Zone {
                path: path.to_owned(),
                number: MOST + 1,
                what: "there are too many zones",
            });
        }
        let zones = file.zones.into_iter().enumerate().map(|(i, entry)| {
            zone(entry).map_err(|what| ZonesError::Zone {
                path: path.to_owned(),
                number: i + 1,
                what,
            })
        });
        zones.collect::<Result<_, _>>().map(Self)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What is filled at this time, in luma pixels of the stored picture.
    #[must_use]
    pub fn rects(&self, seconds: f64, stored: Size, turn: Orientation) -> Vec<PxRect> {
        let seen = turn.seen(stored);
        let active = |z: &&Zone| z.from_s <= seconds && seconds <= z.to_s;
        let boxes = self.0.iter().filter(active).flat_map(|z| z.boxes(seen));
        boxes
            .map(|b| turn.to_stored(b, stored).pixels(stored))
            .filter(|r| !r.is_empty())
            .collect()
    }
}

fn zone(entry: Entry) -> Result<Zone, &'static str> {
    let corners = match (entry.rect, entry.polygon) {
        (Some([x0, y0, x1, y1]), None) => vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]],
        (None, Some(corners)) => corners,
        _ => return Err("needs either \"rect\" or \"polygon\""),
    };
    if !(3..=MOST).contains(&corners.len()) {
        return Err("a polygon needs three corners or more");
    }
    if corners.iter().flatten().any(|v| !v.is_finite()) {
        return Err("a corner is no number");
    }
    let pixels = entry.unit == Unit::Pixels;
    if !pixels
        && corners
            .iter()
            .flatten()
            .any(|v| !(-0.01..=1.01).contains(v))
    {
        return Err("shares go from 0 to 1; for pixels give \"unit\": \"pixels\"");
    }
    let (from_s, to_s) = (
        entry.from_s.unwrap_or(f64::NEG_INFINITY),
        entry.to_s.unwrap_or(f64::INFINITY),
    );
    if from_s > to_s {
        return Err("\"from_s\" is after \"to_s\"");
    }
    Ok(Zone {
        corners,
        pixels,
        from_s,
        to_s,
    })
}

impl Zone {
    /// Boxes that cover it, in pixels of the upright picture.
    fn boxes(&self, seen: Size) -> Vec<PxBox> {
        let (w, h) = (seen.width as f32, seen.height as f32);
        let scale = if self.pixels { (1.0, 1.0) } else { (w, h) };
        let corners: Vec<(f32, f32)> = self
            .corners
            .iter()
            .map(|c| (c[0] * scale.0, c[1] * scale.1))
            .collect();
        let ys = || corners.iter().map(|c| c.1);
        let top = ys().fold(f32::INFINITY, f32::min).max(0.0).floor();
        let bottom = ys().fold(f32::NEG_INFINITY, f32::max).min(h).ceil();
        let mut out: Vec<PxBox> = Vec::new();
        let mut y = top;
        while y < bottom {
            let next = (y + STRIP).min(bottom);
            for (x0, x1) in spans(&corners, y, next) {
                // Strips of a rectangle are alike: one box.
                match out
                    .iter_mut()
                    .rev()
                    .find(|b| b.y1 == y && b.x0 == x0 && b.x1 == x1)
                {
                    Some(above) => above.y1 = next,
                    None => out.push(PxBox {
                        x0,
                        y0: y,
                        x1,
                        y1: next,
                    }),
                }
            }
            y = next;
        }
        out
    }
}

/// Columns that a polygon touches between two heights, merged, left to right. Inside is by the
/// even-odd rule at both heights and between them; every edge in the strip counts whole.
fn spans(corners: &[(f32, f32)], y0: f32, y1: f32) -> Vec<(f32, f32)> {
    let mut found: Vec<(f32, f32)> = Vec::new();
    for y in [y0 + 0.001, (y0 + y1) / 2.0, y1 - 0.001] {
        let mut crossings: Vec<f32> = edges(corners)
            .filter(|(a, b)| (a.1 <= y) != (b.1 <= y))
            .map(|(a, b)| a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0))
            .collect();
        crossings.sort_by(f32::total_cmp);
        found.extend(crossings.as_chunks::<2>().0.iter().map(|p| (p[0], p[1])));
    }
    for (a, b) in edges(corners) {
        let (lo, hi) = if a.1 <= b.1 { (a, b) } else { (b, a) };
        if hi.1 < y0 || lo.1 > y1 {
            continue;
        }
        let at = |y: f32| match hi.1 - lo.1 {
            d if d > 0.0 => lo.0 + (y - lo.1) / d * (hi.0 - lo.0),
            _ => lo.0,
        };
        let (p, q) = if hi.1 > lo.1 {
            (at(lo.1.max(y0)), at(hi.1.min(y1)))
        } else {
            (lo.0, hi.0)
        };
        found.push((p.min(q), p.max(q)));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f32, f32)> = Vec::new();
    for span in found {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
    }
    merged
}

fn edges(corners: &[(f32, f32)]) -> impl Iterator<Item = ((f32, f32), (f32, f32))> + '_ {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(a, b)| (*a, *b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 100,
        height: 50,
    };

    fn zones(json: &str) -> Result<Zones, ZonesError> {
        Zones::parse(Path::new("zones.json"), json.as_bytes())
    }

    fn covers(rects: &[PxRect], x: u32, y: u32) -> bool {
        let inside = |r: &PxRect| (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y);
        rects.iter().any(inside)
    }

    #[test]
    fn a_rectangle_in_shares_is_one_region() {
        let z = zones(r#"{"zones": [{"rect": [0, 0.5, 0.5, 1]}]}"#).unwrap();
        let rects = z.rects(0.0, SIZE, Orientation::Upright);
        let want = PxRect {
            x0: 0,
            y0: 25,
            x1: 50,
            y1: 50,
        };
        assert_eq!(rects, [want]);
    }

    #[test]
    fn a_hollow_polygon_is_covered_along_its_arms_and_open_between_them() {
        let u = r#"{"zones": [{"unit": "pixels", "polygon":
            [[0,0],[20,0],[20,30],[60,30],[60,0],[80,0],[80,40],[0,40]]}]}"#;
        let rects = zones(u).unwrap().rects(0.0, SIZE, Orientation::Upright);
        for (x, y) in [(0, 0), (19, 5), (79, 39), (40, 35), (60, 0)] {
            assert!(covers(&rects, x, y), "{x},{y}");
        }
        assert!(!covers(&rects, 40, 10) && !covers(&rects, 90, 10));
    }

    #[test]
    fn a_zone_is_placed_in_the_picture_as_it_is_seen() {
        let z = zones(r#"{"zones": [{"rect": [0, 0, 0.1, 0.1]}]}"#).unwrap();
        let rects = z.rects(0.0, SIZE, Orientation::Turn90);
        assert!(covers(&rects, 0, 49), "{rects:?}");
    }

    #[test]
    fn a_zone_with_times_holds_between_them_only() {
        let z = zones(r#"{"zones": [{"rect": [0,0,1,1], "from_s": 1, "to_s": 2}]}"#).unwrap();
        let at = |s| z.rects(s, SIZE, Orientation::Upright).len();
        assert_eq!((at(0.9), at(1.0), at(2.0), at(2.1)), (0, 1, 1, 0));
    }

    #[test]
    fn broken_zones_are_refused_with_file_and_number() {
        for (json, want) in [
            (r#"{"zones": [{}]}"#, "zone 1: needs either"),
            (
                r#"{"zones": [{"rect": [0,0,1,1]}, {"polygon": [[0,0]]}]}"#,
                "zone 2: a polygon",
            ),
            (
                r#"{"zones": [{"rect": [0,0,300,1]}]}"#,
                "shares go from 0 to 1",
            ),
            (
                r#"{"zones": [{"rect": [0,0,1,1], "colour": 1}]}"#,
                "unknown field",
            ),
            ("not json", "expected"),
        ] {
            let error = zones(json).unwrap_err().to_string();
            assert!(
                error.contains("zones.json") && error.contains(want),
                "{error}"
            );
        }
    }
}
