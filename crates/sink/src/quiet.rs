//! Keeps off standard error what an encoder library prints there by itself.
//!
//! SVT-AV1 greets on standard error when it is opened, whatever FFmpeg's log level is. Its one
//! switch is a variable of the environment, and no process with threads may set one. So standard
//! error leads nowhere while it is opened: some milliseconds, in which words of other threads are
//! lost too.

use std::sync::{Mutex, PoisonError};

/// One at a time: the second would keep the first one's nowhere and put it back at the end.
static ONE: Mutex<()> = Mutex::new(());

/// Runs `work` with standard error leading nowhere. Where that cannot be done it runs all the same.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let _kept = Kept::begin();
    work()
}

#[cfg(unix)]
struct Kept(Option<std::os::fd::OwnedFd>);

#[cfg(unix)]
impl Kept {
    fn begin() -> Self {
        use std::os::fd::AsFd;
        let kept = std::io::stderr().as_fd().try_clone_to_owned().ok();
        let nowhere = std::fs::File::options().write(true).open("/dev/null").ok();
        let (Some(kept), Some(nowhere)) = (kept, nowhere) else {
            return Self(None);
        };
        let turned = rustix::stdio::dup2_stderr(&nowhere).is_ok();
        Self(turned.then_some(kept))
    }
}

#[cfg(unix)]
impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(kept) = &self.0 {
            // Nothing more can be done about a failure here, and nowhere to tell it.
            let _ = rustix::stdio::dup2_stderr(kept);
        }
    }
}

#[cfg(not(unix))]
struct Kept;

#[cfg(not(unix))]
impl Kept {
    fn begin() -> Self {
        Self
    }
}
