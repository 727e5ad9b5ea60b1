//! Rows of a picture in any layout as 8-bit rows: one component, or blue, green and red.

use crate::colour::{Matrix, repeat_row, yuv_row};
use crate::layout::{Family, Layout, Range};
use crate::level::Level;
use crate::plane::PlaneRef;
use zeroize::Zeroize;

/// Middle of an 8-bit chroma component: no colour.
const GREY: u8 = 128;

/// Converts rows of one layout to blue, green and red. Its buffers are wiped on drop.
pub struct BgrRows<'a> {
    layout: &'a Layout,
    matrix: Matrix,
    range: Range,
    rows: [Vec<u8>; 3],
    narrow: Vec<u8>,
}

impl<'a> BgrRows<'a> {
    /// For rows of `width` luma pixels.
    #[must_use]
    pub fn new(layout: &'a Layout, matrix: Matrix, range: Range, width: usize) -> Self {
        Self {
            layout,
            matrix,
            range,
            rows: [vec![GREY; width], vec![GREY; width], vec![GREY; width]],
            narrow: vec![0; width],
        }
    }

    /// Row `y`; the three targets are as long as the row.
    pub fn read(
        &mut self,
        level: Level,
        planes: &[PlaneRef<'_>],
        y: usize,
        target: [&mut [u8]; 3],
    ) {
        let (layout, narrow) = (self.layout, &mut self.narrow);
        match layout.family {
            Family::Yuv => {
                for (c, row) in self.rows.iter_mut().enumerate() {
                    component_row(planes, layout, c, y, narrow, row);
                }
            }
            Family::Rgb => {
                for (row, c) in target.into_iter().zip([2, 1, 0]) {
                    component_row(planes, layout, c, y, narrow, row);
                }
                return;
            }
            Family::Grey => {
                component_row(planes, layout, 0, y, narrow, &mut self.rows[0]);
                if self.range == Range::Full {
                    target
                        .into_iter()
                        .for_each(|row| row.copy_from_slice(&self.rows[0]));
                    return;
                }
            }
        }
        let [luma, u, v] = &self.rows;
        yuv_row(level, &self.matrix, [luma, u, v], target);
    }
}

impl Drop for BgrRows<'_> {
    fn drop(&mut self) {
        self.rows
            .iter_mut()
            .for_each(|r| r.as_mut_slice().zeroize());
        self.narrow.as_mut_slice().zeroize();
    }
}

/// One component of luma row `y`, reduced to 8 bits and repeated to luma width. `narrow` is as
/// long as `out`; what it holds afterwards is raw and the caller's to wipe.
pub fn component_row(
    planes: &[PlaneRef<'_>],
    layout: &Layout,
    component: usize,
    y: usize,
    narrow: &mut [u8],
    out: &mut [u8],
) {
    let c = layout.components[component];
    let plane = layout.planes[usize::from(c.plane)];
    let row = planes[usize::from(c.plane)].row(y >> plane.sub.shift_y);
    let step = usize::from(plane.step);
    if step == 1 {
        return repeat_row(row, plane.sub.shift_x, out);
    }
    let count = out.len().div_ceil(1 << plane.sub.shift_x);
    for (v, position) in narrow[..count].iter_mut().zip(row.chunks_exact(step)) {
        let value = layout.value(component, position);
        *v = if c.depth >= 8 {
            (value >> (c.depth - 8)) as u8
        } else {
            (u32::from(value) * 255 / ((1 << c.depth) - 1)) as u8
        };
    }
    repeat_row(&narrow[..count], plane.sub.shift_x, out);
}
