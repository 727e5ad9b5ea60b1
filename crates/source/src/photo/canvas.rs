//! The canvas on which the partial frames of PNG and GIF animations are put together.

use scrim_units::{PxRect, Size};

/// Packed samples of a whole animation frame, `step` bytes a pixel.
pub(super) struct Canvas {
    pub(super) size: Size,
    step: usize,
    pub(super) data: Vec<u8>,
}

impl Canvas {
    /// All zeros: transparent black.
    pub(super) fn new(size: Size, step: usize) -> Self {
        Self {
            size,
            step,
            data: vec![0; size.area() as usize * step],
        }
    }

    /// Bytes of the part of row `y` inside `area`, which lies on the canvas.
    fn span(&self, area: PxRect, y: u32) -> std::ops::Range<usize> {
        let at = |x: u32| (y as usize * self.size.width as usize + x as usize) * self.step;
        at(area.x0)..at(area.x1)
    }

    /// Makes an area transparent black.
    pub(super) fn clear(&mut self, area: PxRect) {
        let area = area.clip(self.size);
        for y in area.y0..area.y1 {
            let span = self.span(area, y);
            self.data[span].fill(0);
        }
    }

    /// Puts the rows of a part of one byte a pixel, `stride` pixels each, at its place.
    pub(super) fn draw_indices(
        &mut self,
        area: PxRect,
        part: &[u8],
        stride: usize,
        mut put: impl FnMut(u8, &mut [u8]),
    ) {
        let step = self.step;
        for (y, row) in (area.y0..area.y1).zip(part.chunks(stride.max(1))) {
            let span = self.span(area, y);
            let below = self.data[span].chunks_exact_mut(step);
            row.iter().zip(below).for_each(|(i, under)| put(*i, under));
        }
    }

    /// Puts the rows of a part, `stride` bytes each, at its place; `merge` joins a pixel of the
    /// part with the one below it.
    pub(super) fn draw(
        &mut self,
        area: PxRect,
        part: &[u8],
        stride: usize,
        mut merge: impl FnMut(&[u8], &mut [u8]),
    ) {
        let step = self.step;
        for (y, row) in (area.y0..area.y1).zip(part.chunks(stride)) {
            let span = self.span(area, y);
            let below = self.data[span].chunks_exact_mut(step);
            for (over, under) in row.chunks_exact(step).zip(below) {
                merge(over, under);
            }
        }
    }
}

/// One pixel over another, colours not multiplied by alpha: the formula of W3C PNG, third
/// edition, 13.16 with both backgrounds partly transparent.
pub(super) fn over(
    top: u64,
    colours: impl Iterator<Item = (u64, u64)>,
    alpha: (u64, u64),
    out: &mut [u64; 4],
) {
    let (a, b) = alpha;
    let (u, v) = (a * top, (top - a) * b);
    let sum = u + v;
    let mut count = 0;
    for (slot, (f, g)) in out.iter_mut().zip(colours) {
        *slot = (f * u + g * v).checked_div(sum).unwrap_or(0);
        count += 1;
    }
    out[count] = sum / top;
}

/// One pixel of 8 bits a sample over another; alpha is the last sample.
pub(super) fn over_8(over_pixel: &[u8], under: &mut [u8]) {
    let last = under.len() - 1;
    match over_pixel[last] {
        255 => under.copy_from_slice(over_pixel),
        0 => {}
        alpha => {
            let mut out = [0; 4];
            let colours = over_pixel[..last].iter().zip(&under[..last]);
            let colours = colours.map(|(f, g)| (u64::from(*f), u64::from(*g)));
            over(255, colours, (alpha.into(), under[last].into()), &mut out);
            under.iter_mut().zip(out).for_each(|(s, v)| *s = v as u8);
        }
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.data.as_mut_slice().zeroize();
    }
}
