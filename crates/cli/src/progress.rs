//! One progress line a file: how far, how fast, how long yet.

use crate::show::shown;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scrim_redact::Step;
use std::path::Path;

/// One part in so many of a file's time is the first pass, about.
const FIRST_PASS: u64 = 2;

/// The line of one file.
#[derive(Clone)]
pub struct Line(ProgressBar);

impl Line {
    /// A line on standard error when that is a terminal; otherwise nothing.
    #[must_use]
    pub fn new(source: &Path, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(8)
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style =
            ProgressStyle::with_template("{msg} {wide_bar} {percent:>3}% {prefix} {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(shown(source));
        Self(bar)
    }

    /// One more frame.
    pub fn step(&self, step: Step) {
        let elapsed = self.0.elapsed().as_secs_f64().max(0.001);
        let (done, total, frames) = match step {
            Step::Examined(n, total) => (n, total.unwrap_or(n), n),
            Step::Written(n, total) => (n + total, total, n + total),
            Step::Checked(n, total) => (n * FIRST_PASS, total, n * FIRST_PASS),
        };
        self.0.set_length(total.max(1) * FIRST_PASS);
        self.0.set_position(done);
        self.0
            .set_prefix(format!("{:.0} frames/s", frames as f64 / 2.0 / elapsed));
    }

    /// A line above the progress.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
