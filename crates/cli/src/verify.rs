//! `scrim verify`: redacted files against their reports, and looked at again.

use crate::args::VerifyArgs;
use crate::exit::VerifyExit;
use crate::progress::Line;
use crate::sheet;
use crate::show::{say, shown, told};
use scrim_redact::{Control, Engine, JobSettings, Suspect, Verified, verify, write_sheet};
use std::path::Path;
use std::sync::Arc;

/// Runs the command.
pub fn run(args: &VerifyArgs) -> anyhow::Result<VerifyExit> {
    sheet::place(args.sheet.as_deref(), args.overwrite, &args.files)?;
    let default = JobSettings::default();
    let engine = Engine::new(JobSettings {
        weights: args.looking.weights.clone(),
        threads: args.telling.threads.map_or(default.threads, usize::from),
        ..default
    })?;
    let mut exit = VerifyExit::Clean;
    let (mut all, mut tiles) = (Vec::new(), Vec::new());
    for file in &args.files {
        let line = Line::new(file, args.telling.quiet);
        let steps = line.clone();
        let control = Control::new(Arc::default(), Arc::new(move |s| steps.step(s)));
        let result = verify(file, &engine, &control, args.sheet.is_some());
        line.end();
        match result {
            Ok(mut found) => {
                tiles.append(&mut found.tiles);
                if !found.problems.is_empty() || !found.suspects.is_empty() {
                    exit = exit.max(VerifyExit::Found);
                }
                if args.telling.json {
                    all.push(json(file, &found));
                } else {
                    tell(file, &found);
                }
            }
            Err(e) => {
                say(format_args!("{}: {}", shown(file), told(e)));
                exit = VerifyExit::Unreadable;
            }
        }
    }
    if let Some(sheet) = &args.sheet {
        write_sheet(&tiles, sheet)?;
    }
    if args.telling.json {
        use std::io::Write;
        // A reader that went away is no fault.
        let _ = writeln!(std::io::stdout(), "{}", serde_json::json!({ "files": all }));
    }
    Ok(exit)
}

fn tell(file: &Path, found: &Verified) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let name = shown(file);
    let mut lines: Vec<String> = Vec::new();
    lines.extend(found.problems.iter().map(|p| format!("{name}: {}", p.0)));
    lines.extend(found.suspects.iter().map(|s| {
        format!(
            "{name}: {} perhaps a {} at {:.0},{:.0} to {:.0},{:.0} (frames {} to {}, score {:.2})",
            time_code(s.seconds),
            s.class.name(),
            s.at.x0,
            s.at.y0,
            s.at.x1,
            s.at.y1,
            s.first,
            s.last,
            s.score,
        )
    }));
    if lines.is_empty() {
        lines.push(format!(
            "{name}: as its report says; {} frames looked at again, nothing found",
            found.frames
        ));
    }
    for line in lines {
        // A reader that went away is no fault.
        let _ = writeln!(out, "{}", told(line));
    }
}

fn json(file: &Path, found: &Verified) -> serde_json::Value {
    let place = |s: &Suspect| {
        serde_json::json!({
            "class": s.class.name(),
            "time": time_code(s.seconds),
            "first_frame": s.first,
            "last_frame": s.last,
            "box": [s.at.x0, s.at.y0, s.at.x1, s.at.y1],
            "score": s.score,
        })
    };
    serde_json::json!({
        "file": file.to_string_lossy(),
        "frames": found.frames,
        "problems": found.problems.iter().map(|p| &p.0).collect::<Vec<_>>(),
        "places": found.suspects.iter().map(place).collect::<Vec<_>>(),
    })
}

/// Hours, minutes, seconds and thousandths.
fn time_code(seconds: f64) -> String {
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{h:02}:{m:02}:{s:02}.{:03}", ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_code_counts_hours_minutes_seconds_and_thousandths() {
        assert_eq!(time_code(3723.0456), "01:02:03.046");
        assert_eq!(time_code(-1.0), "00:00:00.000");
    }
}
