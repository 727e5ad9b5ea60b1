//! Photos to `RawFrame`s, one a page or frame: the one raw path of still pictures.
//!
//! Limits are checked before memory is taken. Decoders run behind `catch_unwind`: whatever a
//! hostile file does to one becomes an error of that file. What a format carries besides
//! samples (text, camera data, thumbnails, what follows its end) is named and left behind.
//!
//! Orientation tags are not applied: pixels stay as stored, the frame says how to turn them.

mod bmp;
mod canvas;
mod gif;
mod jpeg;
mod metadata;
mod png;
mod tiff;
mod webp;

use crate::error::SourceError;
use crate::limits::Limits;
use scrim_pixels::layout::Layout;
use scrim_raw::{FrameInfo, RawFrame, RawJpeg};
use scrim_units::{
    AlbumFacts, ColourProfile, ColourTags, Orientation, PageFacts, PhotoFormat, Pts, Size, TimeBase,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// What a photo may ask for, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct PhotoOptions {
    /// Bounds, strict.
    pub limits: Limits,
    /// Give out what can be decoded of a damaged file.
    pub accept_damaged: bool,
    /// Threads that may decode one, where its decoder can use more.
    pub threads: usize,
}

/// One page of a photo file.
pub struct Page {
    /// Its pixels.
    pub frame: RawFrame,
    /// How they lay in the file.
    pub facts: PageFacts,
}

/// A decoder of one format.
trait Pages: Send {
    /// The next page.
    fn advance(&mut self, told: &mut Told) -> Result<Option<Page>, SourceError>;
}

/// What a decoder tells besides pages.
#[derive(Default)]
struct Told {
    dropped: Vec<String>,
    notes: Vec<String>,
    damage: Option<String>,
    jpeg: Option<RawJpeg>,
    profile: Option<ColourProfile>,
}

impl Told {
    /// Names something that is left behind, once.
    fn drop(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.dropped.contains(&what) {
            self.dropped.push(what);
        }
    }

    /// Keeps what colour needs of a profile for pictures of this kind.
    fn profile(&mut self, bytes: &[u8], grey: bool) {
        let reduced = ColourProfile::reduce(bytes).filter(|p| p.is_grey() == grey);
        if reduced.is_some() {
            self.drop("texts of the ICC profile");
            self.profile = reduced;
        } else {
            self.drop("ICC profile");
        }
    }

    /// Damage that is accepted, or the refusal.
    fn damaged(&mut self, what: String, options: &PhotoOptions) -> Result<(), SourceError> {
        if !options.accept_damaged {
            return Err(SourceError::Damaged(what));
        }
        self.damage.get_or_insert(what);
        Ok(())
    }
}

/// The bytes of a photo file, shared between decoders.
#[derive(Clone)]
struct Bytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// An open photo file.
pub struct Photo {
    pages: Box<dyn Pages>,
    album: AlbumFacts,
    told: Told,
}

/// The bytes of a photo file; no more than one frame may take.
///
/// # Errors
/// [`SourceError`] when it cannot be read or is too large.
pub fn read_file(path: &Path, limits: &Limits) -> Result<Arc<Vec<u8>>, SourceError> {
    let length = std::fs::metadata(path)?.len();
    if length > limits.frame_bytes {
        return Err(SourceError::Photo {
            format: "a picture",
            what: format!(
                "{} MB are over the limit of {} MB; raise it with --memory",
                length >> 20,
                limits.frame_bytes >> 20
            ),
        });
    }
    Ok(Arc::new(std::fs::read(path)?))
}

impl Photo {
    /// Opens a file of this format.
    ///
    /// # Errors
    /// [`SourceError`]: not of this format, damaged, too large, or of a kind that is refused by
    /// name.
    pub fn open(
        data: &Arc<Vec<u8>>,
        format: PhotoFormat,
        options: PhotoOptions,
    ) -> Result<Self, SourceError> {
        let bytes = Bytes(data.clone());
        let mut told = Told::default();
        let (pages, album) = guarded(format, || match format {
            PhotoFormat::Jpeg => jpeg::open(bytes, options, &mut told),
            PhotoFormat::Png => png::open(bytes, options, &mut told),
            PhotoFormat::WebP => webp::open(bytes, options, &mut told),
            PhotoFormat::Tiff => tiff::open(bytes, options, &mut told),
            PhotoFormat::Bmp => bmp::open(bytes, options, &mut told),
            PhotoFormat::Gif => gif::open(bytes, options, &mut told),
        })?;
        Ok(Self { pages, album, told })
    }

    /// What is known of the whole file.
    #[must_use]
    pub fn album(&self) -> &AlbumFacts {
        &self.album
    }

    /// The next page.
    ///
    /// # Errors
    /// [`SourceError`]; there is no next page then.
    pub fn advance(&mut self) -> Result<Option<Page>, SourceError> {
        let (pages, told) = (&mut self.pages, &mut self.told);
        guarded(self.album.format, || pages.advance(told))
    }

    /// The coefficients of a JPEG whose only page was given out, where they could be read. They
    /// are paired with that page.
    pub fn take_jpeg(&mut self) -> Option<RawJpeg> {
        self.told.jpeg.take()
    }

    /// What the file holds that is not given out; complete after the last page.
    #[must_use]
    pub fn dropped(&self) -> &[String] {
        &self.told.dropped
    }

    /// The colour profile, reduced to what colour needs; known after the first page.
    #[must_use]
    pub fn profile(&self) -> Option<&ColourProfile> {
        self.told.profile.as_ref()
    }

    /// What the user should know of how it was read.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.told.notes
    }

    /// What is damaged, where that was accepted.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        self.told.damage.as_deref()
    }
}

/// Runs a decoder; a panic becomes an error.
fn guarded<T>(
    format: PhotoFormat,
    work: impl FnOnce() -> Result<T, SourceError>,
) -> Result<T, SourceError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(SourceError::Photo {
            format: format.name(),
            what: "its decoder failed".into(),
        })
    })
}

/// Facts of a file with still pages.
fn still(format: PhotoFormat) -> AlbumFacts {
    AlbumFacts {
        format,
        animated: false,
        loops: None,
        first_apart: false,
        colour: ColourTags::default(),
    }
}

/// A page of copied samples. `ticks` of 1/1000 s are its time from the start of the animation.
fn page(
    index: u64,
    size: Size,
    layout: Layout,
    orientation: Orientation,
    ticks: i64,
    planes: Vec<Vec<u8>>,
    facts: PageFacts,
) -> Result<Page, SourceError> {
    let info = FrameInfo {
        pts: Pts {
            ticks,
            base: TimeBase::new(1, 1000)?,
        },
        duration: milliseconds(facts.delay),
        orientation,
        ..FrameInfo::picture(size, layout)
    };
    let frame = RawFrame::new(index, info, planes)
        .map_err(|e| SourceError::Absurd(format!("samples of another shape ({e})")))?;
    Ok(Page { frame, facts })
}

/// A delay in whole milliseconds.
fn milliseconds((num, den): (u32, u32)) -> i64 {
    i64::from(num) * 1000 / i64::from(den.max(1))
}

/// Size of a picture that passed the limits.
fn checked(
    width: u32,
    height: u32,
    bytes_a_pixel: u64,
    options: &PhotoOptions,
) -> Result<Size, SourceError> {
    let size = Size { width, height };
    options.limits.check(size, bytes_a_pixel)?;
    Ok(size)
}

/// An error of a decoder's own words.
fn photo_error(format: PhotoFormat, error: impl std::fmt::Display) -> SourceError {
    SourceError::Photo {
        format: format.name(),
        what: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
