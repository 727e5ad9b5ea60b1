//! Still pictures and animations: writers from redacted pages only, each file made anew.
//!
//! Nothing of the source file is copied. What a file gets besides samples is made from numbers:
//! orientation, delays and loops, colour chunks of PNG, a colour profile reduced to colour.
//!
//! Where samples cannot be kept in the form they had, these rules hold:
//! - a palette is made from the redacted page, so that its entries tell nothing of what was
//!   covered; a page with more than 256 colours (PNG, BMP) is written as RGB(A) of equal look;
//! - GIF holds 256 colours a frame: the rarest are drawn in the nearest one, and this is noted;
//! - a lossy WebP is written lossy again, at a quality above what cameras and sites use;
//! - a JPEG whose coefficients could not be kept is written anew at quality 95 without
//!   subsampling.

mod bmp;
mod exif;
mod gif;
mod jpeg;
mod palette;
mod patch;
mod png;
mod tiff;
mod webp;

use crate::error::SinkError;
use crate::part::PartFile;
use scrim_frame::{Family, RedactedFrame, RedactedJpeg};
use scrim_units::{AlbumFacts, ColourProfile, Orientation, PageFacts, PhotoFormat, Size};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Writes a JPEG whose coefficients were kept.
///
/// # Errors
/// [`SinkError::Io`].
pub fn write_jpeg(
    part: &PartFile,
    jpeg: &RedactedJpeg,
    profile: Option<&ColourProfile>,
) -> Result<(), SinkError> {
    match profile {
        Some(profile) => part.write(&jpeg::with_profile(jpeg.bytes(), profile)),
        None => part.write(jpeg.bytes()),
    }
}

/// A writer of one format.
trait Pages {
    /// Writes one page. `notes` take what the user should know.
    fn page(&mut self, page: &Samples<'_>, notes: &mut Notes) -> Result<(), SinkError>;
    /// Writes the end.
    fn finish(self: Box<Self>, notes: &mut Notes) -> Result<(), SinkError>;
}

/// What the user should know, each once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, what: &str) {
        if !self.0.iter().any(|n| n == what) {
            self.0.push(what.into());
        }
    }
}

/// An open picture file.
pub struct PhotoWriter {
    pages: Box<dyn Pages>,
    notes: Notes,
    path: PathBuf,
    failure: Failure,
}

impl PhotoWriter {
    /// Opens the file at `path` (a `.part` file) for this many pages.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn create(
        path: &Path,
        album: &AlbumFacts,
        profile: Option<&ColourProfile>,
        pages: u64,
    ) -> Result<Self, SinkError> {
        let profile = profile.cloned();
        let failure = Failure::default();
        let out = Out::create(path, failure.clone())?;
        let pages: Box<dyn Pages> = match album.format {
            PhotoFormat::Jpeg => Box::new(jpeg::Jpeg::new(out, profile)),
            PhotoFormat::Png => Box::new(png::Png::new(out, album, profile, pages)),
            PhotoFormat::WebP => Box::new(webp::WebP::new(out, album, profile)),
            PhotoFormat::Tiff => Box::new(tiff::Tiff::new(out, profile)?),
            PhotoFormat::Bmp => Box::new(bmp::Bmp::new(out)),
            PhotoFormat::Gif => Box::new(gif::Gif::new(out, album)),
        };
        Ok(Self {
            pages,
            notes: Notes::default(),
            path: path.to_owned(),
            failure,
        })
    }

    /// Writes one page.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn write(&mut self, frame: &RedactedFrame, facts: &PageFacts) -> Result<(), SinkError> {
        let page = Samples { frame, facts };
        self.pages.page(&page, &mut self.notes)
    }

    /// Writes the end; what the user should know comes back.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn finish(mut self) -> Result<Vec<String>, SinkError> {
        // Some encoders keep the file to themselves and flush it when they are dropped, as here.
        let finished = self.pages.finish(&mut self.notes);
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = *failure {
            return Err(SinkError::io(&self.path, "write")(kind.into()));
        }
        finished?;
        drop(failure);
        Ok(self.notes.0)
    }
}

/// A redacted page with how it lay in its file.
struct Samples<'a> {
    frame: &'a RedactedFrame,
    facts: &'a PageFacts,
}

impl<'a> Samples<'a> {
    fn size(&self) -> Size {
        self.frame.info().size
    }

    fn orientation(&self) -> Orientation {
        self.frame.info().orientation
    }

    /// The packed samples, their colour family, alpha, depth in bits and bytes a pixel.
    fn packed(&self) -> Result<Packed<'a>, SinkError> {
        let layout = &self.frame.info().layout;
        let [plane] = layout.planes[..] else {
            return Err(SinkError::WrongShape);
        };
        if layout.family == Family::Yuv {
            return Err(SinkError::WrongShape);
        }
        let planes = self.frame.planes();
        Ok(Packed {
            bytes: planes[0].bytes(),
            family: layout.family,
            alpha: layout.alpha,
            depth: layout.components[0].depth,
            step: plane.step.into(),
            big_endian: layout.big_endian,
        })
    }

    /// The packed samples, where they are 8 bits of red, green, blue and perhaps alpha.
    fn colours(&self) -> Result<Packed<'a>, SinkError> {
        let packed = self.packed()?;
        if packed.family != Family::Rgb || packed.depth != 8 {
            return Err(SinkError::WrongShape);
        }
        Ok(packed)
    }
}

/// Samples of one plane.
#[derive(Clone, Copy)]
struct Packed<'a> {
    bytes: &'a [u8],
    family: Family,
    alpha: bool,
    /// 8 or 16.
    depth: u8,
    /// Bytes a pixel.
    step: usize,
    big_endian: bool,
}

/// The first write that failed, whoever asked for it.
type Failure = Arc<Mutex<Option<std::io::ErrorKind>>>;

/// A file that remembers a failure, so that one in a destructor is not lost.
struct Watched {
    file: File,
    failure: Failure,
}

impl Watched {
    fn note<T>(&self, result: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(e) = &result
            && e.kind() != std::io::ErrorKind::Interrupted
        {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(e.kind());
        }
        result
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let result = self.file.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let result = self.file.flush();
        self.note(result)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let result = self.file.seek(to);
        self.note(result)
    }
}

/// What encoders write to.
type OutFile = BufWriter<Watched>;

/// The file that is written, which errors name.
struct Out {
    file: OutFile,
    path: PathBuf,
}

impl Out {
    fn create(path: &Path, failure: Failure) -> Result<Self, SinkError> {
        let file = File::create(path).map_err(SinkError::io(path, "create"))?;
        Ok(Self {
            file: BufWriter::new(Watched { file, failure }),
            path: path.to_owned(),
        })
    }

    /// Writes all of it and ends the file.
    fn write_whole(mut self, bytes: &[u8]) -> Result<(), SinkError> {
        self.file
            .write_all(bytes)
            .and_then(|()| self.file.flush())
            .map_err(SinkError::io(&self.path, "write"))
    }
}

/// An encoder's own words.
fn failed(format: PhotoFormat) -> impl Fn(&dyn std::fmt::Display) -> SinkError {
    move |e| SinkError::Photo {
        format: format.name(),
        what: e.to_string(),
    }
}

#[cfg(test)]
mod tests;
