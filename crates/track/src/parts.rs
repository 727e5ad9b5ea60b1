//! A scene without a cut or a pause, as a camera over a busy street gives one for hours, settled in
//! parts, so that no more than two minutes of it are held.
//!
//! Each part is tracked together with what lies around it, on both sides several times as long as
//! anything that a track remembers. What two parts make of the same sightings is told as one track.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use scrim_units::{Class, PxBox};

use crate::chain::{Chain, Sight};
use crate::clip::tracks_of;
use crate::cover::{summary, with_margins};
use crate::shot::Shot;
use crate::{CoverBox, FrameCover, TrackSettings, TrackSummary};

/// How a long scene is divided, seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lengths {
    /// Of a part.
    pub part_s: f64,
    /// At the begin of a part, in which the boxes of the part before count as well: a track that goes
    /// over the seam is whole even if the two differ about it.
    pub shared_s: f64,
    /// Of what lies before a part and behind what it shares with the next one.
    pub around_s: f64,
}

impl Lengths {
    /// From a part's begin on, until it is settled.
    pub fn held_s(&self) -> f64 {
        self.part_s + self.shared_s + self.around_s
    }
}

impl Default for Lengths {
    fn default() -> Self {
        Self {
            part_s: 60.0,
            shared_s: 6.0,
            around_s: 20.0,
        }
    }
}

/// One sighting among all of a clip: its frame, its class, and the bits of its box.
type Key = (usize, usize, [u32; 4]);

/// What a part leaves to the next one.
#[derive(Debug, Default)]
pub(crate) struct Seam {
    /// Boxes of the next frames.
    boxes: VecDeque<FrameCover>,
    /// Sightings near it, and their tracks.
    known: BTreeMap<Key, u32>,
}

impl Seam {
    /// Whether the next part would be the same without the one before it.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty() && self.known.is_empty()
    }

    /// The covers of a part of the shot, whose other frames lie around it; `shared` frames after the
    /// part are left to the next one. Its tracks go on with those of the part before, or stand behind
    /// them.
    pub fn cover(
        &mut self,
        shot: &Shot<'_>,
        settings: &TrackSettings,
        part: Range<usize>,
        shared: usize,
        tracks: &mut Vec<TrackSummary>,
    ) -> Vec<FrameCover> {
        let mut known = BTreeMap::new();
        let mut covers = vec![FrameCover::default(); part.len() + shared];
        let all = part.start..part.end + shared;
        for (chain, path) in tracks_of(shot, settings) {
            let (first, last) = (path[0].frame, path[path.len() - 1].frame);
            if first >= part.end || last < part.start {
                continue;
            }
            let keys = chain.sights.iter().map(|s| key(shot, chain.class, s));
            let before = keys.clone().find_map(|k| self.known.get(&k).copied());
            let id = before.unwrap_or(tracks.len() as u32);
            let boxes = with_margins(shot.size, &path, &chain, settings.of(chain.class), id);
            for (placed, b) in path.iter().zip(boxes) {
                if all.contains(&placed.frame) {
                    covers[placed.frame - all.start].boxes.push(b);
                }
            }
            let seen = chain.sights.iter().filter(|s| part.contains(&s.frame));
            let ends = [first.max(all.start), last.min(all.end - 1)].map(|f| shot.first + f);
            let told = TrackSummary {
                seen_frames: seen.count(),
                ..summary(id, &within(&chain, &all), ends[0], ends[1])
            };
            tell(told, tracks);
            if shared > 0 {
                let near = keys.filter(|k| k.0 + shared >= shot.first + part.end);
                known.extend(near.map(|k| (k, id)));
            }
        }
        self.add_boxes(&mut covers[..part.len()]);
        self.boxes.extend(covers.drain(part.len()..));
        self.known = known;
        covers
    }

    /// Adds what the part before has for these frames and they have not.
    fn add_boxes(&mut self, covers: &mut [FrameCover]) {
        let n = self.boxes.len().min(covers.len());
        for (cover, before) in covers.iter_mut().zip(self.boxes.drain(..n)) {
            for b in before.boxes {
                let same = |c: &CoverBox| (c.class, c.at) == (b.class, b.at);
                if !cover.boxes.iter().any(same) {
                    cover.boxes.push(b);
                }
            }
        }
    }
}

fn key(shot: &Shot<'_>, class: Class, sight: &Sight) -> Key {
    let PxBox { x0, y0, x1, y1 } = sight.at;
    let bits = [x0, y0, x1, y1].map(f32::to_bits);
    (shot.first + sight.frame, class.index(), bits)
}

/// A chain's sightings in these frames; all of them where there are none, but it is carried there.
fn within(chain: &Chain, frames: &Range<usize>) -> Chain {
    let here = chain.sights.iter().filter(|s| frames.contains(&s.frame));
    let here: Vec<Sight> = here.copied().collect();
    Chain {
        class: chain.class,
        sights: if here.is_empty() {
            chain.sights.clone()
        } else {
            here
        },
    }
}

/// Adds a track's part in numbers to what is told of the track; a new one stands behind the others.
fn tell(part: TrackSummary, tracks: &mut Vec<TrackSummary>) {
    let Some(track) = tracks.get_mut(part.id as usize) else {
        tracks.push(part);
        return;
    };
    track.first_frame = track.first_frame.min(part.first_frame);
    track.last_frame = track.last_frame.max(part.last_frame);
    track.seen_frames += part.seen_frames;
    track.best_score = track.best_score.max(part.best_score);
    track.smallest_side = track.smallest_side.min(part.smallest_side);
    track.largest_side = track.largest_side.max(part.largest_side);
}

#[cfg(test)]
#[path = "parts/tests.rs"]
mod tests;
