//! The report of a finished output, and the moment when both get their names.

mod lists;

use lists::{Filled, Tracks};

use crate::error::JobError;
use crate::examine::Examination;
use crate::job::Engine;
use crate::photo::{PhotoCover, Seen};
use crate::sealing::limit_s;
use crate::settings::sensitivity_name;
use crate::video::Written;
use scrim_engine::Fault;
use scrim_protocol as protocol;
use scrim_raw::Fill;
use scrim_sink::PartFile;
use scrim_source::{Dropped, StreamKind};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A report whose long lists are made as they are written.
pub(crate) type LongReport<'a> = protocol::Report<Filled<'a>, Tracks<'a>>;

/// Report of a video.
pub(crate) fn of_video<'a>(
    source: &Path,
    part: &PartFile,
    engine: &Engine,
    examined: &'a Examination,
    written: &'a Written,
) -> Result<LongReport<'a>, JobError> {
    let track = engine.settings.track();
    Ok(protocol::Report {
        report: protocol::REPORT_VERSION,
        software: software(),
        model: model(engine),
        settings: settings(engine, [track.face.strong, track.plate.strong]),
        source: protocol::Source {
            kind: "video".into(),
            codec: examined.video.codec.clone(),
            width: examined.first.size.width,
            height: examined.first.size.height,
            sha256: input_hash(source, engine)?,
        },
        output: output(part, written)?,
        coverage: protocol::Coverage {
            smallest_face_px: examined.smallest[0],
            smallest_plate_px: examined.smallest[1],
            longest_unexamined_s: examined.longest_gap_s,
            frames_examined: examined.frames.looked() as u64,
            limit_s: limit_s(examined),
        },
        regions: Filled(&written.filled),
        tracks: Tracks(examined.tracks()),
        blanked: blanked(written),
        faults: written.faults.iter().map(note).collect(),
        dropped: examined.dropped.iter().map(dropped).collect(),
        notes: written.notes.clone(),
    })
}

/// Report of a photo or an animation.
pub(crate) fn of_photo<'a>(
    source: &Path,
    part: &PartFile,
    engine: &Engine,
    seen: &Seen,
    covered: &'a PhotoCover,
    written: &'a Written,
) -> Result<LongReport<'a>, JobError> {
    let size = seen.size();
    let smallest = seen.smallest();
    let looked = seen.pages.iter().filter(|p| p.found.is_ok()).count();
    let faults = covered.faults.iter().chain(&written.faults);
    Ok(protocol::Report {
        report: protocol::REPORT_VERSION,
        software: software(),
        model: model(engine),
        settings: settings(engine, covered.thresholds),
        source: protocol::Source {
            kind: "photo".into(),
            codec: seen.album.format.name().into(),
            width: size.width,
            height: size.height,
            sha256: input_hash(source, engine)?,
        },
        output: output(part, written)?,
        coverage: protocol::Coverage {
            smallest_face_px: smallest[0],
            smallest_plate_px: smallest[1],
            longest_unexamined_s: 0.0,
            frames_examined: looked as u64,
            limit_s: 0.0,
        },
        regions: Filled(&written.filled),
        tracks: Tracks(&covered.tracks),
        blanked: blanked(written),
        faults: faults.map(note).collect(),
        dropped: seen.dropped.clone(),
        notes: written.notes.clone(),
    })
}

/// Gives the output its name, with its report beside it. When the report cannot be written the
/// output is removed as well.
pub(crate) fn publish(
    part: PartFile,
    report: LongReport<'_>,
    wanted: bool,
) -> Result<(), JobError> {
    let target = part.target().to_owned();
    if !wanted {
        part.publish()?;
        return Ok(());
    }
    let path = report_path(&target);
    let fail = |cause: String| JobError::Report {
        path: path.clone(),
        cause,
    };
    let beside = PartFile::create(&path).map_err(|e| fail(e.to_string()))?;
    // Of a long video it is long: never in memory as a whole.
    let written = beside.write_with(|out| Ok(serde_json::to_writer(out, &report)?));
    written.map_err(|e| fail(e.to_string()))?;
    beside.sync().map_err(|e| fail(e.to_string()))?;
    // The report first: an output never stands without it, and an older output never beside
    // a report that is not its own.
    if target.exists() {
        std::fs::remove_file(&target).map_err(|e| fail(e.to_string()))?;
    }
    beside.publish().map_err(|e| fail(e.to_string()))?;
    part.publish().map_err(|e| {
        // Nothing else can be done about a failure to remove; the error says what happened.
        let _ = std::fs::remove_file(&path);
        e.into()
    })
}

/// `NAME.EXT` becomes `NAME.EXT.scrim.json`, so that `a.jpg` and `a.png` keep one each.
pub(crate) fn report_path(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".scrim.json");
    output.with_file_name(name)
}

fn software() -> protocol::Software {
    let none = || ("not loaded".into(), "not loaded".into());
    let (libavcodec, libavformat) = scrim_ff::versions().unwrap_or_else(none);
    protocol::Software {
        scrim: env!("CARGO_PKG_VERSION").into(),
        libavcodec,
        libavformat,
    }
}

fn model(engine: &Engine) -> protocol::Model {
    protocol::Model {
        name: engine.model.name.clone(),
        sha256: engine.model.sha256.clone(),
        second_sha256: engine.model.second_sha256.clone(),
        third_sha256: engine.model.third_sha256.clone(),
        level: engine.model.level.clone(),
    }
}

fn settings(engine: &Engine, thresholds: [f32; 2]) -> protocol::Settings {
    protocol::Settings {
        sensitivity: sensitivity_name(engine.settings.sensitivity).into(),
        thresholds,
        fill: match engine.settings.fill {
            Fill::Solid => "solid".into(),
            Fill::Surround => "surround".into(),
        },
        mask_scale: engine.settings.mask_scale,
        zones: engine.settings.zones.count(),
    }
}

fn output(part: &PartFile, written: &Written) -> Result<protocol::Output, JobError> {
    let (sha256, bytes) = hash(part.path())?;
    Ok(protocol::Output {
        file: part
            .target()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        sha256,
        bytes,
        codec: written.codec.into(),
        frames: written.frames,
        audio_tracks: written.audio_tracks,
    })
}

fn input_hash(source: &Path, engine: &Engine) -> Result<Option<String>, JobError> {
    if !engine.settings.hash_input {
        return Ok(None);
    }
    Ok(Some(hash(source)?.0))
}

/// SHA-256 in hexadecimal, and the length.
pub(crate) fn hash(path: &Path) -> Result<(String, u64), JobError> {
    let fail = |e| JobError::Source(scrim_source::SourceError::Io(e));
    let mut file = std::fs::File::open(path).map_err(fail)?;
    let (mut sha, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(fail)?;
        if n == 0 {
            break;
        }
        sha.update(&buffer[..n]);
        bytes += n as u64;
    }
    let hex = sha.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok((hex, bytes))
}

fn blanked(written: &Written) -> Vec<protocol::Blanked> {
    let mut out: Vec<protocol::Blanked> = Vec::new();
    for (frame, reason) in &written.blanked {
        match out.last_mut() {
            Some(last) if last.from + last.frames == *frame && last.reason == reason.name() => {
                last.frames += 1;
            }
            _ => out.push(protocol::Blanked {
                from: *frame,
                frames: 1,
                reason: reason.name().into(),
            }),
        }
    }
    out
}

fn note(fault: &Fault) -> protocol::FaultNote {
    protocol::FaultNote {
        stage: fault.stage.name().into(),
        frame: fault.frame,
        cause: fault.cause.clone(),
    }
}

fn dropped(what: &Dropped) -> String {
    match what {
        Dropped::Stream(s) => {
            let kind = match s.kind {
                StreamKind::Video => "further video",
                StreamKind::CoverPicture => "cover picture",
                StreamKind::Audio => "audio",
                StreamKind::Subtitle => "subtitles",
                StreamKind::Data => "timed data",
                StreamKind::Attachment => "attachment",
                StreamKind::Unknown => "unknown",
            };
            format!("stream {}: {kind} ({})", s.index, s.codec)
        }
        Dropped::Tags => "tags".into(),
        Dropped::Chapters(n) => format!("{n} chapters"),
    }
}
