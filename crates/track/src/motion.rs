//! How the picture moved from one frame to the next: coarse, robust, and blind to content.
//!
//! Made elsewhere, from scaled luma; here it is numbers only. Stored small (`packed`), because
//! each frame that is held has one.

use crate::packed::Packed;
use scrim_units::{PxBox, Size};

/// Stored steps a pixel: 1/16 px, so that a second of rounding errors stays under 2 px.
const STEPS: f32 = 16.0;

/// Marks a cell without trusted motion.
const UNTRUSTED: [i16; 2] = [i16::MIN, i16::MIN];

/// Global motion needs this share of trusted cells; with fewer it is the motion of something.
const GLOBAL_SHARE: f32 = 0.25;

/// Motion of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CellMotion {
    /// Luma pixels to the right: what was at x is at x + dx now.
    pub dx: f32,
    /// Luma pixels down.
    pub dy: f32,
    /// False where the picture was flat or nothing matched.
    pub trusted: bool,
}

/// Block motion of the whole picture: columns x rows cells of equal size, row by row.
/// Content at p in the previous frame is at p + d now. Rounded to 1/16 px; reaches to
/// ±2047 px.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionGrid {
    cell: (f32, f32),
    cols: u16,
    rows: u16,
    cells: Packed,
    /// The median of all trusted cells, or [`UNTRUSTED`].
    global: [i16; 2],
}

/// Why a grid is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MotionGridError {
    /// No columns, no rows or a picture without pixels.
    Empty,
    /// The number of cells is not columns x rows.
    Length {
        /// Columns x rows.
        wanted: usize,
        /// Cells given.
        found: usize,
    },
}

impl std::fmt::Display for MotionGridError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(f, "motion grid without cells"),
            Self::Length { wanted, found } => {
                write!(f, "motion grid of {wanted} cells got {found}")
            }
        }
    }
}

impl std::error::Error for MotionGridError {}

impl MotionGrid {
    /// A grid over a picture of `size` luma pixels. A cell whose motion is not finite is taken
    /// as not trusted.
    ///
    /// # Errors
    /// [`MotionGridError`] when the grid is empty or the number of cells is wrong.
    pub fn new(
        size: Size,
        cols: u16,
        rows: u16,
        cells: &[CellMotion],
    ) -> Result<Self, MotionGridError> {
        let wanted = usize::from(cols) * usize::from(rows);
        if wanted == 0 || size.area() == 0 {
            return Err(MotionGridError::Empty);
        }
        if cells.len() != wanted {
            return Err(MotionGridError::Length {
                wanted,
                found: cells.len(),
            });
        }
        let cells: Vec<[i16; 2]> = cells.iter().map(|&c| stored(c)).collect();
        let trusted: Vec<_> = cells.iter().copied().filter(is_trusted).collect();
        let enough = trusted.len() as f32 >= GLOBAL_SHARE * wanted as f32;
        let global = enough.then(|| median(trusted)).flatten();
        Ok(Self {
            cell: (
                size.width as f32 / f32::from(cols),
                size.height as f32 / f32::from(rows),
            ),
            cols,
            rows,
            cells: Packed::new(&cells),
            global: global.unwrap_or(UNTRUSTED),
        })
    }

    /// Motion of what was inside `area` (luma pixels, previous frame): the median, axis by
    /// axis, of the trusted cells that it touches. None where no such cell is trusted. An area
    /// outside the picture gets the nearest cells.
    #[must_use]
    pub fn at(&self, area: PxBox) -> Option<(f32, f32)> {
        // `as` saturates, and turns what is not a number into 0.
        let index = |v: f32, cell: f32, n: u16| ((v / cell).floor() as u16).min(n - 1);
        let (c0, c1) = (
            index(area.x0, self.cell.0, self.cols),
            index(area.x1, self.cell.0, self.cols),
        );
        let (r0, r1) = (
            index(area.y0, self.cell.1, self.rows),
            index(area.y1, self.cell.1, self.rows),
        );
        let width = usize::from(self.cols);
        let touched = (r0..=r1).flat_map(|r| {
            let row = usize::from(r) * width;
            (c0..=c1).map(move |c| row + usize::from(c))
        });
        let trusted = touched.map(|i| self.cells.get(i)).filter(is_trusted);
        median(trusted.collect()).map(in_pixels)
    }

    /// Motion of the picture as a whole: the median of all trusted cells, in luma pixels. None
    /// where less than a quarter of the cells is trusted.
    #[must_use]
    pub fn global(&self) -> Option<(f32, f32)> {
        is_trusted(&self.global).then(|| in_pixels(self.global))
    }
}

fn stored(cell: CellMotion) -> [i16; 2] {
    if !(cell.trusted && cell.dx.is_finite() && cell.dy.is_finite()) {
        return UNTRUSTED;
    }
    // `as` saturates; the lowest value is taken by UNTRUSTED.
    [cell.dx, cell.dy].map(|v| ((v * STEPS).round() as i16).max(i16::MIN + 1))
}

fn is_trusted(cell: &[i16; 2]) -> bool {
    *cell != UNTRUSTED
}

fn in_pixels(cell: [i16; 2]) -> (f32, f32) {
    (f32::from(cell[0]) / STEPS, f32::from(cell[1]) / STEPS)
}

/// Marginal median. Of an even number the upper of the two in the middle: a mean of background
/// and object would be the motion of neither.
fn median(mut cells: Vec<[i16; 2]>) -> Option<[i16; 2]> {
    if cells.is_empty() {
        return None;
    }
    let middle = cells.len() / 2;
    let mut axis = |a: usize| {
        let (_, m, _) = cells.select_nth_unstable_by_key(middle, |c| c[a]);
        m[a]
    };
    Some([axis(0), axis(1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 160,
        height: 90,
    };

    fn moved(dx: f32, dy: f32) -> CellMotion {
        CellMotion {
            dx,
            dy,
            trusted: true,
        }
    }

    #[test]
    fn a_grid_with_a_wrong_number_of_cells_is_refused() {
        let cells = [CellMotion::default(); 5];
        assert_eq!(
            MotionGrid::new(SIZE, 2, 3, &cells),
            Err(MotionGridError::Length {
                wanted: 6,
                found: 5
            })
        );
        assert_eq!(
            MotionGrid::new(SIZE, 0, 3, &[]),
            Err(MotionGridError::Empty)
        );
    }

    #[test]
    fn one_wild_cell_and_untrusted_ones_do_not_move_a_box() {
        let mut cells = vec![moved(3.0, -1.5); 16];
        cells[5] = moved(90.0, 90.0);
        cells[6] = CellMotion::default();
        cells[9] = moved(f32::NAN, 0.0);
        let grid = MotionGrid::new(SIZE, 4, 4, &cells).unwrap();
        let wide = PxBox::around(80.0, 45.0, 150.0, 80.0);
        assert_eq!(grid.at(wide), Some((3.0, -1.5)));
        assert_eq!(grid.global(), Some((3.0, -1.5)));
    }

    #[test]
    fn a_box_moves_with_its_own_cells_and_not_with_the_rest() {
        let mut cells = vec![moved(0.0, 0.0); 16];
        for i in [0, 1, 4, 5] {
            cells[i] = moved(-7.25, 2.0);
        }
        let grid = MotionGrid::new(SIZE, 4, 4, &cells).unwrap();
        assert_eq!(
            grid.at(PxBox::around(30.0, 20.0, 20.0, 20.0)),
            Some((-7.25, 2.0))
        );
        assert_eq!(
            grid.at(PxBox::around(-500.0, -9.0, 20.0, 20.0)),
            Some((-7.25, 2.0))
        );
        assert_eq!(
            grid.at(PxBox::around(150.0, 80.0, 9.0, 9.0)),
            Some((0.0, 0.0))
        );
    }

    #[test]
    fn where_nothing_is_trusted_no_motion_is_claimed() {
        let mut cells = vec![CellMotion::default(); 16];
        cells[0] = moved(5.0, 5.0);
        let grid = MotionGrid::new(SIZE, 4, 4, &cells).unwrap();
        assert_eq!(grid.at(PxBox::around(150.0, 80.0, 9.0, 9.0)), None);
        assert_eq!(grid.global(), None);
    }
}
