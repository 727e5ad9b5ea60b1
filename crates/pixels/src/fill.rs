//! Fills of rectangles in one picture. What lies inside the rectangles is never read.
//!
//! `solid` writes opaque black. `surround` writes a smooth blend of the colours just outside;
//! pixels of any other rectangle are not read for it either, so two pictures that differ only
//! inside the rectangles give the same result.

use crate::layout::{Layout, Range};
use scrim_units::{PxRect, Size};

/// How a region is filled. Blur and mosaic are absent on purpose: both depend on the pixels
/// that they are to hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fill {
    /// Opaque black.
    #[default]
    Solid,
    /// A blend of the colours around the region.
    Surround,
}

/// Fill every rectangle (luma pixels, aligned to whole chroma samples by this function) in
/// `planes`, which have the shape of `layout` for `size`.
pub fn fill(
    planes: &mut [Vec<u8>],
    layout: &Layout,
    size: Size,
    range: Range,
    rects: &[PxRect],
    how: Fill,
) {
    let whole: Vec<PxRect> = rects
        .iter()
        .map(|r| r.clip(size))
        .filter(|r| !r.is_empty())
        .map(|r| layout.coarsest().align(r).clip(size))
        .collect();
    let black = layout.black(range);
    for (index, data) in planes.iter_mut().enumerate() {
        let sub = layout.planes[index].sub;
        let cells: Vec<PxRect> = whole.iter().map(|r| sub.cover(*r)).collect();
        let (row, rows) = layout.plane_size(index, size);
        let step = usize::from(layout.planes[index].step);
        let shape = Shape { row, rows, step };
        match how {
            Fill::Solid => {
                let position = layout.position(index, &black);
                cells.iter().for_each(|r| solid(data, shape, *r, &position));
            }
            Fill::Surround => {
                // Colours are gathered before anything is painted, so the order of the
                // rectangles does not matter.
                let sides: Vec<Sides> = cells
                    .iter()
                    .map(|r| Sides::around(data, layout, index, shape, *r, &cells, &black))
                    .collect();
                for (r, s) in cells.iter().zip(&sides) {
                    s.paint(data, layout, index, shape, *r);
                }
            }
        }
    }
}

/// Bytes a row, rows, bytes a position.
#[derive(Clone, Copy)]
struct Shape {
    row: usize,
    rows: usize,
    step: usize,
}

impl Shape {
    fn clip(self, r: PxRect) -> PxRect {
        r.clip(Size {
            width: (self.row / self.step) as u32,
            height: self.rows as u32,
        })
    }
}

fn solid(data: &mut [u8], shape: Shape, r: PxRect, position: &[u8]) {
    let r = shape.clip(r);
    if r.is_empty() {
        return;
    }
    let uniform = position.iter().all(|b| *b == position[0]);
    for y in r.y0 as usize..r.y1 as usize {
        let from = y * shape.row + r.x0 as usize * shape.step;
        let to = y * shape.row + r.x1 as usize * shape.step;
        if uniform {
            data[from..to].fill(position[0]);
        } else {
            for cell in data[from..to].chunks_exact_mut(position.len()) {
                cell.copy_from_slice(position);
            }
        }
    }
}

/// Mean colour just outside each side of a rectangle: left, right, top, bottom; component
/// values of all components (those of other planes stay 0).
struct Sides([Vec<f32>; 4]);

impl Sides {
    fn around(
        data: &[u8],
        layout: &Layout,
        index: usize,
        shape: Shape,
        rect: PxRect,
        taken: &[PxRect],
        black: &[u16],
    ) -> Self {
        let r = shape.clip(rect);
        let column = |x: u32| (r.y0..r.y1).map(move |y| (x, y)).collect::<Vec<_>>();
        let line = |y: u32| (r.x0..r.x1).map(move |x| (x, y)).collect::<Vec<_>>();
        let width = (shape.row / shape.step) as u32;
        let outside = [
            r.x0.checked_sub(1).map(column),
            (r.x1 < width).then(|| column(r.x1)),
            r.y0.checked_sub(1).map(line),
            (r.y1 < shape.rows as u32).then(|| line(r.y1)),
        ];
        let means =
            outside.map(|cells| cells.and_then(|c| mean(data, layout, index, shape, &c, taken)));
        let known: Vec<&Vec<f32>> = means.iter().flatten().collect();
        let rest: Vec<f32> = if known.is_empty() {
            black.iter().map(|v| f32::from(*v)).collect()
        } else {
            (0..black.len())
                .map(|c| known.iter().map(|m| m[c]).sum::<f32>() / known.len() as f32)
                .collect()
        };
        Self(means.map(|m| m.unwrap_or_else(|| rest.clone())))
    }

    /// Each position is a mean of the four sides, weighted by nearness.
    fn paint(&self, data: &mut [u8], layout: &Layout, index: usize, shape: Shape, rect: PxRect) {
        let r = shape.clip(rect);
        let mut values = vec![0u16; layout.components.len()];
        for y in r.y0..r.y1 {
            for x in r.x0..r.x1 {
                let near = [x - r.x0, r.x1 - 1 - x, y - r.y0, r.y1 - 1 - y]
                    .map(|d| 1.0 / (1.0 + d as f32));
                let sum: f32 = near.iter().sum();
                for (c, v) in values.iter_mut().enumerate() {
                    let blend: f32 = near.iter().zip(&self.0).map(|(w, s)| w * s[c]).sum();
                    *v = (blend / sum).round() as u16;
                }
                if layout.alpha {
                    let last = layout.components.len() - 1;
                    values[last] = u16::MAX >> (16 - layout.components[last].depth);
                }
                let at = y as usize * shape.row + x as usize * shape.step;
                data[at..at + shape.step].copy_from_slice(&layout.position(index, &values));
            }
        }
    }
}

/// Mean of the positions that lie in none of the rectangles; `None` when there is no such one.
fn mean(
    data: &[u8],
    layout: &Layout,
    index: usize,
    shape: Shape,
    cells: &[(u32, u32)],
    taken: &[PxRect],
) -> Option<Vec<f32>> {
    let mut sum = vec![0f64; layout.components.len()];
    let mut count = 0u32;
    for &(x, y) in cells {
        let inside = |r: &PxRect| (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y);
        if taken.iter().any(inside) {
            continue;
        }
        let at = y as usize * shape.row + x as usize * shape.step;
        for (c, component) in layout.components.iter().enumerate() {
            if usize::from(component.plane) == index {
                sum[c] += f64::from(layout.value(c, &data[at..at + shape.step]));
            }
        }
        count += 1;
    }
    (count > 0).then(|| sum.iter().map(|s| (s / f64::from(count)) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Family;

    const SIZE: Size = Size {
        width: 8,
        height: 6,
    };

    #[test]
    fn solid_fill_reaches_the_last_row_and_column_and_nothing_outside() {
        let layout = Layout::packed(Family::Rgb, true, 8);
        let mut planes = vec![vec![9u8; 8 * 6 * 4]];
        let r = PxRect {
            x0: 5,
            y0: 4,
            x1: 8,
            y1: 6,
        };
        fill(&mut planes, &layout, SIZE, Range::Full, &[r], Fill::Solid);
        for y in 0..6 {
            for x in 0..8 {
                let p = &planes[0][(y * 8 + x) * 4..][..4];
                let inside = x >= 5 && y >= 4;
                assert_eq!(p, if inside { [0, 0, 0, 255] } else { [9; 4] });
            }
        }
    }

    #[test]
    fn surround_takes_the_colour_around_and_not_the_one_inside() {
        let layout = Layout::packed(Family::Grey, false, 8);
        let mut planes = vec![vec![100u8; 48]];
        planes[0][2 * 8 + 3] = 255;
        let r = PxRect {
            x0: 2,
            y0: 1,
            x1: 5,
            y1: 4,
        };
        fill(
            &mut planes,
            &layout,
            SIZE,
            Range::Full,
            &[r],
            Fill::Surround,
        );
        assert!(planes[0].iter().all(|v| *v == 100));
    }

    #[test]
    fn surround_without_any_outside_is_black() {
        let layout = Layout::packed(Family::Grey, false, 8);
        let mut planes = vec![vec![77u8; 48]];
        fill(
            &mut planes,
            &layout,
            SIZE,
            Range::Full,
            &[SIZE.rect()],
            Fill::Surround,
        );
        assert!(planes[0].iter().all(|v| *v == 0));
    }
}
