//! What changes from one frame of an animation to the next: only that part is written.

use scrim_units::{PxRect, Size};

/// The smallest rectangle around all pixels that differ, `step` bytes a pixel. One pixel where
/// none does: formats know no empty frame.
pub(super) fn changed(before: &[u8], now: &[u8], size: Size, step: usize) -> PxRect {
    let row = size.width as usize * step;
    let mut found: Option<PxRect> = None;
    let rows = before.chunks_exact(row).zip(now.chunks_exact(row));
    for (y, (a, b)) in (0..size.height).zip(rows) {
        if a == b {
            continue;
        }
        let differs = |(p, q): (&[u8], &[u8])| p != q;
        let mut pairs = a.chunks_exact(step).zip(b.chunks_exact(step));
        let first = pairs.position(differs).unwrap_or(0) as u32;
        let mut pairs = a.chunks_exact(step).zip(b.chunks_exact(step));
        let last = pairs.rposition(differs).unwrap_or(0) as u32;
        let r = found.get_or_insert(PxRect {
            x0: first,
            y0: y,
            x1: last + 1,
            y1: y + 1,
        });
        r.x0 = r.x0.min(first);
        r.x1 = r.x1.max(last + 1);
        r.y1 = y + 1;
    }
    found.unwrap_or(PxRect {
        x0: 0,
        y0: 0,
        x1: 1,
        y1: 1,
    })
}

/// The pixels of a part.
pub(super) fn cut(pixels: &[u8], size: Size, step: usize, part: PxRect) -> Vec<u8> {
    let row = size.width as usize * step;
    (part.y0..part.y1)
        .flat_map(|y| {
            let at = y as usize * row;
            &pixels[at + part.x0 as usize * step..at + part.x1 as usize * step]
        })
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_changed_reaches_the_last_row_and_column() {
        let size = Size {
            width: 3,
            height: 2,
        };
        let before = [0; 6];
        let now = [0, 0, 0, 0, 7, 8];
        let part = changed(&before, &now, size, 1);
        assert_eq!((part.x0, part.y0, part.x1, part.y1), (1, 1, 3, 2));
        assert_eq!(cut(&now, size, 1, part), [7, 8]);
        assert_eq!(changed(&now, &now, size, 1).width(), 1);
    }
}
