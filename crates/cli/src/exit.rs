//! Exit codes: the one place that knows the numbers.

use crate::summary::Summary;
use std::process::ExitCode;

/// How a run of `scrim redact` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done,
    /// Done, with blanked frames or something to check.
    Check,
    /// Wrong arguments.
    Usage,
    /// Some inputs were refused, the rest is done.
    SomeRefused,
    /// Nothing usable was written.
    Nothing,
    /// Stopped by Ctrl-C.
    Stopped,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Check => 1,
            Self::Usage => 2,
            Self::SomeRefused => 3,
            Self::Nothing => 4,
            Self::Stopped => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// How a run of `scrim verify` ended; the worst file decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerifyExit {
    /// Everything is as the reports say.
    Clean,
    /// Something was found.
    Found,
    /// A file or report could not be read.
    Unreadable,
}

impl From<VerifyExit> for ExitCode {
    fn from(exit: VerifyExit) -> Self {
        Self::from(match exit {
            VerifyExit::Clean => 0,
            VerifyExit::Found => 1,
            VerifyExit::Unreadable => 3,
        })
    }
}

impl From<&Summary> for Exit {
    fn from(s: &Summary) -> Self {
        if s.stopped {
            Self::Stopped
        } else if s.refused > 0 && s.failed == 0 {
            // A single refused input is "refused" too: nothing was tried in vain.
            Self::SomeRefused
        } else if s.failed > 0 && s.done.is_empty() {
            Self::Nothing
        } else if s.failed > 0 {
            Self::SomeRefused
        } else if s.done.iter().any(|d| d.done.blanked > 0 || d.damaged) {
            Self::Check
        } else {
            Self::Done
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_that_happened_decides_the_exit_code() {
        let mut s = Summary::default();
        assert_eq!(Exit::from(&s).code(), 0);
        s.refused = 1;
        assert_eq!(Exit::from(&s).code(), 3);
        s.failed = 1;
        assert_eq!(Exit::from(&s).code(), 4);
        s.stopped = true;
        assert_eq!(Exit::from(&s).code(), 130);
    }
}
