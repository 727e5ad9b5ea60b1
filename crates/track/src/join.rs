//! Pieces of the same track linked across a gap, foreseen from both sides.
//!
//! Linking looks forwards only, and knows little of a chain when it has just begun. Here every
//! piece is whole, its speed at both ends is known, and the later one is led backwards as well:
//! a pair is joined when either end foresees the other.

use scrim_units::PxBox;

use crate::ClassSettings;
use crate::assign::{Expected, affinity, best_first, side};
use crate::chain::{Chain, may_bridge, shake_px};
use crate::fit::end_lead;
use crate::shot::Shot;

/// How far from the foreseen place a piece may begin, in box sides: at once, more a second of
/// the gap, and at most.
const REACH_SIDES: (f32, f32, f32) = (0.5, 1.5, 1.5);

/// What joining knows of each chain.
struct Piece {
    strong: bool,
    firm: bool,
}

/// The chains (in order of their first sighting) with pieces joined, in the same order.
pub(crate) fn join(shot: &Shot<'_>, chains: Vec<Chain>, set: &ClassSettings) -> Vec<Chain> {
    let pieces: Vec<Piece> = chains
        .iter()
        .map(|c| Piece {
            strong: c.best() >= set.strong,
            firm: c.is_firm(set),
        })
        .collect();
    let looks = looks_before(shot);
    let gaps = Gaps {
        shot,
        chains: &chains,
        pieces: &pieces,
        looks: &looks,
        set,
    };
    let mut fits = Vec::new();
    for a in 0..chains.len() {
        gaps.foresee(a, &mut fits);
    }
    let mut by_end: Vec<usize> = (0..chains.len()).collect();
    by_end.sort_by_key(|&i| chains[i].last().frame);
    for b in 0..chains.len() {
        gaps.look_back(b, &by_end, &mut fits);
    }
    let linked = best_first(fits, chains.len(), chains.len());
    assemble(chains, &linked)
}

/// Number of looks in the frames before each frame.
fn looks_before(shot: &Shot<'_>) -> Vec<u32> {
    let mut count = 0;
    (0..shot.len())
        .map(|k| {
            let before = count;
            count += u32::from(shot.look(k).is_some());
            before
        })
        .collect()
}

struct Gaps<'a> {
    shot: &'a Shot<'a>,
    chains: &'a [Chain],
    pieces: &'a [Piece],
    looks: &'a [u32],
    set: &'a ClassSettings,
}

impl Gaps<'_> {
    /// Length of the gap from the end of `a` to the begin of `b`, if it may be bridged.
    fn gap(&self, a: usize, b: usize) -> Option<f64> {
        let (from, to) = (self.chains[a].last().frame, self.chains[b].first().frame);
        if from >= to || !(self.pieces[a].strong || self.pieces[b].strong) {
            return None;
        }
        let gap_s = self.shot.time(to) - self.shot.time(from);
        let limit = if self.pieces[a].firm && self.pieces[b].firm {
            self.set.gap_s
        } else {
            self.set.weak_gap_s
        };
        may_bridge(gap_s, self.missed(from, to), limit).then_some(gap_s)
    }

    /// Whether a gap between these frames could be bridged at a piece at all. Where it could
    /// not, no longer one can.
    fn within_reach(&self, piece: usize, from: usize, to: usize) -> bool {
        let limit = if self.pieces[piece].firm {
            self.set.gap_s
        } else {
            self.set.weak_gap_s
        };
        let gap_s = self.shot.time(to) - self.shot.time(from);
        may_bridge(gap_s, self.missed(from, to), limit)
    }

    /// Looks between two frames.
    fn missed(&self, from: usize, to: usize) -> usize {
        (self.looks[to] - self.looks[from + 1]) as usize
    }

    fn expected(&self, at: PxBox, gap_s: f64) -> Expected {
        let (least, pace, most) = REACH_SIDES;
        let sides = (least + pace * gap_s as f32).min(most);
        Expected {
            at,
            reach: side(at) * sides + shake_px(self.shot),
        }
    }

    fn foresee(&self, a: usize, fits: &mut Vec<(f32, usize, usize)>) {
        let end = self.chains[a].last().frame;
        let from = self.chains.partition_point(|c| c.first().frame <= end);
        let (mut lead, mut frame) = (None, end);
        for b in from..self.chains.len() {
            let start = self.chains[b].first();
            if !self.within_reach(a, end, start.frame) {
                break;
            }
            let Some(gap_s) = self.gap(a, b) else {
                continue;
            };
            let lead = lead.get_or_insert_with(|| end_lead(self.shot, &self.chains[a], true));
            while frame < start.frame {
                frame += 1;
                lead.forward(self.shot, frame);
            }
            fits.extend(affinity(self.expected(lead.at, gap_s), start.at).map(|fit| (fit, a, b)));
        }
    }

    fn look_back(&self, b: usize, by_end: &[usize], fits: &mut Vec<(f32, usize, usize)>) {
        let start = self.chains[b].first().frame;
        let to = by_end.partition_point(|&i| self.chains[i].last().frame < start);
        let (mut lead, mut frame) = (None, start);
        for &a in by_end[..to].iter().rev() {
            let end = self.chains[a].last();
            if !self.within_reach(b, end.frame, start) {
                break;
            }
            let Some(gap_s) = self.gap(a, b) else {
                continue;
            };
            let lead = lead.get_or_insert_with(|| end_lead(self.shot, &self.chains[b], false));
            while frame > end.frame {
                lead.backward(self.shot, frame);
                frame -= 1;
            }
            fits.extend(affinity(self.expected(lead.at, gap_s), end.at).map(|fit| (fit, a, b)));
        }
    }
}

/// Puts linked chains behind each other. A link leads from an earlier end to a later begin, so
/// there are no rings.
fn assemble(chains: Vec<Chain>, linked: &[(usize, usize)]) -> Vec<Chain> {
    let mut next = vec![None; chains.len()];
    let mut is_next = vec![false; chains.len()];
    for &(a, b) in linked {
        next[a] = Some(b);
        is_next[b] = true;
    }
    let mut parts: Vec<Option<Chain>> = chains.into_iter().map(Some).collect();
    let mut whole = Vec::new();
    for i in 0..parts.len() {
        if is_next[i] {
            continue;
        }
        let Some(mut chain) = parts[i].take() else {
            continue;
        };
        let mut at = next[i];
        while let Some(part) = at.and_then(|b| parts[b].take()) {
            at = at.and_then(|b| next[b]);
            chain.sights.extend(part.sights);
        }
        whole.push(chain);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Sight;
    use crate::shot::tests::{SIZE, clip};
    use crate::shot::{rising_times, shots};
    use crate::{Sensitivity, TrackSettings};
    use scrim_units::{Class, PxBox};

    fn piece(frames: std::ops::Range<usize>, score: f32, x: impl Fn(usize) -> f32) -> Chain {
        Chain {
            class: Class::Face,
            sights: frames
                .map(|frame| Sight {
                    frame,
                    at: PxBox::around(x(frame), 90.0, 24.0, 30.0),
                    score,
                })
                .collect(),
        }
    }

    fn joined(chains: Vec<Chain>) -> usize {
        let frames = clip(80, |_| vec![]);
        let times = rising_times(&frames);
        let settings = TrackSettings::for_sensitivity(Sensitivity::Publish);
        let all: usize = chains.iter().map(|c| c.sights.len()).sum();
        let after = join(&shots(SIZE, &frames, &times)[0], chains, &settings.face);
        assert_eq!(after.iter().map(|c| c.sights.len()).sum::<usize>(), all);
        assert!(
            after
                .iter()
                .all(|c| c.sights.windows(2).all(|w| w[0].frame < w[1].frame))
        );
        after.len()
    }

    #[test]
    fn a_lone_sighting_joins_the_fast_track_that_leads_back_to_it() {
        // 12 px a frame: from its first sighting alone nothing could foresee the second.
        let x = |k: usize| 50.0 + 12.0 * k as f32;
        assert_eq!(joined(vec![piece(2..3, 0.4, x), piece(8..20, 0.8, x)]), 1);
    }

    #[test]
    fn pieces_that_do_not_meet_stay_apart() {
        let pieces = vec![
            piece(2..12, 0.8, |_| 50.0),
            piece(15..20, 0.8, |_| 300.0),
            piece(70..80, 0.8, |_| 50.0),
        ];
        assert_eq!(joined(pieces), 3);
    }

    #[test]
    fn three_pieces_become_one() {
        let pieces = vec![
            piece(2..12, 0.8, |_| 50.0),
            piece(20..30, 0.8, |_| 52.0),
            piece(50..60, 0.8, |_| 55.0),
        ];
        assert_eq!(joined(pieces), 1);
    }
}
