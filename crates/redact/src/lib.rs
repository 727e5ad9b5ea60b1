//! The file job: inputs planned, each examined in a first pass and redacted in a second, with a
//! report beside each output.
//!
//! Threads and files live here; decisions live in `engine` and `track`, pixels behind `raw`.
#![forbid(unsafe_code)]

mod cover;
mod coverage;
mod error;
mod eval;
mod examine;
mod fault;
mod find;
mod job;
mod ledger;
mod paint;
mod photo;
mod picture;
mod plan;
mod report;
mod sealing;
mod settings;
mod verify;
mod video;
mod zones;

pub use error::JobError;
pub use eval::{
    BANDS, EvalError, Evaluated, Miss, SetTally, Share, Tally, evaluate, labelled_files,
};
pub use examine::Pace;
pub use find::{Found, find};
pub use job::{Control, Done, Engine, EngineError, Step, cascade, redact_file};
pub use ledger::KeepError;
pub use picture::write_sheet;
pub use plan::{Kind, Plan, PlanError, Planned, Refused, Request, plan};
pub use sealing::foresee;
pub use settings::{JobSettings, VideoOptions, WeightsFrom};
pub use verify::{Problem, Suspect, Verified, verify};
pub use zones::{Zones, ZonesError};
