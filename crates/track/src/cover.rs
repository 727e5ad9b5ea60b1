//! What gets painted in each frame: a track's boxes with their margins.

use scrim_units::{Class, PxBox, Size};

use crate::ClassSettings;
use crate::chain::Chain;
use crate::path::Placed;

/// Least margin on each side, pixels: boxes of the smallest plates are off by as much.
const LEAST_MARGIN_PX: f32 = 1.5;

/// A box that ends this close to the picture's edge, as a share of its side, reaches to it: what
/// is cut off by the edge is found too small.
const EDGE_SHARE: f32 = 0.1;

/// The cover of a clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClipCover {
    /// One entry a frame, in the order given.
    pub frames: Vec<FrameCover>,
    /// All tracks, by their number.
    pub tracks: Vec<TrackSummary>,
}

/// The cover of one frame; may be empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrameCover {
    /// One of each of its tracks; two at most where parts of a long scene differ about it.
    pub boxes: Vec<CoverBox>,
}

/// One box to paint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoverBox {
    /// Face or plate.
    pub class: Class,
    /// What gets painted, margins included; luma pixels, finite, may reach past the picture.
    pub at: PxBox,
    /// Why it is there.
    pub why: Why,
    /// Position in [`ClipCover::tracks`]. Says nothing beyond this clip.
    pub track: u32,
}

/// Why a box is in a frame's cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Found in this very frame, above the strong score.
    Seen,
    /// Found in this frame below it; the track has better ones or many of them.
    Supported,
    /// Between two sightings.
    Bridged,
    /// Before the first or after the last.
    Carried,
}

/// A track in numbers, for the report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackSummary {
    /// Its number.
    pub id: u32,
    /// Face or plate.
    pub class: Class,
    /// First covered frame.
    pub first_frame: usize,
    /// Last covered frame.
    pub last_frame: usize,
    /// Frames in which it was found, weakly or strongly.
    pub seen_frames: usize,
    /// Best score, 0..=1.
    pub best_score: f32,
    /// Shorter side of its smallest sighting, pixels, without margin.
    pub smallest_side: f32,
    /// Shorter side of its largest sighting.
    pub largest_side: f32,
}

/// The boxes of a path with margins, growing with speed and doubt.
pub(crate) fn with_margins(
    size: Size,
    path: &[Placed],
    chain: &Chain,
    set: &ClassSettings,
    track: u32,
) -> Vec<CoverBox> {
    let way = |a: usize, b: usize| {
        let (from, to) = (path[a].at.centre(), path[b].at.centre());
        ((to.0 - from.0).abs(), (to.1 - from.1).abs())
    };
    (0..path.len())
        .map(|i| {
            let p = &path[i];
            let (bx, by) = way(i.saturating_sub(1), i);
            let (nx, ny) = way(i, (i + 1).min(path.len() - 1));
            let grow = |side: f32, speed: f32| {
                (set.margin * side).max(LEAST_MARGIN_PX) + set.speed_growth * speed + p.doubt
            };
            let at = p.at.grow(
                grow(p.at.width(), bx.max(nx)),
                grow(p.at.height(), by.max(ny)),
            );
            CoverBox {
                class: chain.class,
                at: to_edges(at, size),
                why: p.why,
                track,
            }
        })
        .collect()
}

/// Extends a box that nearly touches the picture's edge to it.
fn to_edges(at: PxBox, size: Size) -> PxBox {
    let (w, h) = (size.width as f32, size.height as f32);
    let (dx, dy) = (EDGE_SHARE * at.width(), EDGE_SHARE * at.height());
    PxBox {
        x0: if at.x0 < dx { at.x0.min(0.0) } else { at.x0 },
        y0: if at.y0 < dy { at.y0.min(0.0) } else { at.y0 },
        x1: if at.x1 > w - dx { at.x1.max(w) } else { at.x1 },
        y1: if at.y1 > h - dy { at.y1.max(h) } else { at.y1 },
    }
}

pub(crate) fn summary(id: u32, chain: &Chain, first: usize, last: usize) -> TrackSummary {
    let sides = chain.sights.iter().map(|s| s.at.width().min(s.at.height()));
    TrackSummary {
        id,
        class: chain.class,
        first_frame: first,
        last_frame: last,
        seen_frames: chain.sights.len(),
        best_score: chain.best(),
        smallest_side: sides.clone().fold(f32::INFINITY, f32::min),
        largest_side: sides.fold(0.0, f32::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 100,
        height: 80,
    };

    #[test]
    fn a_box_near_the_edge_is_extended_to_it_and_one_in_the_middle_is_not() {
        let near = PxBox::around(12.0, 69.0, 22.0, 20.0);
        let out = to_edges(near, SIZE);
        assert_eq!((out.x0, out.y1, out.y0), (0.0, 80.0, 59.0));
        let middle = PxBox::around(50.0, 40.0, 20.0, 20.0);
        assert_eq!(to_edges(middle, SIZE), middle);
    }

    #[test]
    fn a_moving_box_is_grown_along_its_movement() {
        let settings = crate::TrackSettings::for_sensitivity(crate::Sensitivity::Publish);
        let placed = |frame: usize| Placed {
            frame,
            at: PxBox::around(30.0 + 8.0 * frame as f32, 40.0, 10.0, 10.0),
            doubt: 0.0,
            why: Why::Seen,
        };
        let chain = Chain {
            class: Class::Plate,
            sights: vec![],
        };
        let path = [placed(0), placed(1)];
        let out = with_margins(SIZE, &path, &chain, &settings.plate, 0);
        assert!(out[0].at.width() > out[0].at.height() + 6.0);
    }
}
