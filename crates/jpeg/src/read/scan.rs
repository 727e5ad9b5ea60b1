//! A scan: its header (T.81 B.2.3) and the walk through its blocks.

use super::arithmetic::{Arithmetic, Kind};
use super::entropy::Entropy;
use super::huffman::{Class, DecodeTable, HuffmanSpec};
use super::progressive::{AcFirst, AcRefine, DcFirst, DcRefine};
use super::sequential::Sequential;
use super::tables::Tables;
use crate::coefficients::Component;
use crate::error::{Damage, JpegError};
use crate::frame::{Coding, Frame, Process};
use crate::marker::Segment;
use crate::order::Block;
use crate::walk::{MAX_BLOCKS_IN_UNIT, Walk};

/// The coded data of a restart interval, as one of the two codings reads it.
pub(crate) trait Coded<'a> {
    /// `bytes`: data free of stuffing, followed by [`PADDING`](super::bits::PADDING) zero bytes.
    fn new(bytes: &'a [u8]) -> Self;
    /// Bytes begun so far.
    fn position(&self) -> usize;
    /// Whether no more was taken than there is.
    fn check(&self) -> bool;
    /// Whether no whole byte is left.
    fn at_end(&self) -> bool;
}

/// What one coding procedure does with one block.
pub(crate) trait BlockDecoder {
    /// How it reads.
    type Input<'a>: Coded<'a>;

    /// Decodes the next block; `slot` counts the scan's components.
    fn block(
        &mut self,
        input: &mut Self::Input<'_>,
        slot: usize,
        block: &mut Block,
    ) -> Result<(), Damage>;

    /// Ends a restart interval, or the scan: forgets what a restart marker resets. Fails if
    /// the interval promised more blocks than it had.
    fn end_interval(&mut self) -> Result<(), Damage>;
}

/// A band of coefficients and the bits of them that a scan sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Band {
    /// First coefficient in coded order.
    pub first: usize,
    /// Last coefficient, inclusive.
    pub last: usize,
    /// Lowest bit known before this scan, 0 for a first scan.
    pub high: u8,
    /// Lowest bit known after it.
    pub low: u8,
}

impl Band {
    /// One bit for each coefficient of the band, the first lowest.
    pub(crate) fn mask(&self) -> u64 {
        (u64::MAX << self.first) & (u64::MAX >> (63 - self.last))
    }
}

/// The largest point transform that T.81 table B.3 allows.
const MAX_LOW_BIT: u8 = 13;

pub(crate) struct Scan {
    components: Vec<usize>,
    dc_tables: Vec<usize>,
    ac_tables: Vec<usize>,
    pub band: Band,
    pub progressive: bool,
}

impl Scan {
    /// Components of the scan as positions in the frame.
    pub(crate) fn components(&self) -> &[usize] {
        &self.components
    }

    /// Reads and checks a scan header.
    pub(crate) fn parse(frame: &Frame, segment: &Segment<'_>) -> Result<Self, JpegError> {
        let damaged = |what| segment.damaged(what);
        let Some((&count, rest)) = segment.body.split_first() else {
            return Err(damaged(Damage::SegmentLength));
        };
        let Some((list, &[first, last, bits])) = rest.split_last_chunk::<3>() else {
            return Err(damaged(Damage::SegmentLength));
        };
        if !(1..=4).contains(&count) || list.len() != 2 * usize::from(count) {
            return Err(damaged(Damage::SegmentLength));
        }
        let mut scan = Self {
            components: Vec::with_capacity(4),
            dc_tables: Vec::with_capacity(4),
            ac_tables: Vec::with_capacity(4),
            band: Band {
                first: first.into(),
                last: last.into(),
                high: bits >> 4,
                low: bits & 15,
            },
            progressive: frame.process == Process::Progressive,
        };
        for &[id, tables] in list.as_chunks::<2>().0 {
            scan.add(frame, id, tables).map_err(damaged)?;
        }
        scan.check_units(frame)
            .and_then(|()| scan.check_band())
            .map_err(damaged)?;
        Ok(scan)
    }

    fn add(&mut self, frame: &Frame, id: u8, tables: u8) -> Result<(), Damage> {
        let component = frame.components.iter().position(|c| c.id == id);
        let component = component.ok_or(Damage::UnknownComponent)?;
        if self.components.contains(&component) {
            return Err(Damage::RepeatedComponent);
        }
        self.components.push(component);
        self.dc_tables.push(usize::from(tables >> 4));
        self.ac_tables.push(usize::from(tables & 15));
        Ok(())
    }

    fn check_units(&self, frame: &Frame) -> Result<(), Damage> {
        let blocks = |&n: &usize| {
            frame
                .components
                .get(n)
                .map_or(0, |c| usize::from(c.h * c.v))
        };
        let total: usize = self.components.iter().map(blocks).sum();
        if self.components.len() > 1 && total > MAX_BLOCKS_IN_UNIT {
            return Err(Damage::TooManyBlocksInUnit);
        }
        Ok(())
    }

    fn check_band(&mut self) -> Result<(), Damage> {
        let Band {
            first,
            last,
            high,
            low,
        } = self.band;
        let allowed = if self.progressive {
            let of_dc = first == 0 && last == 0;
            let of_ac = first >= 1 && first <= last && last < 64 && self.components.len() == 1;
            (of_dc || of_ac) && low <= MAX_LOW_BIT && (high == 0 || high == low + 1)
        } else {
            // Some sequential files have zeros here; libjpeg reads them all the same.
            (first, high, low) == (0, 0, 0) && matches!(last, 0 | 63)
        };
        if !allowed {
            return Err(Damage::ScanParameters);
        }
        if !self.progressive {
            self.band.last = 63;
        }
        Ok(())
    }

    /// Decodes the coded data into the planes.
    pub(crate) fn decode(
        &self,
        tables: &Tables,
        frame: &Frame,
        planes: &mut [Component],
        entropy: &mut Entropy<'_>,
        segment: &Segment<'_>,
    ) -> Result<(), JpegError> {
        let walk = Walk::new(planes, &self.components, frame.units());
        let interval = match tables.restart_interval {
            0 => walk.len(),
            n => usize::from(n),
        };
        let mut run = Run {
            walk: &walk,
            interval,
            planes,
            entropy,
        };
        let band = self.band;
        let kind = (self.progressive, band.first, band.high);
        if frame.coding == Coding::Arithmetic {
            let kind = match kind {
                (false, _, _) => Kind::Sequential,
                (true, 0, 0) => Kind::DcFirst,
                (true, 0, _) => Kind::DcRefine,
                (true, _, 0) => Kind::AcFirst,
                (true, _, _) => Kind::AcRefine,
            };
            let numbers = [&self.dc_tables[..], &self.ac_tables];
            let mut decoder = Arithmetic::new(kind, band, numbers, tables.conditioning);
            return run.decode(&mut decoder);
        }
        let dc = || build(&self.dc_tables, &tables.dc, Class::Dc).map_err(|d| segment.damaged(d));
        let ac = || build(&self.ac_tables, &tables.ac, Class::Ac).map_err(|d| segment.damaged(d));
        match kind {
            (false, _, _) => run.decode(&mut Sequential::new(&dc()?.each(), &ac()?.each())),
            (true, 0, 0) => run.decode(&mut DcFirst::new(&dc()?.each(), band)),
            (true, 0, _) => run.decode(&mut DcRefine::new(band)),
            (true, _, 0) => run.decode(&mut AcFirst::new(&ac()?.each(), band)),
            (true, _, _) => run.decode(&mut AcRefine::new(&ac()?.each(), band)),
        }
    }
}

/// Tables of a scan, each built once however many components use it.
struct Built {
    tables: Vec<(usize, DecodeTable)>,
    numbers: Vec<usize>,
}

impl Built {
    /// One table for each of the scan's components.
    fn each(&self) -> Vec<&DecodeTable> {
        let find = |n: &usize| {
            self.tables
                .iter()
                .find(|(number, _)| number == n)
                .map(|(_, t)| t)
        };
        self.numbers.iter().filter_map(find).collect()
    }
}

fn build(
    numbers: &[usize],
    specs: &[Option<HuffmanSpec>; 4],
    class: Class,
) -> Result<Built, Damage> {
    let mut tables: Vec<(usize, DecodeTable)> = Vec::with_capacity(4);
    for &number in numbers {
        if tables.iter().all(|&(n, _)| n != number) {
            let spec = specs.get(number).ok_or(Damage::TableNumber)?;
            let spec = spec.as_ref().ok_or(Damage::NoHuffmanTable)?;
            tables.push((number, DecodeTable::new(spec, class)?));
        }
    }
    Ok(Built {
        tables,
        numbers: numbers.to_vec(),
    })
}

/// Everything that a scan's coded data is decoded with, except the procedure.
struct Run<'r, 'a> {
    walk: &'r Walk,
    /// Coded units between restart markers.
    interval: usize,
    planes: &'r mut [Component],
    entropy: &'r mut Entropy<'a>,
}

impl Run<'_, '_> {
    fn decode<D: BlockDecoder>(&mut self, decoder: &mut D) -> Result<(), JpegError> {
        let mut left = self.walk.len();
        let mut units = self.walk.units();
        let mut number = 0;
        loop {
            let now = left.min(self.interval);
            self.entropy.load()?;
            self.one_interval(units.by_ref().take(now), decoder)?;
            left -= now;
            if left == 0 {
                return Ok(());
            }
            self.entropy.pass_restart(number)?;
            number += 1;
        }
    }

    /// Decodes the units of the loaded restart interval, which must end with it.
    fn one_interval<D: BlockDecoder>(
        &mut self,
        units: impl Iterator<Item = (usize, usize)>,
        decoder: &mut D,
    ) -> Result<(), JpegError> {
        let mut input = D::Input::new(self.entropy.bytes());
        for (x, y) in units {
            unit(self.walk, self.planes, (x, y), &mut input, decoder)
                .map_err(|what| self.entropy.damaged(what, input.position()))?;
        }
        decoder
            .end_interval()
            .and_then(|()| input.at_end().then_some(()).ok_or(Damage::DataLeftOver))
            .map_err(|what| self.entropy.damaged(what, input.position()))
    }
}

/// Decodes the blocks of one coded unit.
#[inline]
fn unit<D: BlockDecoder>(
    walk: &Walk,
    planes: &mut [Component],
    (x, y): (usize, usize),
    input: &mut D::Input<'_>,
    decoder: &mut D,
) -> Result<(), Damage> {
    for spot in walk.spots() {
        let plane = planes
            .get_mut(spot.component)
            .ok_or(Damage::UnknownComponent)?;
        let block = plane
            .blocks
            .get_mut(spot.index(x, y))
            .ok_or(Damage::BandOverrun)?;
        decoder.block(input, spot.slot, block)?;
        if !input.check() {
            return Err(Damage::DataMissing);
        }
    }
    Ok(())
}
