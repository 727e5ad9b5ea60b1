//! The coefficients of a picture and what goes with them.

use crate::colour::Colour;
use crate::error::JpegError;
use crate::frame::{Extent, Frame, Sampling};
use crate::metadata::{Density, Dropped, Metadata};
use crate::order::{Block, ZIGZAG, natural, non_zero};

/// A JPEG file as its quantised coefficients.
#[derive(Debug, Clone)]
pub struct Coefficients {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) progressive: bool,
    /// Minimum coded units of the frame.
    pub(crate) units: Extent,
    /// Coded units between restart markers, 0 for none.
    pub(crate) restart_interval: u16,
    pub(crate) colour: Colour,
    pub(crate) trailing: usize,
    pub(crate) metadata: Metadata,
    pub(crate) components: Vec<Component>,
}

/// One colour component: its sampling, its quantisation and its blocks, which are overwritten on
/// drop.
#[derive(Clone)]
pub struct Component {
    id: u8,
    h: u8,
    v: u8,
    visible: Extent,
    padded: Extent,
    /// In row-major order; `None` until the first scan fixes it.
    pub(crate) quant: Option<[u16; 64]>,
    /// Row by row, padding included.
    pub(crate) blocks: Vec<Block>,
}

/// Coefficients are a picture: nothing of them goes into a log.
impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Component")
            .field("id", &self.id)
            .field("h", &self.h)
            .field("v", &self.v)
            .field("padded", &self.padded)
            .finish_non_exhaustive()
    }
}

/// Coefficients are a picture: they do not stay in memory that others get, also not those of a
/// file that was refused half-way.
impl Drop for Component {
    fn drop(&mut self) {
        self.blocks.fill([0; 64]);
        // So that the overwriting cannot be left out because nobody reads it.
        std::hint::black_box(&self.blocks);
    }
}

impl Coefficients {
    /// Reads a JPEG: baseline, extended sequential or progressive, with Huffman or arithmetic
    /// coding, 8 bits a sample, 1 to 4 components.
    ///
    /// `limit_bytes` bounds the memory for coefficients (2 bytes each, padding included) and is
    /// strict: it is checked before anything of them is allocated. Besides that, at most one copy
    /// of the file's coded data and of its colour profile is held.
    ///
    /// # Errors
    ///
    /// Damaged files are refused, never repaired; sound files of other kinds are refused by
    /// name, see [`JpegError`]. One kind of damage cannot be told: arithmetic coding goes on with
    /// zeros where a scan's data ends too early. What follows the end-of-image marker is counted,
    /// not read.
    pub fn read(data: &[u8], limit_bytes: usize) -> Result<Self, JpegError> {
        crate::read::read(data, limit_bytes)
    }

    /// Writes a JPEG with exactly these coefficients, Huffman coded.
    ///
    /// Sequential files stay sequential and progressive ones progressive, with the restart
    /// interval they had. Of the metadata it holds the density, the colour model and the
    /// orientation, nothing else; [`Coefficients::dropped`] tells what that leaves out.
    pub fn write(&self) -> Vec<u8> {
        crate::write::write(self)
    }

    /// Stored width in pixels, before any rotation.
    pub fn width(&self) -> u32 {
        u32::from(self.width)
    }

    /// Stored height in pixels, before any rotation.
    pub fn height(&self) -> u32 {
        u32::from(self.height)
    }

    /// The components in file order.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The colour model.
    pub fn colour(&self) -> Colour {
        self.colour
    }

    /// Whether the file is progressive.
    pub fn progressive(&self) -> bool {
        self.progressive
    }

    /// EXIF orientation (tag 0x0112) of the first EXIF block, 1..=8; 1 if absent or strange.
    pub fn orientation(&self) -> u8 {
        self.metadata.orientation()
    }

    /// Pixel density from the JFIF header, if there is one.
    pub fn density(&self) -> Option<Density> {
        self.metadata.jfif
    }

    /// Bytes after the end-of-image marker. They are not read.
    pub fn trailing_bytes(&self) -> usize {
        self.trailing
    }

    /// The colour profile, where all its parts are there, each once (ICC.1:2022, annex B.4).
    pub fn icc_profile(&self) -> Option<Vec<u8>> {
        self.metadata.icc_profile()
    }

    /// What the file held that [`Coefficients::write`] leaves out, each kind once.
    pub fn dropped(&self) -> Vec<Dropped> {
        let trailing = (self.trailing > 0).then_some(Dropped::Trailing(self.trailing));
        self.metadata
            .dropped()
            .iter()
            .copied()
            .chain(trailing)
            .collect()
    }

    /// A block's coefficients in row-major order, DC first; `None` outside the component.
    /// `bx` and `by` count blocks of that component, padding included.
    pub fn block(&self, component: usize, bx: usize, by: usize) -> Option<[i16; 64]> {
        self.coded(component, bx, by).map(natural)
    }

    /// The first of them, which is 8 times the block's mean in quantisation steps (T.81 A.3.3).
    pub fn dc(&self, component: usize, bx: usize, by: usize) -> Option<i16> {
        self.coded(component, bx, by).map(|block| block[0])
    }

    fn coded(&self, component: usize, bx: usize, by: usize) -> Option<&Block> {
        let component = self.components.get(component)?;
        let inside = bx < component.padded.across;
        let at = by * component.padded.across + bx;
        component.blocks.get(at).filter(|_| inside)
    }
}

impl Component {
    /// A component of a frame with all coefficients 0.
    pub(crate) fn blank(frame: &Frame, told: &Sampling) -> Self {
        let padded = frame.padded(told);
        Self {
            id: told.id,
            h: told.h,
            v: told.v,
            visible: frame.visible(told),
            padded,
            quant: None,
            blocks: vec![[0; 64]; padded.across * padded.down],
        }
    }

    /// Component identifier of the file.
    pub fn id(&self) -> u8 {
        self.id
    }

    /// Horizontal sampling factor, 1..=4.
    pub fn h(&self) -> u8 {
        self.h
    }

    /// Vertical sampling factor, 1..=4.
    pub fn v(&self) -> u8 {
        self.v
    }

    /// Blocks in a row, padding included.
    pub fn across(&self) -> usize {
        self.padded.across
    }

    /// Rows of blocks, padding included.
    pub fn down(&self) -> usize {
        self.padded.down
    }

    /// Quantisation steps in row-major order, 1..=65535.
    pub fn quant(&self) -> [u16; 64] {
        // Reading ends only after every component's table was fixed.
        self.quant.unwrap_or([1; 64])
    }

    /// Puts a block's coefficients times their quantisation steps (T.81 A.3.4) into `out`, in
    /// row-major order, and tells how many columns and rows from the first on hold all that are
    /// not 0; `None` outside the component. `bx` and `by` count blocks, padding included.
    #[inline]
    pub fn dequantised(&self, bx: usize, by: usize, out: &mut [f32; 64]) -> Option<(usize, usize)> {
        let at = by * self.padded.across + bx;
        let block = self.blocks.get(at).filter(|_| bx < self.padded.across)?;
        let steps = self.quant.as_ref().unwrap_or(&[1; 64]);
        *out = [0.0; 64];
        let (mut columns, mut rows) = (0, 0);
        let mut rest = non_zero(block);
        while rest != 0 {
            let coded = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let natural = usize::from(ZIGZAG[coded]);
            out[natural] = (i32::from(block[coded]) * i32::from(steps[natural])) as f32;
            columns = columns.max(natural % 8 + 1);
            rows = rows.max(natural / 8 + 1);
        }
        Some((columns, rows))
    }

    pub(crate) fn visible(&self) -> Extent {
        self.visible
    }
}
