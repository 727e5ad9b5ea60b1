//! What a pixel, a box, a time and a frame's identity are here.
//!
//! No dependencies, no pixels, no I/O: every other crate may use this one.
#![forbid(unsafe_code)]

mod chroma;
mod class;
mod frame_id;
mod orientation;
mod photo;
mod profile;
mod rect;
mod time;

pub use chroma::Subsampling;
pub use class::{Class, Pass, Sighting};
pub use frame_id::FrameId;
pub use orientation::Orientation;
pub use photo::{AlbumFacts, ColourTags, PageFacts, PhotoFormat};
pub use profile::ColourProfile;
pub use rect::{NormPoint, NormRect, PxBox, PxRect, Size};
pub use time::{Pts, TimeBase, TimeError};
