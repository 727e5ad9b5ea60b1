//! What outsiders read: the report beside each output.
//!
//! Plain data with a JSON Schema; knows no other crate.
#![forbid(unsafe_code)]

mod report;

pub use report::*;
