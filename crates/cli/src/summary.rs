//! What became of all files, for people and as JSON.

use crate::show::shown;
use scrim_redact::Done;
use std::path::PathBuf;

/// One finished file.
#[derive(Debug, Clone, PartialEq)]
pub struct DoneFile {
    /// Its input.
    pub source: PathBuf,
    /// What became of it.
    pub done: Done,
    /// It was damaged and redacted all the same, on request.
    pub damaged: bool,
}

/// What became of all files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Finished files.
    pub done: Vec<DoneFile>,
    /// Inputs that were refused: nothing was written for them.
    pub refused: usize,
    /// Outputs that could not be written.
    pub failed: usize,
    /// Inputs left out without harm: done before, or no picture and no video in a folder.
    pub skipped: usize,
    /// Stopped by Ctrl-C.
    pub stopped: bool,
}

impl Summary {
    fn sum(&self, f: impl Fn(&Done) -> u64) -> u64 {
        self.done.iter().map(|d| f(&d.done)).sum()
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!(
            "{}: {}, {} and {} covered",
            count(self.done.len() as u64, "file", "files"),
            count(self.sum(|d| d.frames), "frame", "frames"),
            count(self.sum(|d| d.faces), "face", "faces"),
            count(self.sum(|d| d.plates), "plate", "plates"),
        );
        for (n, word) in [
            (self.sum(|d| d.blanked) as usize, "frames blanked"),
            (self.refused, "refused"),
            (self.failed, "failed"),
            (self.skipped, "skipped"),
        ] {
            if n > 0 {
                line.push_str(&format!(", {n} {word}"));
            }
        }
        line
    }

    /// What is not covered, by size.
    #[must_use]
    pub fn smallest(&self) -> Option<String> {
        let worst = |f: fn(&Done) -> f32| self.done.iter().map(|d| f(&d.done)).fold(0.0, f32::max);
        (!self.done.is_empty()).then(|| {
            format!(
                "looked for faces from {:.0} px and plates from {:.0} px high; smaller ones may show",
                worst(|d| d.smallest.0).ceil(),
                worst(|d| d.smallest.1).ceil()
            )
        })
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let files: Vec<_> = self
            .done
            .iter()
            .map(|d| {
                serde_json::json!({
                    "source": d.source.to_string_lossy(),
                    "output": d.done.output.to_string_lossy(),
                    "frames": d.done.frames,
                    "faces": d.done.faces,
                    "plates": d.done.plates,
                    "blanked": d.done.blanked,
                    "warnings": d.done.warnings,
                })
            })
            .collect();
        serde_json::json!({
            "files": files,
            "refused": self.refused,
            "failed": self.failed,
            "skipped": self.skipped,
            "stopped": self.stopped,
        })
    }
}

/// One line about one finished file.
#[must_use]
pub fn line_of(file: &DoneFile) -> String {
    format!(
        "{} -> {}: {}, {}, {}",
        shown(&file.source),
        shown(&file.done.output),
        count(file.done.frames, "frame", "frames"),
        count(file.done.faces, "face", "faces"),
        count(file.done.plates, "plate", "plates"),
    )
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
