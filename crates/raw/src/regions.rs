//! `Regions`: what is filled in one frame. They come from `seal` only.
//!
//! There is no empty, default or editing constructor: an empty cover is possible only with an
//! examination that found nothing, near enough in time.

use crate::examine::Examination;
use crate::redacted::Reason;
use scrim_units::{FrameId, PxBox, PxRect, Size};

/// Rectangles to fill in one frame, or the reason why the whole frame is blanked.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    frame: FrameId,
    rects: Vec<PxRect>,
    blank: Option<Reason>,
}

/// Why a cover is refused. The caller blanks the frame.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SealError {
    /// A box found in that very frame is not wholly inside one rectangle of the cover or zones.
    #[error("the cover leaves out a box found in the frame: {0:?}")]
    LeavesOut(PxBox),
}

impl Regions {
    /// Seal the cover of one frame.
    ///
    /// `examinations` are the looks around the frame, `limit` the longest time in seconds that
    /// may lie between a frame and the look before it or after it, whichever is nearer. `cover`
    /// are the rectangles to fill, in luma pixels. Where no look lies within the limit, or the
    /// looks did not see the whole picture together, the regions blank the frame.
    ///
    /// # Errors
    /// [`SealError::LeavesOut`] when something found in this very frame is not covered.
    pub fn seal(
        frame: FrameId,
        seconds: f64,
        size: Size,
        examinations: &[&Examination],
        limit: f64,
        cover: Vec<PxRect>,
    ) -> Result<Self, SealError> {
        let near: Vec<_> = examinations
            .iter()
            .filter(|e| (e.seconds - seconds).abs() <= limit || e.frame == frame)
            .collect();
        for found in near
            .iter()
            .filter(|e| e.frame == frame)
            .flat_map(|e| &e.found)
        {
            let pixels = found.at.pixels(size);
            if !cover.iter().any(|r| r.clip(size).contains(pixels)) {
                return Err(SealError::LeavesOut(found.at));
            }
        }
        let seen = near.iter().any(|e| e.area.contains(size.rect()));
        Ok(Self {
            frame,
            rects: cover,
            blank: (!seen).then_some(Reason::NotExamined),
        })
    }

    /// Regions that blank the whole frame.
    #[must_use]
    pub fn blank(frame: FrameId, reason: Reason) -> Self {
        Self {
            frame,
            rects: Vec::new(),
            blank: Some(reason),
        }
    }

    /// Which frame they belong to.
    #[must_use]
    pub fn frame(&self) -> FrameId {
        self.frame
    }

    /// The rectangles, luma pixels.
    #[must_use]
    pub fn rects(&self) -> &[PxRect] {
        &self.rects
    }

    /// Why the whole frame is blanked, if it is.
    #[must_use]
    pub fn blanked(&self) -> Option<Reason> {
        self.blank
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examine::ModelId;
    use scrim_units::{Class, Sighting};

    const SIZE: Size = Size {
        width: 100,
        height: 50,
    };
    const ID: FrameId = FrameId {
        index: 3,
        pts: 3,
        checksum: 7,
    };

    fn look(frame: FrameId, seconds: f64, found: Vec<Sighting>) -> Examination {
        Examination {
            frame,
            seconds,
            area: SIZE.rect(),
            model: ModelId([0; 32]),
            found,
        }
    }

    fn face() -> Sighting {
        Sighting {
            class: Class::Face,
            score: 0.9,
            at: PxBox {
                x0: 10.5,
                y0: 10.0,
                x1: 20.0,
                y1: 20.0,
            },
        }
    }

    #[test]
    fn a_cover_that_leaves_out_a_box_found_in_the_frame_is_refused() {
        let look = look(ID, 0.1, vec![face()]);
        let short = PxRect {
            x0: 11,
            y0: 10,
            x1: 20,
            y1: 20,
        };
        assert!(Regions::seal(ID, 0.1, SIZE, &[&look], 0.2, vec![short]).is_err());
        let whole = PxRect { x0: 10, ..short };
        assert!(Regions::seal(ID, 0.1, SIZE, &[&look], 0.2, vec![whole]).is_ok());
    }

    #[test]
    fn a_frame_that_nobody_looked_at_in_time_is_blanked() {
        let other = FrameId { index: 9, ..ID };
        let late = look(other, 0.5, vec![]);
        let sealed = Regions::seal(ID, 0.1, SIZE, &[&late], 0.2, vec![]).unwrap();
        assert_eq!(sealed.blanked(), Some(Reason::NotExamined));
        assert_eq!(
            Regions::seal(ID, 0.4, SIZE, &[&late], 0.2, vec![])
                .unwrap()
                .blanked(),
            None
        );
        assert!(
            Regions::seal(ID, 0.1, SIZE, &[], 9.0, vec![])
                .unwrap()
                .blanked()
                .is_some()
        );
    }

    #[test]
    fn a_look_at_a_part_of_the_picture_does_not_open_the_rest() {
        let mut part = look(ID, 0.1, vec![]);
        part.area.x1 = 99;
        let sealed = Regions::seal(ID, 0.1, SIZE, &[&part], 0.2, vec![]).unwrap();
        assert_eq!(sealed.blanked(), Some(Reason::NotExamined));
    }
}
