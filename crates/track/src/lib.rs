//! Boxes over time turned into the cover of each frame, and the schedule of where to look.
//!
//! This crate has no pixels, no I/O and no clock: times come in with the frames. All it ever
//! knows of a face or plate is a class, a score and a box; a track is "the same place, moved
//! along", good for one stretch between two cuts, and its number means nothing outside one
//! clip. Nothing here compares what was inside two boxes, and nothing may be added that does.
//!
//! The order of work in [`cover_clip`], a module each:
//! `shot` cuts the clip at hard cuts; `chain` links sightings forwards, with `predict`
//! and `assign`; `join` links the pieces, looking backwards as well; `keep` drops what
//! has no strong sighting; `fit` smooths; `path` places a box in every frame, also where
//! nobody looked or nothing was found; `cover` adds the margins. [`ClipTracker`] does the same
//! while the clip is still read (`settle`, and scenes that go on for minutes in `parts`),
//! [`LiveTracker`] while a camera runs (`live`).
#![forbid(unsafe_code)]

mod assign;
mod chain;
mod clip;
mod cover;
mod facts;
mod fit;
mod join;
mod keep;
mod live;
mod motion;
mod packed;
mod parts;
mod passes;
mod path;
mod predict;
mod schedule;
mod settings;
mod settle;
mod shot;

pub use clip::cover_clip;
pub use cover::{ClipCover, CoverBox, FrameCover, TrackSummary, Why};
pub use facts::{FrameFacts, Look};
pub use live::LiveTracker;
pub use motion::{CellMotion, MotionGrid, MotionGridError};
pub use passes::{photo_passes, verify_passes};
pub use schedule::Schedule;
pub use settings::{ClassSettings, Sensitivity, TrackSettings};
pub use settle::ClipTracker;
