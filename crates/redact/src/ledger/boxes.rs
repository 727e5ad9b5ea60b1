//! What is filled in each frame, as the difference to the frame before: most boxes are those of
//! the same tracks, a few pixels further on.

use super::tape::{Reader, Tape};
use scrim_units::PxRect;

/// Rectangles of frames, in their order.
#[derive(Default)]
pub(crate) struct Boxes {
    tape: Tape,
    last: Vec<PxRect>,
    frames: usize,
}

impl Boxes {
    /// The next frame's rectangles.
    pub(crate) fn push(&mut self, rects: Vec<PxRect>) {
        self.tape.number(rects.len() as i64);
        for (n, rect) in rects.iter().enumerate() {
            let before = sides(self.last.get(n));
            for (side, before) in sides(Some(rect)).into_iter().zip(before) {
                self.tape.number(i64::from(side) - i64::from(before));
            }
        }
        self.last = rects;
        self.frames += 1;
    }

    /// How many frames there are.
    pub(crate) fn len(&self) -> usize {
        self.frames
    }

    /// The same rectangles, frame by frame.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Vec<PxRect>> + '_ {
        let mut reader = self.tape.reader();
        let mut last = Vec::new();
        (0..self.frames).map(move |_| {
            last = read(&mut reader, &last);
            last.clone()
        })
    }
}

fn read(reader: &mut Reader<'_>, last: &[PxRect]) -> Vec<PxRect> {
    let count = reader.number();
    (0..usize::try_from(count).unwrap_or(0))
        .map(|n| {
            let before = sides(last.get(n));
            // What was written fits.
            let [x0, y0, x1, y1] = before.map(|side| (i64::from(side) + reader.number()) as u32);
            PxRect { x0, y0, x1, y1 }
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
            let mut boxes = Boxes::default();
            frames.iter().for_each(|f| boxes.push(f.clone()));
            prop_assert_eq!(boxes.len(), frames.len());
            prop_assert_eq!(boxes.iter().collect::<Vec<_>>(), frames);
        }
    }

    #[test]
    fn a_moving_box_takes_four_bytes_a_frame() {
        let mut boxes = Boxes::default();
        for k in 0..1000 {
            let rect = PxRect {
                x0: 300 + k,
                y0: 700,
                x1: 340 + k,
                y1: 750 - k % 3,
            };
            boxes.push(vec![rect; 5]);
        }
        assert!(boxes.tape.len() < 1000 * (1 + 5 * 4) + 100);
    }
}
