//! A JPEG file as its quantised DCT coefficients.
//!
//! For: blanking whole blocks of a photograph while every other coefficient stays bit for bit
//! the same, so that a redacted photo is as sharp as the original outside of what was covered.
//!
//! May not know: pixels (there is no inverse DCT here), what is covered or why, files, the
//! other crates. It parses hostile files: it does not panic, its memory has a bound that the
//! caller states, and its time is bounded by file size and by blocks times scans.
//!
//! The format is ITU-T T.81 (1992); section numbers in comments are those of T.81 unless they
//! name something else.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use scrim_jpeg::{Coefficients, PixelRect};
//! let mut photo = Coefficients::read(&std::fs::read("in.jpg")?, 1 << 30)?;
//! photo.blank(PixelRect { x0: 40, y0: 32, x1: 90, y1: 101 }, [0, 128, 128, 255]);
//! std::fs::write("out.jpg", photo.write())?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod blank;
mod coefficients;
mod colour;
mod error;
mod exif;
mod frame;
#[cfg(test)]
mod made;
mod marker;
mod metadata;
mod order;
mod read;
mod walk;
mod write;

pub use blank::PixelRect;
pub use coefficients::{Coefficients, Component};
pub use colour::Colour;
pub use error::{Damage, JpegError, Unsupported};
pub use exif::exif_orientation;
pub use frame::{Coding, Process, Sampling};
pub use metadata::{Density, Dropped};
pub use read::{Header, header};
