//! Second pass over a video: decode again, fill the sealed regions, encode, mux.

use crate::error::JobError;
use crate::examine::{Examination, Pace, examine, options};
use crate::job::{Control, Done, Engine, Step};
use crate::ledger::{Boxes, folder_beside};
use crate::paint::Painter;
use crate::picture::{write_zones, zones_tile};
use crate::report;
use crate::sealing::Sealing;
use crate::settings::VideoOptions;
use scrim_engine::Fault;
use scrim_ff::AudioStream;
use scrim_raw::{Reason, Tile};
use scrim_sink::{Container, PartFile, VideoSettings, VideoWriter};
use scrim_source::{Clip, ClipItem, FileStamp};
use scrim_units::{Class, Orientation};
use std::path::Path;

/// Redacts the video at `source` into `target`.
pub(crate) fn redact_video(
    source: &Path,
    target: &Path,
    container: Container,
    engine: &Engine,
    control: &Control,
) -> Result<Done, JobError> {
    let stamp = FileStamp::of(source)?;
    let folder = folder_beside(target);
    let examined = examine(source, &folder, Pace::File, engine, control, &mut |_| {})?;
    let part = PartFile::create(target)?;
    let mut written = write(source, &part, container, &examined, engine, control)?;
    stamp.confirm(source)?;
    let done = done(target, &examined, &written);
    // Before the output has its name: a picture that cannot be written ends the file too.
    let zones = written.zones.take();
    let report = report::of_video(source, &part, engine, &examined, &written)?;
    let picture = zones.map(|t| write_zones(t, target)).transpose()?;
    report::publish(part, report, engine.settings.report).inspect_err(|_| {
        if let Some(picture) = picture {
            // Nothing more can be done about a failure here; the error is told.
            let _ = std::fs::remove_file(picture);
        }
    })?;
    Ok(done)
}

/// What the second pass did.
pub(crate) struct Written {
    pub(crate) frames: u64,
    pub(crate) codec: &'static str,
    pub(crate) audio_tracks: u64,
    pub(crate) blanked: Vec<(u64, Reason)>,
    /// What was filled in each frame.
    pub(crate) filled: Boxes,
    /// What failed in a frame, in either pass.
    pub(crate) faults: Vec<Fault>,
    pub(crate) notes: Vec<String>,
    /// The first frame with the zones outlined, where asked for.
    pub(crate) zones: Option<Tile>,
}

fn write(
    source: &Path,
    part: &PartFile,
    container: Container,
    examined: &Examination,
    engine: &Engine,
    control: &Control,
) -> Result<Written, JobError> {
    let keep_audio = engine.settings.video.keep_audio;
    let mut clip = Clip::open(source, options(engine, keep_audio))?;
    let audio = clip.audio_streams()?;
    let mut writer = VideoWriter::create(
        part.path(),
        &video_settings(examined, container, engine),
        &examined.first,
        &audio,
    )?;
    let mut written = Written {
        frames: 0,
        codec: writer.choice().codec.name(),
        audio_tracks: audio.len() as u64,
        blanked: Vec::new(),
        filled: Boxes::new(&folder_beside(part.target())),
        faults: Vec::new(),
        notes: notes(&writer, examined, &audio, &engine.settings.video),
        zones: None,
    };
    let mut painter = Painter::new(engine.fills, engine.settings.fill);
    let mut sealing = Sealing::new(examined, engine);
    let total = examined.frames.len() as u64;
    while let Some(item) = clip.advance()? {
        let index = written.frames;
        if let ClipItem::Audio(packet) = item {
            writer.write_audio(packet)?;
            continue;
        }
        let more = || JobError::Unsteady("there are more frames".into());
        let regions = sealing.next().ok_or_else(more)??;
        let frame = match item {
            ClipItem::Frame(frame) => painter.fill(frame, &regions)?,
            ClipItem::Lost(id, info, why) => painter.lost(id, info, &regions, why)?,
            ClipItem::Audio(_) => continue,
        };
        written.filled.push(regions.rects().to_vec())?;
        if let Some(reason) = frame.blanked() {
            written.blanked.push((index, reason));
        }
        if index == 0 && engine.settings.zones_picture {
            let info = frame.info();
            let seconds = info.pts.seconds();
            let zones = &engine.settings.zones;
            let zones = zones.rects(seconds, info.size, info.orientation);
            written.zones = Some(zones_tile(&frame, &zones));
        }
        writer.write(&frame)?;
        written.frames += 1;
        control.step(Step::Written(written.frames, total))?;
    }
    if written.frames != total {
        return Err(JobError::Unsteady(format!(
            "{total} frames the first time, {} the second",
            written.frames
        )));
    }
    writer.finish()?;
    written.faults = sealing.faults();
    written.faults.extend(painter.faults);
    Ok(written)
}

fn video_settings(examined: &Examination, container: Container, engine: &Engine) -> VideoSettings {
    let (video, told) = (&examined.video, &engine.settings.video);
    VideoSettings {
        codec: told.codec,
        source_codec: video.codec.clone(),
        container,
        crf: told.crf,
        preset: told.preset.clone(),
        threads: engine.settings.threads,
        time_base: video.time_base,
        average_rate: video.average_rate,
        constant_rate: video.average_rate.is_some() && video.average_rate == video.base_rate,
        sample_aspect: video.sample_aspect,
        matrix: video.matrix,
        light: examined.light.clone(),
    }
}

fn notes(
    writer: &VideoWriter,
    examined: &Examination,
    audio: &[AudioStream],
    told: &VideoOptions,
) -> Vec<String> {
    let mut notes = Vec::new();
    if examined.video.orientation != Orientation::Upright && !writer.container().holds_matrix() {
        notes.push("the container cannot hold the rotation; give a name that ends in .mp4".into());
    }
    if !audio.is_empty() {
        notes.push(format!("kept on request: {} audio tracks", audio.len()));
    }
    if writer.choice().lossy_format {
        notes.push("the pixel format was changed: no encoder holds the source's".into());
    }
    if told.crf.is_some() && writer.choice().codec.crf_range().is_none() {
        let codec = writer.choice().codec.name();
        notes.push(format!("--crf was not used: {codec} has no such setting"));
    }
    let damage = &examined.damage;
    if damage.converted > 0 {
        notes.push(format!(
            "{} frames were converted to the first frame's size and format",
            damage.converted
        ));
    }
    if damage.retimed > 0 {
        notes.push(format!(
            "{} frames had no usable time stamp and were given one",
            damage.retimed
        ));
    }
    notes.extend(damage.describe().map(|what| format!("damaged: {what}")));
    let lost = examined.frames.lost();
    if lost > 0 {
        notes.push(format!(
            "{lost} frames are missing or broken in the source; black ones stand at their times"
        ));
    }
    notes
}

fn done(target: &Path, examined: &Examination, written: &Written) -> Done {
    let tracks = examined.tracks();
    let count = |class| tracks.iter().filter(|t| t.class == class).count() as u64;
    let mut warnings: Vec<String> = written.notes.clone();
    if !written.blanked.is_empty() {
        warnings.push(format!("{} frames were blanked", written.blanked.len()));
    }
    Done {
        output: target.to_owned(),
        frames: written.frames,
        faces: count(Class::Face),
        plates: count(Class::Plate),
        blanked: written.blanked.len() as u64,
        seconds: examined.frames.seconds(),
        smallest: (examined.smallest[0], examined.smallest[1]),
        warnings,
    }
}
