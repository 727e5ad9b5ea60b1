//! Where a track's box is in every frame: at its sightings, between them and a little beyond.

use scrim_units::PxBox;

use crate::assign::side;
use crate::chain::{Chain, Sight};
use crate::fit::{Drift, Fit, between, smooth};
use crate::predict::Lead;
use crate::shot::{Shot, touches};
use crate::{ClassSettings, Why};

/// In the middle of a gap the box is grown by this share of what the picture's motion leaves
/// unexplained: the thing moved at some time in the gap, not evenly.
const DISAGREEMENT_GROWTH: f32 = 0.25;

/// A carried box grows by this share of the way that its speed alone has brought it: it may
/// have stopped or turned.
const CARRY_GROWTH: f32 = 0.3;

/// Frames that nobody looked at next to a sighting are covered this far at most.
pub(crate) const UNSEEN_CARRY_S: f64 = 1.0;

/// A box in one frame, before margins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub frame: usize,
    pub at: PxBox,
    /// Pixels by which it may be off on each side.
    pub doubt: f32,
    pub why: Why,
}

/// A box for every frame from where the chain is carried back to, to where it is carried on to;
/// frames rise by one.
pub(crate) fn place(shot: &Shot<'_>, chain: &Chain, set: &ClassSettings) -> Vec<Placed> {
    let drift = Drift::along(shot, &chain.sights);
    let fits = smooth(shot, &chain.sights, &drift);
    let hulls: Vec<PxBox> = chain
        .sights
        .iter()
        .zip(&fits)
        .map(|(s, f)| s.at.union(f.at))
        .collect();
    let mut path = carry(shot, chain, set, hulls[0], &fits[0], Way::Back);
    path.reverse();
    for (i, sight) in chain.sights.iter().enumerate() {
        path.push(Placed {
            frame: sight.frame,
            at: hulls[i],
            doubt: 0.0,
            why: if sight.score >= set.strong {
                Why::Seen
            } else {
                Why::Supported
            },
        });
        if let Some(next) = chain.sights.get(i + 1) {
            let ends = [(sight, hulls[i]), (next, hulls[i + 1])];
            bridge(shot, ends, &drift, set, &mut path);
        }
    }
    let end = hulls.len() - 1;
    path.extend(carry(shot, chain, set, hulls[end], &fits[end], Way::On));
    path
}

/// The frames between two sightings: the box of each end moved with the picture, blended by
/// time. What the picture's motion leaves over is spread evenly, so both ends are met.
fn bridge(
    shot: &Shot<'_>,
    [(a, from), (b, to)]: [(&Sight, PxBox); 2],
    drift: &Drift,
    set: &ClassSettings,
    path: &mut Vec<Placed>,
) {
    let (t0, t1) = (shot.time(a.frame), shot.time(b.frame));
    let (ax, ay) = a.at.centre();
    let (bx, by) = b.at.centre();
    let (mx, my) = drift.moved(a.frame, b.frame);
    let straight = (bx - ax).hypot(by - ay);
    let unexplained = (bx - ax - mx).hypot(by - ay - my).min(straight);
    for frame in a.frame + 1..b.frame {
        let t = shot.time(frame);
        let share = ((t - t0) / (t1 - t0)) as f32;
        let (fx, fy) = drift.moved(a.frame, frame);
        let (gx, gy) = drift.moved(b.frame, frame);
        let at = between(from.shift(fx, fy), to.shift(gx, gy), share);
        let bulge = 4.0 * share * (1.0 - share);
        let nearest_s = (t - t0).min(t1 - t) as f32;
        path.push(Placed {
            frame,
            at,
            doubt: DISAGREEMENT_GROWTH * bulge * unexplained
                + side(at) * set.doubt_growth * nearest_s,
            why: Why::Bridged,
        });
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    On,
    Back,
}

/// Frames beyond the chain's end, nearest first. Ends after the settings' time (or at the next
/// look, if that is later), at the shot's end, and where the box has left the picture. A single
/// unsure sighting is not carried into a look that would have found it and did not.
fn carry(
    shot: &Shot<'_>,
    chain: &Chain,
    set: &ClassSettings,
    hull: PxBox,
    fit: &Fit,
    way: Way,
) -> Vec<Placed> {
    let lone = chain.sights.len() == 1 && chain.best() < set.sure;
    let (mut frame, limit_s) = match way {
        Way::On => (chain.last().frame, set.carry_after_s),
        Way::Back => (chain.first().frame, set.carry_before_s),
    };
    let start = shot.time(frame);
    let speed = fit.speed.0.hypot(fit.speed.1);
    let mut lead = Lead {
        at: hull,
        speed: fit.speed,
        knows_speed: true,
    };
    let mut looked = false;
    let mut path = Vec::new();
    loop {
        match way {
            Way::On if frame + 1 < shot.len() => {
                frame += 1;
                lead.forward(shot, frame);
            }
            Way::Back if frame > 0 => {
                lead.backward(shot, frame);
                frame -= 1;
            }
            _ => return path,
        }
        let look = shot.look(frame);
        looked |= look.is_some();
        let seconds = (shot.time(frame) - start).abs();
        let in_time = seconds <= limit_s || (!looked && seconds <= UNSEEN_CARRY_S);
        let refuted = lone && look.is_some_and(|l| l.would_find(chain.class, lead.at));
        if !in_time || refuted || !touches(lead.at, shot.size) {
            return path;
        }
        let seconds = seconds as f32;
        path.push(Placed {
            frame,
            at: lead.at,
            doubt: side(hull) * set.doubt_growth * seconds + CARRY_GROWTH * speed * seconds,
            why: Why::Carried,
        });
    }
}

#[cfg(test)]
#[path = "path/tests.rs"]
mod tests;
