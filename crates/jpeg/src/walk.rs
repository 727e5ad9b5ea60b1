//! In which order a scan visits the blocks (T.81 A.2). Reading and writing both follow this.

use crate::coefficients::Component;
use crate::frame::Extent;
use std::ops::Range;

/// Most blocks that a unit of an interleaved scan may hold (B.2.3).
pub(crate) const MAX_BLOCKS_IN_UNIT: usize = 10;

/// The blocks of a scan, coded unit by coded unit.
pub(crate) struct Walk {
    spots: Vec<Spot>,
    units: Extent,
}

/// One block of a coded unit.
pub(crate) struct Spot {
    /// Which of the scan's components, counted within the scan.
    pub slot: usize,
    /// Which of the picture's components.
    pub component: usize,
    step: Extent,
    offset: Extent,
    stride: usize,
}

impl Spot {
    /// Index of this block among its component's blocks, for the unit at column x, row y.
    #[inline]
    pub(crate) fn index(&self, x: usize, y: usize) -> usize {
        (y * self.step.down + self.offset.down) * self.stride
            + x * self.step.across
            + self.offset.across
    }
}

impl Walk {
    /// The walk over some of the picture's components. `units`: those of the whole frame.
    pub(crate) fn new(components: &[Component], chosen: &[usize], units: Extent) -> Self {
        let single = chosen.len() == 1;
        let mut walk = Self {
            spots: Vec::with_capacity(MAX_BLOCKS_IN_UNIT),
            units,
        };
        for (slot, &component) in chosen.iter().enumerate() {
            let Some(c) = components.get(component) else {
                continue;
            };
            // A scan of one component has units of one block and no padding (A.2.2).
            let (step, stride) = if single {
                walk.units = c.visible();
                (Extent { across: 1, down: 1 }, c.across())
            } else {
                (
                    Extent {
                        across: usize::from(c.h()),
                        down: usize::from(c.v()),
                    },
                    c.across(),
                )
            };
            for n in 0..step.across * step.down {
                let offset = Extent {
                    across: n % step.across,
                    down: n / step.across,
                };
                walk.spots.push(Spot {
                    slot,
                    component,
                    step,
                    offset,
                    stride,
                });
            }
        }
        walk
    }

    /// Blocks of one coded unit, in coded order.
    pub(crate) fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// Columns and rows of the units in order, row by row.
    pub(crate) fn units(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        self.units_of(0..self.units.down)
    }

    /// The same of some rows.
    pub(crate) fn units_of(
        &self,
        rows: Range<usize>,
    ) -> impl Iterator<Item = (usize, usize)> + use<> {
        let across = self.units.across;
        rows.flat_map(move |y| (0..across).map(move |x| (x, y)))
    }

    /// The unit before the first one of a row.
    pub(crate) fn before(&self, row: usize) -> Option<(usize, usize)> {
        Some((self.units.across.checked_sub(1)?, row.checked_sub(1)?))
    }

    /// Rows of units.
    pub(crate) fn rows(&self) -> usize {
        self.units.down
    }

    /// Number of coded units.
    pub(crate) fn len(&self) -> usize {
        self.units.across * self.units.down
    }
}
