//! What is filled in each frame, as the difference to the frame before: most boxes are those of
//! the same tracks, a few pixels further on.

use super::tape::{KeepError, Reader, Tape};
use scrim_units::PxRect;
use std::path::Path;

/// Rectangles of frames, in their order.
pub(crate) struct Boxes {
    tape: Tape,
    last: Vec<PxRect>,
    frames: usize,
}

impl Boxes {
    /// Of no frames; those that are many are kept in a file of `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            tape: Tape::new(folder),
            last: Vec::new(),
            frames: 0,
        }
    }

    /// The next frame's rectangles.
    pub(crate) fn push(&mut self, rects: Vec<PxRect>) -> Result<(), KeepError> {
        self.tape.number(rects.len() as i64)?;
        for (n, rect) in rects.iter().enumerate() {
            let before = sides(self.last.get(n));
            for (side, before) in sides(Some(rect)).into_iter().zip(before) {
                self.tape.number(i64::from(side) - i64::from(before))?;
            }
        }
        self.last = rects;
        self.frames += 1;
        Ok(())
    }

    /// How many frames there are.
    pub(crate) fn len(&self) -> usize {
        self.frames
    }

    /// The same rectangles, frame by frame.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<Vec<PxRect>, KeepError>> + '_ {
        let mut reader = self.tape.reader();
        let mut last = Vec::new();
        (0..self.frames).map(move |_| {
            last = read(&mut reader, &last)?;
            Ok(last.clone())
        })
    }
}

fn read(reader: &mut Reader<'_>, last: &[PxRect]) -> Result<Vec<PxRect>, KeepError> {
    let count = reader.number()?;
    (0..usize::try_from(count).unwrap_or(0))
        .map(|n| {
            let mut rect = sides(last.get(n));
            for side in &mut rect {
                // What was written fits.
                *side = (i64::from(*side) + reader.number()?) as u32;
            }
            let [x0, y0, x1, y1] = rect;
            Ok(PxRect { x0, y0, x1, y1 })
        })
        .collect()
}

/// The sides of a rectangle; zeros for none.
fn sides(rect: Option<&PxRect>) -> [u32; 4] {
    rect.map_or([0; 4], |r| [r.x0, r.y0, r.x1, r.y1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rects() -> impl Strategy<Value = Vec<PxRect>> {
        let rect = any::<[u32; 4]>().prop_map(|[x0, y0, x1, y1]| PxRect { x0, y0, x1, y1 });
        prop::collection::vec(rect, 0..5)
    }

    proptest! {
        #[test]
        fn rectangles_come_back_frame_by_frame(frames in prop::collection::vec(rects(), 0..20)) {
            let mut boxes = Boxes::new(&std::env::temp_dir());
            frames.iter().for_each(|f| boxes.push(f.clone()).unwrap());
            prop_assert_eq!(boxes.len(), frames.len());
            prop_assert_eq!(boxes.iter().collect::<Result<Vec<_>, _>>().unwrap(), frames);
        }
    }

    #[test]
    fn a_moving_box_takes_four_bytes_a_frame() {
        let mut boxes = Boxes::new(&std::env::temp_dir());
        for k in 0..1000 {
            let rect = PxRect {
                x0: 300 + k,
                y0: 700,
                x1: 340 + k,
                y1: 750 - k % 3,
            };
            boxes.push(vec![rect; 5]).unwrap();
        }
        assert!(boxes.tape.len() < 1000 * (1 + 5 * 4) + 100);
    }
}
