//! Decisions over frames and files: what a fault does, and which frames stand in for which.
//!
//! Sans-IO: no pixels, no files, no clock, no threads. One table says what happens after a
//! fault; it is total, so a new stage does not compile until its row is written.
#![forbid(unsafe_code)]

mod fault;

pub use fault::{Effect, Fault, Stage, effect};
