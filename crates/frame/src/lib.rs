//! Facade for outputs: the redacted frame and what is known of it; nothing raw.
//!
//! `sink` depends on this crate and not on `raw`, so that naming a raw frame there does not
//! compile.
#![forbid(unsafe_code)]

pub use scrim_raw::{
    Colour, Component, Family, Fields, FrameInfo, Layout, PlaneLayout, PlaneRef, Range, Reason,
    RedactedFrame, RedactedJpeg,
};
