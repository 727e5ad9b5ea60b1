//! `RawFrame`: decoded pixels, readable through one accessor, wiped on drop.

use crate::pool::{PlanePool, Planes};
use scrim_pixels::colour::Matrix;
use scrim_pixels::layout::{Family, Layout, Range};
use scrim_pixels::plane::PlaneRef;
use scrim_units::{FrameId, Orientation, Pts, Size, TimeBase};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::Xxh3;
use zeroize::Zeroize;

/// Colour tags of a frame: code points of ITU-T H.273, 2 where unspecified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// ColourPrimaries.
    pub primaries: u8,
    /// TransferCharacteristics.
    pub transfer: u8,
    /// MatrixCoefficients.
    pub matrix: u8,
    /// Sample range, where the source says it.
    pub range: Option<Range>,
    /// Chroma sample position as FFmpeg numbers it (0 unspecified).
    pub chroma_location: u8,
}

/// How the lines of a frame belong to fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// One picture.
    Progressive,
    /// Two fields, the upper one first.
    TopFirst,
    /// Two fields, the lower one first.
    BottomFirst,
}

/// What is known of a frame besides its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameInfo {
    /// Luma pixels as stored.
    pub size: Size,
    /// How the samples lie.
    pub layout: Arc<Layout>,
    /// Presentation time.
    pub pts: Pts,
    /// Ticks until the next frame, 0 where unknown.
    pub duration: i64,
    /// Colour tags.
    pub colour: Colour,
    /// Interlacing.
    pub fields: Fields,
    /// How to turn the stored picture to see it upright.
    pub orientation: Orientation,
    /// Whether chroma is weighted by distance when the picture is looked at, since it lies amid the pixels
    /// that share it, as in JPEG files (JFIF 1.02, page 5); else it is repeated. Never of video, however
    /// that is tagged: the scores in use there were chosen with chroma repeated.
    pub smooth_chroma: bool,
}

impl FrameInfo {
    /// The range that the samples use: what the source says, else full for RGB and inks and
    /// limited for the rest.
    #[must_use]
    pub fn range(&self) -> Range {
        self.colour.range.unwrap_or(match self.layout.family {
            Family::Rgb | Family::Ink => Range::Full,
            _ => Range::Limited,
        })
    }
}

/// Code point of ITU-T H.273 for what is not said.
const UNSPECIFIED: u8 = 2;

/// Lines up to which an untagged picture is taken for BT.601, as players do.
const SD_LINES: u32 = 576;

impl FrameInfo {
    /// Of a picture without time and tags: upright, progressive, full range.
    #[must_use]
    pub fn picture(size: Size, layout: Layout) -> Self {
        Self {
            size,
            layout: Arc::new(layout),
            pts: Pts {
                ticks: 0,
                base: TimeBase::ONE_SECOND,
            },
            duration: 0,
            colour: Colour {
                primaries: UNSPECIFIED,
                transfer: UNSPECIFIED,
                matrix: UNSPECIFIED,
                range: Some(Range::Full),
                chroma_location: 0,
            },
            fields: Fields::Progressive,
            orientation: Orientation::Upright,
            smooth_chroma: false,
        }
    }

    /// Matrix by the frame's tags (ITU-T H.273, table 4). Untagged: BT.601 up to 576 lines,
    /// BT.709 above.
    #[must_use]
    pub fn matrix(&self) -> Matrix {
        let full = self.range() == Range::Full;
        match self.colour.matrix {
            1 => Matrix::bt709(full),
            5 | 6 => Matrix::bt601(full),
            9 | 10 => Matrix::bt2020(full),
            _ if self.size.height > SD_LINES => Matrix::bt709(full),
            _ => Matrix::bt601(full),
        }
    }
}

/// Why planes do not make a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The layout contradicts itself.
    #[error("inconsistent pixel layout")]
    Layout,
    /// A plane is missing or of another length than size and layout ask for.
    #[error("plane {plane} holds {found} bytes, {expected} expected")]
    PlaneSize {
        /// Index of the plane.
        plane: usize,
        /// Bytes found.
        found: usize,
        /// Bytes that it must hold.
        expected: usize,
    },
    /// Width or height is zero.
    #[error("frame without pixels")]
    Empty,
}

/// Of this process alone: checksums lie in memory, and on a disk, longer than pixels do, and outside
/// say nothing of a picture.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().hash_one(0))
}

/// Decoded pixels. No `Clone`, `Debug`, `Serialize`, `AsRef`; wiped on drop.
///
/// ```compile_fail
/// fn twice(frame: scrim_raw::RawFrame) -> (scrim_raw::RawFrame, scrim_raw::RawFrame) {
///     (frame.clone(), frame)
/// }
/// ```
pub struct RawFrame {
    id: FrameId,
    info: FrameInfo,
    planes: Planes,
}

impl RawFrame {
    /// A frame of copied planes (no padding between rows). `index` counts in display order.
    ///
    /// # Errors
    /// [`FrameError`] when the planes do not have the shape that `info` states. They are wiped.
    pub fn new(index: u64, info: FrameInfo, mut planes: Vec<Vec<u8>>) -> Result<Self, FrameError> {
        if let Err(error) = check(&info, &planes) {
            planes.iter_mut().for_each(Zeroize::zeroize);
            return Err(error);
        }
        let mut hash = Xxh3::with_seed(seed());
        planes.iter().for_each(|p| hash.update(p));
        let id = FrameId {
            index,
            pts: info.pts.ticks,
            checksum: hash.digest(),
        };
        Ok(Self {
            id,
            info,
            planes: planes.into(),
        })
    }

    /// The same frame, whose memory goes to `pool` after it, or after what is made of it.
    #[must_use]
    pub fn pooled(mut self, pool: &PlanePool) -> Self {
        self.planes.home = Some(pool.clone());
        self
    }

    /// Which picture this is.
    #[must_use]
    pub fn id(&self) -> FrameId {
        self.id
    }

    /// What is known of it besides its pixels.
    #[must_use]
    pub fn info(&self) -> &FrameInfo {
        &self.info
    }

    /// The one way to read raw pixels. `clippy.toml` disallows it everywhere but in
    /// `detect/preprocess.rs`.
    #[must_use]
    pub fn planes(&self) -> Vec<PlaneRef<'_>> {
        self.planes.refs(&self.info)
    }

    /// Lets the painter at the planes; this crate only. They stay here, so that they are wiped
    /// if it fails.
    pub(crate) fn paint(&mut self, painter: impl FnOnce(&FrameInfo, &mut [Vec<u8>])) {
        painter(&self.info, &mut self.planes.data);
    }

    /// Gives away planes that were painted; this crate only.
    pub(crate) fn take(mut self) -> (FrameInfo, Planes) {
        let planes = std::mem::replace(&mut self.planes, Vec::new().into());
        (self.info.clone(), planes)
    }
}

impl Drop for RawFrame {
    fn drop(&mut self) {
        // Slices, not vectors: wiping a vector also walks its spare capacity.
        for plane in &mut self.planes.data {
            plane.as_mut_slice().zeroize();
        }
    }
}

fn check(info: &FrameInfo, planes: &[Vec<u8>]) -> Result<(), FrameError> {
    if !info.layout.is_consistent() {
        return Err(FrameError::Layout);
    }
    if info.size.area() == 0 {
        return Err(FrameError::Empty);
    }
    let count = info.layout.planes.len().max(planes.len());
    for plane in 0..count {
        let expected = if plane < info.layout.planes.len() {
            let (row, rows) = info.layout.plane_size(plane, info.size);
            row * rows
        } else {
            0
        };
        let found = planes.get(plane).map_or(0, Vec::len);
        if found != expected {
            return Err(FrameError::PlaneSize {
                plane,
                found,
                expected,
            });
        }
    }
    Ok(())
}
