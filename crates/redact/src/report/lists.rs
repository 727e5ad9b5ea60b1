//! The report's lists, made entry by entry as they are written: those of a long video are more
//! than memory is meant to hold.

use crate::ledger::{Boxes, KeepError};
use scrim_protocol::{Rect, Stretch, Track};
use scrim_track::TrackSummary;
use scrim_units::PxRect;
use serde::ser::{Error, Serialize, SerializeSeq, Serializer};

/// What was filled in each frame. Its JSON is that of a list of [`Stretch`].
pub(crate) struct Filled<'a>(pub(super) &'a Boxes);

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for stretch in stretches(self.0.iter()) {
            list.serialize_element(&stretch.map_err(S::Error::custom)?)?;
        }
        list.end()
    }
}

/// All tracks. Their JSON is that of a list of [`Track`].
pub(crate) struct Tracks<'a>(pub(super) &'a [TrackSummary]);

impl Serialize for Tracks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|t| Track {
            class: t.class.name().into(),
            first_frame: t.first_frame as u64,
            last_frame: t.last_frame as u64,
            seen: t.seen_frames as u64,
            best_score: t.best_score,
            smallest_px: t.smallest_side,
        }))
    }
}

/// Frames in a row with equal regions become one entry; frames without any are left out.
fn stretches(
    frames: impl Iterator<Item = Result<Vec<PxRect>, KeepError>>,
) -> impl Iterator<Item = Result<Stretch, KeepError>> {
    let mut frames = frames.enumerate();
    let mut open: Option<Stretch> = None;
    std::iter::from_fn(move || {
        loop {
            let Some((frame, rects)) = frames.next() else {
                return open.take().map(Ok);
            };
            let fill = match rects {
                Ok(rects) => rects.iter().map(sides).collect(),
                Err(e) => return Some(Err(e)),
            };
            match &mut open {
                Some(stretch) if stretch.fill == fill => stretch.frames += 1,
                _ => {
                    let next = Stretch {
                        from: frame as u64,
                        frames: 1,
                        fill,
                    };
                    let next = Some(next).filter(|s| !s.fill.is_empty());
                    if let Some(ended) = std::mem::replace(&mut open, next) {
                        return Some(Ok(ended));
                    }
                }
            }
        }
    })
}

fn sides(rect: &PxRect) -> Rect {
    [rect.x0, rect.y0, rect.x1, rect.y1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Rectangles are told from each other by a number, none by 0.
        #[test]
        fn stretches_are_the_longest_of_equal_frames_and_say_what_is_in_each(
            frames in prop::collection::vec(0..3_u32, 0..30),
        ) {
            let rects = |n: u32| match n {
                0 => vec![],
                _ => vec![PxRect { x0: n, y0: 2, x1: 30, y1: 40 }],
            };
            let mut boxes = Boxes::new(&std::env::temp_dir());
            frames.iter().for_each(|&n| boxes.push(rects(n)).unwrap());
            let json = serde_json::to_string(&Filled(&boxes)).unwrap();
            let list: Vec<Stretch> = serde_json::from_str(&json).unwrap();
            let mut told = vec![0; frames.len()];
            for stretch in &list {
                for frame in stretch.from..stretch.from + stretch.frames {
                    told[frame as usize] += stretch.fill[0][0];
                }
            }
            prop_assert_eq!(told, frames);
            for pair in list.windows(2) {
                let joined = pair[0].from + pair[0].frames == pair[1].from;
                prop_assert!(!joined || pair[0].fill != pair[1].fill);
            }
        }
    }
}
