//! What `verify` tells of a file that is as its report says, and of files that are not.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod footage;

use footage::{BOX, Scratch, ffmpeg};
use scrim_detect::{After, DetectError, Detector, Prepared};
use scrim_raw::{Fill, ModelId};
use scrim_redact::{
    Control, Engine, JobError, JobSettings, Planned, Verified, redact_file, verify,
};
use scrim_units::{Class, Pass, PxBox, Sighting};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

struct Sees(Vec<PxBox>);

impl Detector for Sees {
    fn look(&mut self, _: &Prepared, _: &[Pass], _: After) -> Result<Vec<Sighting>, DetectError> {
        let face = |at: &PxBox| Sighting {
            class: Class::Face,
            score: 0.9,
            at: *at,
        };
        Ok(self.0.iter().map(face).collect())
    }

    fn model(&self) -> ModelId {
        ModelId([1; 32])
    }
}

fn engine(boxes: &[PxBox], fill: Fill) -> Engine {
    let boxes = boxes.to_vec();
    let settings = JobSettings {
        fill,
        threads: 1,
        ..JobSettings::default()
    };
    Engine::with_detector(
        settings,
        Duration::from_secs(20),
        Arc::new(move || Box::new(Sees(boxes.clone())) as Box<dyn Detector>),
    )
}

/// A redacted video of 10 frames with the box filled.
fn redacted(scratch: &Scratch, fill: Fill) -> PathBuf {
    let target = scratch.path("out.mkv");
    let file = Planned {
        source: scratch.video("in.mkv", 10),
        target: target.clone(),
        kind: scrim_redact::Kind::Video(scrim_sink::Container::Mkv),
        doubtful: false,
    };
    redact_file(&file, &engine(&[BOX], fill), &Control::silent()).unwrap();
    target
}

fn check(target: &Path, sees: &[PxBox]) -> Verified {
    verify(target, &engine(sees, Fill::Solid), &Control::silent(), true).unwrap()
}

/// Writes the redacted file anew with FFmpeg, after which its hash differs for certain.
fn rewrite(target: &Path, args: &[&str]) {
    let other = target.with_extension("again.mkv");
    let input = ["-i", target.to_str().unwrap()];
    ffmpeg(&[&input[..], args].concat(), &other);
    std::fs::rename(other, target).unwrap();
}

#[test]
fn a_file_as_it_was_written_is_clean() {
    for fill in [Fill::Solid, Fill::Surround] {
        let scratch = Scratch::new(&format!("clean-{fill:?}"));
        let found = check(&redacted(&scratch, fill), &[BOX]);
        assert_eq!(
            (found.problems.len(), found.suspects.len(), found.frames),
            (0, 0, 10)
        );
    }
}

#[test]
fn something_seen_outside_the_regions_is_told_once_with_its_frames() {
    let scratch = Scratch::new("suspect");
    let other = PxBox {
        x0: 46.0,
        y0: 4.0,
        x1: 60.0,
        y1: 18.0,
    };
    let found = check(&redacted(&scratch, Fill::Solid), &[BOX, other]);
    assert_eq!(found.suspects.len(), 1);
    let s = &found.suspects[0];
    assert_eq!((s.first, s.last, s.at), (0, 9, other));
    assert_eq!(found.tiles.len(), 1);
    let sheet = scratch.path("sheet.png");
    scrim_redact::write_sheet(&found.tiles, &sheet).unwrap();
    assert!(std::fs::read(sheet).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_region_that_shows_something_again_is_told() {
    let scratch = Scratch::new("unfilled");
    let target = redacted(&scratch, Fill::Solid);
    rewrite(
        &target,
        &["-vf", "drawbox=24:18:8:8:white:fill", "-c:v", "ffv1"],
    );
    let found = check(&target, &[]);
    let told = |text: &str| found.problems.iter().any(|p| p.0.contains(text));
    assert!(
        told("SHA-256 differs") && told("is not filled"),
        "{:?}",
        found.problems
    );
}

#[test]
fn sound_tags_and_missing_frames_that_came_about_later_are_told() {
    let scratch = Scratch::new("back");
    let target = redacted(&scratch, Fill::Solid);
    let silence = [
        "-f",
        "lavfi",
        "-i",
        "anullsrc=d=1",
        "-map",
        "0:v",
        "-map",
        "1:a",
    ];
    let rest = [
        "-metadata",
        "title=x",
        "-frames:v",
        "8",
        "-c:v",
        "copy",
        "-c:a",
        "flac",
    ];
    rewrite(&target, &[&silence[..], &rest[..]].concat());
    let found = check(&target, &[]);
    let told = |text: &str| found.problems.iter().any(|p| p.0.contains(text));
    assert!(told("Audio"), "{:?}", found.problems);
    assert!(
        told("title") && told("10 frames, the file has 8"),
        "{:?}",
        found.problems
    );
}

#[test]
fn a_file_without_a_report_cannot_be_checked() {
    let scratch = Scratch::new("none");
    let source = scratch.video("plain.mkv", 3);
    let refused = verify(&source, &engine(&[], Fill::Solid), &Control::silent(), true);
    assert!(matches!(refused, Err(JobError::NoReport { .. })));
}
