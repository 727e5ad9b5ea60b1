//! Sightings linked forwards through a shot, look by look.
//!
//! The two thresholds of ByteTrack (Zhang et al., ECCV 2022, algorithm 1): strong sightings are
//! linked first, then weak ones to what is left over. Two things differ because the whole clip
//! is known. A weak sighting may begin a chain as well, so that a track reaches back before its
//! first strong one; a chain that stays weak is dropped later (`keep`). And near pairs of any
//! score go before far pairs, so that a new face next to a known one does not take over its
//! track while the known one's weak sighting is left without.

use scrim_units::{Class, PxBox};

use crate::ClassSettings;
use crate::assign::{Expected, pairs, side};
use crate::predict::Lead;
use crate::shot::Shot;

/// Distance, in box sides, within which a pair is near.
const NEAR_SIDES: f32 = 0.6;

/// On top of that, for every pair, this share of the picture's long side: a shaking camera moves
/// small boxes as many pixels as large ones, and the motion grid is coarse or missing.
const SHAKE_SHARE: f32 = 0.006;

/// A chain may always miss this many looks, however slowly the frames follow.
const LOOKS_TO_MISS: usize = 1;

/// Longest gap in seconds that missed looks alone can excuse.
pub(crate) const LONGEST_GAP_S: f64 = 3.0;

/// One sighting of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sight {
    /// Frame of the shot.
    pub frame: usize,
    pub at: PxBox,
    pub score: f32,
}

/// Sightings taken for the same thing, frames rising. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    pub class: Class,
    pub sights: Vec<Sight>,
}

impl Chain {
    pub fn first(&self) -> &Sight {
        &self.sights[0]
    }

    pub fn last(&self) -> &Sight {
        &self.sights[self.sights.len() - 1]
    }

    pub fn best(&self) -> f32 {
        self.sights.iter().fold(0.0, |best, s| best.max(s.score))
    }

    /// Whether it stands by itself: a strong sighting and a second one, or a sure one.
    pub fn is_firm(&self, set: &ClassSettings) -> bool {
        let best = self.best();
        best >= set.sure || (best >= set.strong && self.sights.len() > 1)
    }
}

/// How far a shaking camera alone may put a pair apart, in pixels.
pub(crate) fn shake_px(shot: &Shot<'_>) -> f32 {
    SHAKE_SHARE * shot.size.width.max(shot.size.height) as f32
}

/// Whether a gap of so many seconds and missed looks may be bridged within `limit_s`.
pub(crate) fn may_bridge(gap_s: f64, missed: usize, limit_s: f64) -> bool {
    gap_s <= limit_s || (missed <= LOOKS_TO_MISS && gap_s <= LONGEST_GAP_S)
}

/// A chain that may go on.
struct Live {
    chain: usize,
    lead: Lead,
    last_frame: usize,
    missed: usize,
    /// A strong sighting is in it.
    strong: bool,
    firm: bool,
    taken: bool,
}

/// One round of linking in a look.
struct Round {
    strong_chains: bool,
    strong_sights: bool,
    near: bool,
}

const fn round(strong_chains: bool, strong_sights: bool, near: bool) -> Round {
    Round {
        strong_chains,
        strong_sights,
        near,
    }
}

/// Near before far, strong before weak. A weak chain takes no far weak sighting: noise would
/// link up with noise.
const ROUNDS: [Round; 7] = [
    round(true, true, true),
    round(true, false, true),
    round(false, true, true),
    round(false, false, true),
    round(true, true, false),
    round(false, true, false),
    round(true, false, false),
];

/// How far a far pair may lie apart, in box sides: (first sides a second before a speed is
/// known, the same after, most sides). Faces seen large pass slowly for their size; plates are
/// low for their distance and pass fast.
fn pace(class: Class) -> (f32, f32, f32) {
    match class {
        Class::Face => (10.0, 3.0, 2.5),
        Class::Plate => (30.0, 6.0, 3.5),
    }
}

/// All chains of one class in a shot, weak ones included, in order of their first sighting.
pub(crate) fn link(shot: &Shot<'_>, class: Class, set: &ClassSettings) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    let mut live: Vec<Live> = Vec::new();
    for frame in 0..shot.len() {
        if frame > 0 {
            for l in &mut live {
                l.lead.forward(shot, frame);
            }
        }
        if shot.look(frame).is_none() {
            continue;
        }
        let mut free: Vec<Sight> = shot
            .sightings(frame, class)
            .filter(|s| s.score >= set.floor())
            .map(|s| Sight {
                frame,
                at: s.at,
                score: s.score,
            })
            .collect();
        live.retain(|l| may_go_on(shot, l, frame, set));
        for round in &ROUNDS {
            run(round, shot, class, set, &mut live, &mut free, &mut chains);
        }
        for l in &mut live {
            l.missed = if l.taken { 0 } else { l.missed + 1 };
            l.taken = false;
        }
        for sight in free {
            live.push(begun(chains.len(), &sight, set));
            chains.push(Chain {
                class,
                sights: vec![sight],
            });
        }
    }
    chains
}

fn begun(chain: usize, sight: &Sight, set: &ClassSettings) -> Live {
    Live {
        chain,
        lead: Lead::new(sight.at),
        last_frame: sight.frame,
        missed: 0,
        strong: sight.score >= set.clear,
        firm: sight.score >= set.sure,
        taken: false,
    }
}

fn may_go_on(shot: &Shot<'_>, l: &Live, frame: usize, set: &ClassSettings) -> bool {
    let limit = if l.firm { set.gap_s } else { set.weak_gap_s };
    may_bridge(shot.time(frame) - shot.time(l.last_frame), l.missed, limit)
}

/// Links what this round may link, and takes the linked sightings out of `free`.
fn run(
    round: &Round,
    shot: &Shot<'_>,
    class: Class,
    set: &ClassSettings,
    live: &mut [Live],
    free: &mut Vec<Sight>,
    chains: &mut [Chain],
) {
    let Some(frame) = free.first().map(|s| s.frame) else {
        return;
    };
    let gap = |l: &Live| shot.time(frame) - shot.time(l.last_frame);
    let chosen: Vec<usize> = (0..live.len())
        .filter(|&i| !live[i].taken && live[i].strong == round.strong_chains)
        // To a weak sighting only a short gap is bridged.
        .filter(|&i| {
            round.strong_sights || may_bridge(gap(&live[i]), live[i].missed, set.weak_gap_s)
        })
        .collect();
    let sights: Vec<usize> = (0..free.len())
        .filter(|&j| (free[j].score >= set.clear) == round.strong_sights)
        .collect();
    let expected: Vec<Expected> = chosen
        .iter()
        .map(|&i| Expected {
            at: live[i].lead.at,
            reach: reach(&live[i].lead, gap(&live[i]), class, round.near) + shake_px(shot),
        })
        .collect();
    let boxes: Vec<PxBox> = sights.iter().map(|&j| free[j].at).collect();
    let mut gone = vec![false; free.len()];
    for (e, s) in pairs(&expected, &boxes) {
        let (l, sight) = (&mut live[chosen[e]], free[sights[s]]);
        l.lead.correct(sight.at, gap(l));
        l.last_frame = frame;
        l.taken = true;
        l.strong |= sight.score >= set.clear;
        l.firm |= l.strong || sight.score >= set.sure;
        chains[l.chain].sights.push(sight);
        gone[sights[s]] = true;
    }
    let mut gone = gone.into_iter();
    free.retain(|_| !gone.next().unwrap_or(false));
}

fn reach(lead: &Lead, gap_s: f64, class: Class, near: bool) -> f32 {
    let (new, known, most) = pace(class);
    let sides = if near {
        NEAR_SIDES
    } else {
        let pace = if lead.knows_speed { known } else { new };
        (NEAR_SIDES + pace * gap_s as f32).min(most)
    };
    side(lead.at) * sides
}

#[cfg(test)]
#[path = "chain/tests.rs"]
mod tests;
