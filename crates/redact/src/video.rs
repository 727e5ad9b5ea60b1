//! Second pass over a video: decode again, fill the sealed regions, encode, mux.

use crate::cover::{Cover, cover};
use crate::error::JobError;
use crate::examine::{Examination, examine, options};
use crate::job::{Control, Done, Engine, Step};
use crate::picture::{write_zones, zones_tile};
use crate::report;
use scrim_ff::AudioStream;
use scrim_raw::{Reason, RedactedFrame, Regions, Tile, redact};
use scrim_sink::{Container, PartFile, VideoSettings, VideoWriter};
use scrim_source::{Clip, ClipItem, FileStamp, SourceError};
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
    let mut examined = examine(source, engine, control, &mut |_| {})?;
    if let Some(what) = examined.damage.describe()
        && !engine.settings.accept_damaged
    {
        return Err(SourceError::Damaged(what).into());
    }
    let covered = cover(&mut examined, &engine.settings);
    let part = PartFile::create(target)?;
    let written = write(
        source, &part, container, &examined, &covered, engine, control,
    )?;
    stamp.confirm(source)?;
    let done = done(target, &examined, &covered, &written);
    let report = report::of_video(source, &part, engine, &examined, &covered, &written)?;
    report::publish(part, report, engine.settings.report)?;
    if let Some(tile) = written.zones {
        write_zones(tile, target)?;
    }
    Ok(done)
}

/// What the second pass did.
pub(crate) struct Written {
    pub(crate) frames: u64,
    pub(crate) codec: &'static str,
    pub(crate) audio_tracks: u64,
    pub(crate) blanked: Vec<(u64, Reason)>,
    pub(crate) notes: Vec<String>,
    /// The first frame with the zones outlined, where asked for.
    pub(crate) zones: Option<Tile>,
}

fn write(
    source: &Path,
    part: &PartFile,
    container: Container,
    examined: &Examination,
    covered: &Cover,
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
        notes: notes(&writer, examined, &audio),
        zones: None,
    };
    let total = covered.regions.len() as u64;
    while let Some(item) = clip.advance()? {
        match item {
            ClipItem::Audio(packet) => writer.write_audio(packet)?,
            ClipItem::Frame(frame) => {
                let index = written.frames;
                let frame = match covered.regions.get(index as usize) {
                    Some(regions) => fill(frame, regions, engine),
                    None => return Err(JobError::Unsteady("there are more frames".into())),
                };
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
        }
    }
    if written.frames != total {
        return Err(JobError::Unsteady(format!(
            "{total} frames the first time, {} the second",
            written.frames
        )));
    }
    writer.finish()?;
    Ok(written)
}

/// A frame that decodes differently from the first pass has regions of another frame: blank.
fn fill(frame: scrim_raw::RawFrame, regions: &Regions, engine: &Engine) -> RedactedFrame {
    if regions.frame() != frame.id() {
        return RedactedFrame::blank(frame.info().clone(), Reason::Decoder);
    }
    redact(frame, regions, engine.settings.fill)
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
    }
}

fn notes(writer: &VideoWriter, examined: &Examination, audio: &[AudioStream]) -> Vec<String> {
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
    notes
}

fn done(target: &Path, examined: &Examination, covered: &Cover, written: &Written) -> Done {
    let count = |class| covered.tracks.iter().filter(|t| t.class == class).count() as u64;
    let seconds = match (examined.frames.first(), examined.frames.last()) {
        (Some(a), Some(b)) => b.seconds - a.seconds,
        _ => 0.0,
    };
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
        seconds,
        smallest: (examined.smallest[0], examined.smallest[1]),
        warnings,
    }
}
