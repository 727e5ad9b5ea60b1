//! The whole clip: all frames' facts in, all frames' cover out. A pure function.

use scrim_units::{Class, Size};

use crate::chain::Chain;
use crate::cover::{summary, with_margins};
use crate::path::{Placed, place};
use crate::shot::{Shot, rising_times, shots};
use crate::{ClipCover, FrameCover, FrameFacts, TrackSettings, TrackSummary, chain, join, keep};

/// The cover of each frame of a clip of `size` luma pixels. As many frames as given.
///
/// What holds whatever comes in:
/// - a sighting of the strong score is covered in its frame, with its margin;
/// - from a track's first sighting to its last every frame has its cover;
/// - nothing is linked, bridged or carried over a cut;
/// - every box is finite, nothing panics, and the same input gives the same cover.
///
/// Time and memory grow with frames and boxes, not with their product over the clip.
#[must_use]
pub fn cover_clip(size: Size, frames: &[FrameFacts], settings: &TrackSettings) -> ClipCover {
    let times = rising_times(frames);
    let mut cover = ClipCover {
        frames: vec![FrameCover::default(); frames.len()],
        tracks: Vec::new(),
    };
    for shot in shots(size, frames, &times) {
        let frames = &mut cover.frames[shot.first..][..shot.len()];
        cover_shot(&shot, settings, frames, &mut cover.tracks);
    }
    cover
}

/// The same for one shot: covers of its frames, in a row; its tracks behind those before.
pub(crate) fn cover_shot(
    shot: &Shot<'_>,
    settings: &TrackSettings,
    frames: &mut [FrameCover],
    tracks: &mut Vec<TrackSummary>,
) {
    for (chain, path) in tracks_of(shot, settings) {
        let set = settings.of(chain.class);
        let id = tracks.len() as u32;
        let boxes = with_margins(shot.size, &path, &chain, set, id);
        for (placed, b) in path.iter().zip(boxes) {
            frames[placed.frame].boxes.push(b);
        }
        let ends = [&path[0], &path[path.len() - 1]].map(|p| shot.first + p.frame);
        tracks.push(summary(id, &chain, ends[0], ends[1]));
    }
}

/// What is covered in a shot, in order of the first sighting, each with its place in every frame
/// from first to last.
pub(crate) fn tracks_of<'a>(
    shot: &'a Shot<'_>,
    settings: &'a TrackSettings,
) -> impl Iterator<Item = (Chain, Vec<Placed>)> + 'a {
    let mut chains = Vec::new();
    for class in Class::ALL {
        let set = settings.of(class);
        let pieces = chain::link(shot, class, set);
        let joined = join::join(shot, pieces, set);
        chains.extend(
            joined
                .into_iter()
                .filter_map(|c| keep::believed(shot, c, set)),
        );
    }
    chains.sort_by_key(|c| c.first().frame); // stable: faces before plates
    chains.into_iter().map(move |chain| {
        let path = place(shot, &chain, settings.of(chain.class));
        (chain, path)
    })
}
