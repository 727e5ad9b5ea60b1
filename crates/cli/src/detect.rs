//! `scrim detect`: boxes and scores on standard output.

use crate::args::DetectArgs;
use crate::exit::Exit;
use crate::show::{say, shown, told};
use scrim_redact::{Control, Engine, JobSettings, find};
use std::io::Write;

/// Runs the command.
pub fn run(args: &DetectArgs) -> anyhow::Result<Exit> {
    let default = JobSettings::default();
    let engine = Engine::new(JobSettings {
        weights: args.looking.weights.clone(),
        sensitivity: args.sensitivity.into(),
        accept_damaged: args.accept_damaged,
        threads: args.threads.map_or(default.threads, usize::from),
        ..default
    })?;
    let found = match find(&args.file, &engine, &Control::silent()) {
        Ok(found) => found,
        Err(e) => {
            say(format_args!("{}: {}", shown(&args.file), told(e)));
            return Ok(Exit::SomeRefused);
        }
    };
    let mut out = std::io::stdout().lock();
    for frame in found {
        let boxes: Vec<_> = frame
            .sightings
            .iter()
            .map(|s| {
                serde_json::json!({
                    "class": s.class.name(),
                    "score": s.score,
                    "box": [s.at.x0, s.at.y0, s.at.x1, s.at.y1],
                })
            })
            .collect();
        let line = serde_json::json!({
            "frame": frame.frame, "seconds": frame.seconds, "found": boxes,
        });
        if writeln!(out, "{line}").is_err() {
            break; // the reader went away, which is no fault
        }
    }
    Ok(Exit::Done)
}
