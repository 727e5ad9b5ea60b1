//! `scrim redact`: arguments to settings, the files of the plan, messages, exit code.

use crate::args::RedactArgs;
use crate::exit::Exit;
use crate::in_order::in_order;
use crate::progress::Lines;
use crate::show::{say, shown, told};
use crate::summary::{DoneFile, Summary, line_of};
use crate::values::FillArg;
use scrim_redact::{
    Control, Done, Engine, JobError, JobSettings, Kind, Plan, Planned, Request, VideoOptions,
    WeightsFrom, Zones, plan, redact_file,
};
use scrim_sink::Codec;
use scrim_source::{Limits, SourceError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Photos worked on side by side: while one is looked at by all threads, another is read or written.
const PHOTOS_AT_ONCE: usize = 2;

/// Runs the command.
pub fn run(args: &RedactArgs) -> anyhow::Result<Exit> {
    if let Some(wrong) = args.wrong_crf() {
        say(format_args!("scrim: {}", told(wrong)));
        return Ok(Exit::Usage);
    }
    let request = Request {
        inputs: args.inputs.clone(),
        output: args.output.clone(),
        overwrite: args.overwrite,
        skip_done: args.skip_done,
        without_reports: args.no_report,
    };
    let plan = match plan(&request) {
        Ok(plan) => plan,
        Err(e) => {
            say(format_args!("scrim: {}", told(e)));
            return Ok(Exit::Usage);
        }
    };
    let zones = match args
        .zones
        .as_deref()
        .map_or(Ok(Zones::default()), Zones::read)
    {
        Ok(zones) => zones,
        Err(e) => {
            say(format_args!("scrim: {}", told(e)));
            return Ok(Exit::Usage);
        }
    };
    let engine = Engine::new(settings(args, zones))?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
    let summary = work(args, &plan, &engine, &stop);
    report(args, &summary)?;
    Ok(Exit::from(&summary))
}

fn settings(args: &RedactArgs, zones: Zones) -> JobSettings {
    let default = JobSettings::default();
    let fill = args.replacewith.unwrap_or(args.fill);
    JobSettings {
        weights: args.looking.weights.clone(),
        sensitivity: args.sensitivity.into(),
        threshold: args.thresh,
        mask_scale: args.mask_scale,
        zones,
        zones_picture: args.zones_picture,
        fill: match fill {
            FillArg::Solid => scrim_raw::Fill::Solid,
            FillArg::Surround => scrim_raw::Fill::Surround,
        },
        limits: Limits {
            frame_bytes: args.memory << 20,
            ..default.limits
        },
        threads: args.threads.map_or(default.threads, usize::from),
        report: !args.no_report,
        hash_input: args.hash_input,
        accept_damaged: args.accept_damaged,
        video: VideoOptions {
            keep_audio: args.keep_audio,
            codec: args.codec.map(Codec::from),
            crf: args.crf,
            preset: args.preset.clone(),
        },
    }
}

fn work(args: &RedactArgs, plan: &Plan, engine: &Engine, stop: &Arc<AtomicBool>) -> Summary {
    let mut summary = Summary::default();
    for refused in &plan.refused {
        if refused.harmless {
            summary.skipped += 1;
        } else {
            summary.refused += 1;
        }
        if !(refused.harmless && args.quiet) {
            say(format_args!(
                "{}: {}",
                shown(&refused.source),
                told(&refused.why)
            ));
        }
    }
    let lines = Lines::new(args.quiet);
    let at_once = PHOTOS_AT_ONCE.min(engine.settings.threads);
    // A video is a stretch of its own.
    for stretch in plan.files.chunk_by(|a, b| is_photo(a) && is_photo(b)) {
        let work = |file: &Planned| one(file, engine, stop, &lines);
        in_order(stretch, at_once, work, |file, result| {
            conclude(args, file, result, &lines, &mut summary);
        });
    }
    summary
}

fn is_photo(file: &Planned) -> bool {
    matches!(file.kind, Kind::Photo(_))
}

fn one(
    file: &Planned,
    engine: &Engine,
    stop: &Arc<AtomicBool>,
    lines: &Lines,
) -> Result<Done, JobError> {
    if stop.load(Ordering::Relaxed) {
        return Err(JobError::Stopped);
    }
    let line = lines.line(&file.source);
    let steps = line.clone();
    let control = Control::new(stop.clone(), Arc::new(move |step| steps.step(step)));
    let result = redact_file(file, engine, &control);
    line.end();
    result
}

/// Says what became of a file, and counts it.
fn conclude(
    args: &RedactArgs,
    file: &Planned,
    result: Result<Done, JobError>,
    lines: &Lines,
    summary: &mut Summary,
) {
    match result {
        Ok(done) => {
            let damaged = done.warnings.iter().any(|w| w.starts_with("damaged"));
            let done = DoneFile {
                source: file.source.clone(),
                done,
                damaged,
            };
            if !args.quiet {
                lines.say(line_of(&done));
            }
            for warning in &done.done.warnings {
                lines.say(format_args!("{}: {}", shown(&file.source), told(warning)));
            }
            summary.done.push(done);
        }
        Err(JobError::Stopped) => summary.stopped = true,
        Err(JobError::Source(SourceError::Open(_))) if file.doubtful => {
            summary.skipped += 1;
            if !args.quiet {
                let source = shown(&file.source);
                lines.say(format_args!(
                    "{source}: neither picture nor video, not copied"
                ));
            }
        }
        Err(error) => {
            lines.say(format_args!("{}: {}", shown(&file.source), told(&error)));
            if error.is_refusal() {
                summary.refused += 1;
            } else {
                summary.failed += 1;
            }
        }
    }
}

fn report(args: &RedactArgs, summary: &Summary) -> anyhow::Result<()> {
    if args.json {
        use std::io::Write;
        let text = serde_json::to_string_pretty(&summary.json())?;
        // A reader that went away is no fault.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
    if !args.quiet {
        say(summary.line());
        if let Some(smallest) = summary.smallest() {
            say(smallest);
            if let WeightsFrom::Card(card) = &args.looking.weights {
                say(format_args!(
                    "{} looked: these sizes were learned with `city`, and may not hold for it",
                    shown(card)
                ));
            }
        }
    }
    if summary.stopped {
        say("stopped; nothing half-written is left");
    }
    Ok(())
}
