//! Rows of a picture in any layout as 8-bit rows: one component, or blue, green and red.

use crate::colour::{Matrix, repeat_row, smooth_row, yuv_row};
use crate::layout::{BLACK_INK, Family, Layout, Range};
use crate::level::Level;
use crate::plane::PlaneRef;
use zeroize::Zeroize;

/// Middle of an 8-bit chroma component: no colour.
const GREY: u8 = 128;

/// Converts rows of one layout to blue, green and red. Its buffers are wiped on drop.
pub struct BgrRows<'a> {
    layout: &'a Layout,
    /// Whether a row is red, green and blue bytes by turns.
    packed: bool,
    matrix: Matrix,
    range: Range,
    rows: [Vec<u8>; 3],
    narrow: Vec<u8>,
    /// Whether halved chroma lies amid pixels and is weighted by distance, not repeated.
    smooth: bool,
    sums: Vec<u16>,
}

impl<'a> BgrRows<'a> {
    /// For rows of `width` luma pixels.
    #[must_use]
    pub fn new(layout: &'a Layout, matrix: Matrix, range: Range, width: usize) -> Self {
        Self {
            layout,
            packed: *layout == Layout::packed(Family::Rgb, false, 8),
            matrix,
            range,
            rows: [vec![GREY; width], vec![GREY; width], vec![GREY; width]],
            narrow: vec![0; width],
            smooth: false,
            sums: Vec::new(),
        }
    }

    /// Chroma of half the pixels that lies amid them, in bytes, weighted by distance instead of
    /// repeated.
    #[must_use]
    pub fn smooth(mut self, smooth: bool) -> Self {
        self.smooth = smooth;
        self
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
                    let amid = self
                        .smooth
                        .then(|| rows_amid(planes, layout, c, y))
                        .flatten();
                    match amid {
                        Some((rows, doubled)) => {
                            smooth_row(level, rows, doubled, &mut self.sums, row);
                        }
                        None => component_row(planes, layout, c, y, narrow, row),
                    }
                }
            }
            Family::Rgb if self.packed => return apart(planes[0].row(y), target),
            Family::Rgb => {
                for (row, c) in target.into_iter().zip([2, 1, 0]) {
                    component_row(planes, layout, c, y, narrow, row);
                }
                return;
            }
            Family::Ink => return self.read_inks(planes, y, target),
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

    /// What paper without a colour profile would show: each ink takes its complement away, black
    /// takes from all.
    fn read_inks(&mut self, planes: &[PlaneRef<'_>], y: usize, target: [&mut [u8]; 3]) {
        let (layout, narrow) = (self.layout, &mut self.narrow);
        let [black, ink, _] = &mut self.rows;
        component_row(planes, layout, BLACK_INK, y, narrow, black);
        // Yellow takes blue away, magenta green, cyan red.
        for (out, c) in target.into_iter().zip([2, 1, 0]) {
            component_row(planes, layout, c, y, narrow, ink);
            for ((out, ink), black) in out.iter_mut().zip(&*ink).zip(&*black) {
                let light = u16::from(255 - ink) * u16::from(255 - black);
                *out = ((light + 127) / 255) as u8;
            }
        }
    }
}

impl Drop for BgrRows<'_> {
    fn drop(&mut self) {
        self.rows
            .iter_mut()
            .for_each(|r| r.as_mut_slice().zeroize());
        self.narrow.as_mut_slice().zeroize();
        self.sums.as_mut_slice().zeroize();
    }
}

/// The two rows of a halved component between which luma row `y` lies, the nearer one first, and
/// whether it is halved across; nothing of one that is not halved or is no plane of bytes.
fn rows_amid<'a>(
    planes: &[PlaneRef<'a>],
    layout: &Layout,
    component: usize,
    y: usize,
) -> Option<([&'a [u8]; 2], bool)> {
    let at = usize::from(layout.components[component].plane);
    let (sub, step) = (layout.planes[at].sub, layout.planes[at].step);
    let (across, down) = (sub.shift_x == 1, sub.shift_y == 1);
    if step != 1 || sub.shift_x > 1 || sub.shift_y > 1 || !(across || down) {
        return None;
    }
    let near = y >> sub.shift_y;
    let last = planes[at].rows() - 1;
    let far = match (down, y.is_multiple_of(2)) {
        (false, _) => near,
        (true, true) => near.saturating_sub(1),
        (true, false) => last.min(near + 1),
    };
    Some(([planes[at].row(near), planes[at].row(far)], across))
}

/// Blue, green and red of a row of red, green and blue bytes by turns: what [`component_row`] gives
/// of each, in one walk.
fn apart(packed: &[u8], [blue, green, red]: [&mut [u8]; 3]) {
    let pixels = packed.as_chunks::<3>().0.iter();
    for (((pixel, blue), green), red) in pixels.zip(blue).zip(green).zip(red) {
        [*red, *green, *blue] = *pixel;
    }
}

/// What carries most of the brightness of luma row `y`: luma, green, or what black ink leaves of
/// the paper; reduced to 8 bits. `narrow` is as long as `out`; what it holds afterwards is raw and
/// the caller's to wipe.
pub fn brightness_row(
    planes: &[PlaneRef<'_>],
    layout: &Layout,
    y: usize,
    narrow: &mut [u8],
    out: &mut [u8],
) {
    let component = match layout.family {
        Family::Yuv | Family::Grey => 0,
        Family::Rgb => 1,
        Family::Ink => BLACK_INK,
    };
    component_row(planes, layout, component, y, narrow, out);
    if layout.family == Family::Ink {
        out.iter_mut().for_each(|v| *v = 255 - *v);
    }
}

/// One component of luma row `y`, reduced to 8 bits and repeated to luma width.
fn component_row(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_take_their_colour_away_and_black_takes_from_all() {
        let layout = Layout::packed(Family::Ink, false, 8);
        // No ink, cyan, magenta, yellow, black, half a black over half a cyan.
        let inks = [
            [0, 0, 0, 0],
            [255, 0, 0, 0],
            [0, 255, 0, 0],
            [0, 0, 255, 0],
            [0, 0, 0, 255],
            [128, 0, 0, 128],
        ];
        let samples = inks.concat();
        let planes = [PlaneRef::new(&samples, samples.len())];
        let mut rows = BgrRows::new(&layout, Matrix::bt709(true), Range::Full, inks.len());
        let [mut b, mut g, mut r] = [[0u8; 6]; 3];
        rows.read(Level::best(), &planes, 0, [&mut b, &mut g, &mut r]);
        assert_eq!(r, [255, 0, 255, 255, 0, 63]);
        assert_eq!(g, [255, 255, 0, 255, 0, 127]);
        assert_eq!(b, [255, 255, 255, 0, 0, 127]);
    }

    #[test]
    fn packed_bytes_are_taken_apart_as_any_other_layout_is() {
        let pixels = [[10, 20, 30], [40, 50, 60], [70, 80, 90]];
        let read = |layout: &Layout, samples: &[u8]| {
            let planes = [PlaneRef::new(samples, samples.len())];
            let mut rows = BgrRows::new(layout, Matrix::bt709(true), Range::Full, pixels.len());
            let [mut b, mut g, mut r] = [[0u8; 3]; 3];
            rows.read(Level::best(), &planes, 0, [&mut b, &mut g, &mut r]);
            [b, g, r]
        };
        let packed = Layout::packed(Family::Rgb, false, 8);
        let with_alpha = Layout::packed(Family::Rgb, true, 8);
        let four = pixels.map(|[r, g, b]| [r, g, b, 255]);
        let found = read(&packed, &pixels.concat());
        assert_eq!(found, read(&with_alpha, &four.concat()));
        assert_eq!(found, [[30, 60, 90], [20, 50, 80], [10, 40, 70]]);
    }
}
