//! Things that threads take in turn, each with a workspace of its own. What is done with a thing it
//! does not know.

use crate::look::DetectError;
use crate::network::Workspace;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `one` says of each thing, in their order: shared among as many threads as there are
/// workspaces, where each has `grain` things or more. Each takes the next thing when it is done with
/// the one before, so that none waits for another at the end.
///
/// # Errors
/// What `one` failed with; of several the first by the thread that it came from.
pub(crate) fn shared<T: Sync, S: Send>(
    things: &[T],
    grain: usize,
    (own, others): (&mut Workspace, &mut [Workspace]),
    one: impl Fn(&T, &mut Workspace) -> Result<S, DetectError> + Sync,
) -> Result<Vec<S>, DetectError> {
    let more = (things.len() / grain).saturating_sub(1).min(others.len());
    let next = AtomicUsize::new(0);
    let some = |workspace: &mut Workspace| {
        let mut said = Vec::new();
        while let Some((at, thing)) = taken(&next, things) {
            said.push((at, one(thing, workspace)?));
        }
        Ok::<_, DetectError>(said)
    };
    let mut said = std::thread::scope(|scope| {
        let some = &some;
        let threads = others[..more].iter_mut();
        let threads: Vec<_> = threads.map(|w| scope.spawn(move || some(w))).collect();
        let mut said = some(own)?;
        for thread in threads {
            let more = thread.join();
            said.extend(more.unwrap_or_else(|e| std::panic::resume_unwind(e))?);
        }
        Ok::<_, DetectError>(said)
    })?;
    said.sort_by_key(|(at, _)| *at);
    Ok(said.into_iter().map(|(_, word)| word).collect())
}

/// The next thing that nobody has taken, and where it stands.
fn taken<'a, T>(next: &AtomicUsize, things: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    things.get(at).map(|thing| (at, thing))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Workspaces for a thread and for so many more.
    fn workspaces(more: usize) -> (Workspace, Vec<Workspace>) {
        let others = (0..more).map(|_| Workspace::new());
        (Workspace::new(), others.collect())
    }

    #[test]
    fn the_words_come_in_the_order_of_the_things_however_many_threads_there_are() {
        let things: Vec<u64> = (0..37).collect();
        for more in [0, 1, 3] {
            let (mut own, mut others) = workspaces(more);
            let said = shared(&things, 1, (&mut own, &mut others), |thing, _| {
                // The first ones take longest.
                std::thread::sleep(std::time::Duration::from_micros(400 / (thing + 1)));
                Ok(thing * 2)
            });
            let twice: Vec<u64> = things.iter().map(|thing| thing * 2).collect();
            assert_eq!(said.unwrap_or_default(), twice);
        }
    }

    #[test]
    fn one_that_fails_fails_all_whichever_thread_had_it() {
        let things = [0, 1, 2, 3, 4, 5, 6, 7];
        for bad in things {
            let (mut own, mut others) = workspaces(1);
            let said = shared(&things, 1, (&mut own, &mut others), |thing, _| {
                let absurd = || DetectError::Absurd("bad".into());
                (*thing != bad).then_some(*thing).ok_or_else(absurd)
            });
            assert!(matches!(said, Err(DetectError::Absurd(_))), "{bad}");
        }
    }
}
