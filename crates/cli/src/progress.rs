//! One progress line a file: how far, how fast, how long yet.

use crate::show::{say, shown};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use scrim_redact::Step;
use std::fmt::Display;
use std::path::Path;

/// One part in so many of a file's time is the first pass, about.
const FIRST_PASS: u64 = 2;

/// The lines of files that are worked on side by side, and what is said above them.
pub struct Lines(MultiProgress);

impl Lines {
    /// On standard error when that is a terminal; otherwise no lines, but what is said is.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(8)
        };
        Self(MultiProgress::with_draw_target(target))
    }

    /// One more, for this file.
    #[must_use]
    pub fn line(&self, source: &Path) -> Line {
        Line::on(&self.0, source)
    }

    /// Says something above the lines.
    pub fn say(&self, text: impl Display) {
        self.0.suspend(|| say(text));
    }
}

/// The line of one file.
#[derive(Clone)]
pub struct Line {
    bar: ProgressBar,
    lines: MultiProgress,
}

impl Line {
    /// The only line on standard error when that is a terminal; otherwise nothing.
    #[must_use]
    pub fn new(source: &Path, quiet: bool) -> Self {
        Lines::new(quiet).line(source)
    }

    fn on(lines: &MultiProgress, source: &Path) -> Self {
        let bar = lines.add(ProgressBar::no_length());
        let style =
            ProgressStyle::with_template("{msg} {wide_bar} {percent:>3}% {prefix} {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(shown(source));
        Self {
            bar,
            lines: lines.clone(),
        }
    }

    /// One more frame.
    pub fn step(&self, step: Step) {
        let elapsed = self.bar.elapsed().as_secs_f64().max(0.001);
        let (done, total, frames) = match step {
            Step::Examined(n, total) => (n, total.unwrap_or(n), n),
            Step::Written(n, total) => (n + total, total, n + total),
            Step::Checked(n, total) => (n * FIRST_PASS, total, n * FIRST_PASS),
        };
        self.bar.set_length(total.max(1) * FIRST_PASS);
        self.bar.set_position(done);
        self.bar
            .set_prefix(format!("{:.0} frames/s", frames as f64 / 2.0 / elapsed));
    }

    /// The file is done: its line goes.
    pub fn end(&self) {
        self.bar.finish_and_clear();
        self.lines.remove(&self.bar);
    }
}
