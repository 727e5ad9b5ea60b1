//! Blanking whole coded units. The only thing this crate ever does to coefficients.

use crate::coefficients::{Coefficients, Component};

/// A rectangle in stored (unrotated) luma pixels, half-open: `x1` and `y1` lie outside.
/// Empty if `x1 <= x0` or `y1 <= y0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelRect {
    /// Left edge.
    pub x0: u32,
    /// Upper edge.
    pub y0: u32,
    /// Right edge, exclusive.
    pub x1: u32,
    /// Lower edge, exclusive.
    pub y1: u32,
}

impl Coefficients {
    /// Makes every minimum coded unit that the rectangle touches flat, in all components.
    ///
    /// Covers outward: 8 by 8 pixels times the largest sampling factors, and the padding blocks
    /// beyond the right and lower edge of the picture with them. `level` is the sample value,
    /// 0..=255, for each component in file order, after colour conversion (YCbCr black is
    /// 0, 128, 128); what is stored is the nearest value that the quantisation allows.
    ///
    /// Returns what was covered, clipped to the picture; an empty rectangle if nothing was.
    /// Decoders that smooth subsampled chroma mix the colours on both sides of the edge into the
    /// pixels next to it; what was covered takes no part in that, since it is gone.
    pub fn blank(&mut self, rect: PixelRect, level: [u8; 4]) -> PixelRect {
        let (width, height) = (self.width(), self.height());
        let (x1, y1) = (rect.x1.min(width), rect.y1.min(height));
        if rect.x0 >= x1 || rect.y0 >= y1 {
            return PixelRect {
                x0: 0,
                y0: 0,
                x1: 0,
                y1: 0,
            };
        }
        let (h, v) = self.unit_size();
        let units = PixelRect {
            x0: rect.x0 / h,
            y0: rect.y0 / v,
            x1: x1.div_ceil(h),
            y1: y1.div_ceil(v),
        };
        for (component, level) in self.components.iter_mut().zip(level) {
            component.blank_units(units, level);
        }
        PixelRect {
            x0: units.x0 * h,
            y0: units.y0 * v,
            x1: (units.x1 * h).min(width),
            y1: (units.y1 * v).min(height),
        }
    }

    /// Width and height in pixels of the unit that [`Coefficients::blank`] rounds outward to:
    /// 8, 16, 24 or 32 each.
    pub fn unit_size(&self) -> (u32, u32) {
        let h = self.components.iter().map(|c| u32::from(c.h())).max();
        let v = self.components.iter().map(|c| u32::from(c.v())).max();
        (8 * h.unwrap_or(1), 8 * v.unwrap_or(1))
    }
}

impl Component {
    /// `units`: columns and rows of minimum coded units, half-open.
    fn blank_units(&mut self, units: PixelRect, level: u8) {
        let mut flat = [0; 64];
        flat[0] = flat_dc(level, self.quant()[0]);
        let (h, v) = (u32::from(self.h()), u32::from(self.v()));
        let columns = (units.x0 * h) as usize..(units.x1 * h) as usize;
        let rows = (units.y0 * v) as usize..(units.y1 * v) as usize;
        let across = self.across();
        for row in self
            .blocks
            .chunks_mut(across.max(1))
            .take(rows.end)
            .skip(rows.start)
        {
            if let Some(blocks) = row.get_mut(columns.clone()) {
                blocks.fill(flat);
            }
        }
    }
}

/// The quantised DC whose flat block comes nearest to a sample value: the DC of a flat block is
/// 8 times its level-shifted value (T.81 A.3.1, A.3.3). Halves round away from 128.
fn flat_dc(level: u8, step: u16) -> i16 {
    let (wanted, step) = ((i32::from(level) - 128) * 8, i32::from(step.max(1)));
    let nearest = (wanted.abs() + step / 2) / step;
    // At most 1024 in magnitude, so the cast is exact.
    (nearest * wanted.signum()) as i16
}

#[cfg(test)]
mod tests;
