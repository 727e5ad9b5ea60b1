//! `scrim redact`: arguments to settings, files one after the other, messages, exit code.

use crate::args::RedactArgs;
use crate::exit::Exit;
use crate::progress::Line;
use crate::show::{shown, told};
use crate::summary::{DoneFile, Summary, line_of};
use crate::values::FillArg;
use scrim_redact::{
    Control, Engine, JobError, JobSettings, Plan, Planned, Request, VideoOptions, WeightsFrom,
    Zones, plan, redact_file,
};
use scrim_sink::Codec;
use scrim_source::{Limits, SourceError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the command.
pub fn run(args: &RedactArgs) -> anyhow::Result<Exit> {
    if let Some(wrong) = args.wrong_crf() {
        eprintln!("scrim: {}", told(wrong));
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
            eprintln!("scrim: {}", told(e));
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
            eprintln!("scrim: {}", told(e));
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
            eprintln!("{}: {}", shown(&refused.source), told(&refused.why));
        }
    }
    for file in &plan.files {
        if stop.load(Ordering::Relaxed) {
            summary.stopped = true;
            break;
        }
        one(args, file, engine, stop, &mut summary);
    }
    summary
}

fn one(
    args: &RedactArgs,
    file: &Planned,
    engine: &Engine,
    stop: &Arc<AtomicBool>,
    summary: &mut Summary,
) {
    let line = Line::new(&file.source, args.quiet);
    let steps = line.clone();
    let control = Control::new(stop.clone(), Arc::new(move |step| steps.step(step)));
    let result = redact_file(file, engine, &control);
    line.end();
    match result {
        Ok(done) => {
            let damaged = done.warnings.iter().any(|w| w.starts_with("damaged"));
            let done = DoneFile {
                source: file.source.clone(),
                done,
                damaged,
            };
            if !args.quiet {
                eprintln!("{}", line_of(&done));
            }
            for warning in &done.done.warnings {
                eprintln!("{}: {}", shown(&file.source), told(warning));
            }
            summary.done.push(done);
        }
        Err(JobError::Stopped) => summary.stopped = true,
        Err(JobError::Source(SourceError::Open(_))) if file.doubtful => {
            summary.skipped += 1;
            if !args.quiet {
                eprintln!(
                    "{}: neither picture nor video, not copied",
                    shown(&file.source)
                );
            }
        }
        Err(error) => {
            eprintln!("{}: {}", shown(&file.source), told(&error));
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
        eprintln!("{}", summary.line());
        if let Some(smallest) = summary.smallest() {
            eprintln!("{smallest}");
            if let WeightsFrom::Card(card) = &args.looking.weights {
                eprintln!(
                    "{} looked: these sizes were learned with `city`, and may not hold for it",
                    shown(card)
                );
            }
        }
    }
    if summary.stopped {
        eprintln!("stopped; nothing half-written is left");
    }
    Ok(())
}
