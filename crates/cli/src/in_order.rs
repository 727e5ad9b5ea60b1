//! Work on several things at a time, told of one after the other. Knows neither files nor messages.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Runs `task` once for each of `items`, in their order, up to `at_once` at a time; `done` hears the
/// results in the order of the items, whichever ends first, on the caller's thread.
///
/// With one at a time no thread is started. Where a task panics, those before it are told of, then
/// the caller panics; no other is begun after it.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    at_once: usize,
    task: impl Fn(&T) -> R + Sync,
    mut done: impl FnMut(&T, R),
) {
    if at_once <= 1 || items.len() <= 1 {
        for item in items {
            done(item, task(item));
        }
        return;
    }
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(items.len()) {
            let (next, task, sender) = (&next, &task, sender.clone());
            scope.spawn(move || {
                while let Some((i, item)) = take(next, items) {
                    let result = catch_unwind(AssertUnwindSafe(|| task(item)));
                    let ended = result.is_err();
                    // Nobody hears it where the caller panics.
                    if sender.send((i, result)).is_err() || ended {
                        next.store(items.len(), Ordering::Relaxed);
                    }
                }
            });
        }
        drop(sender);
        let (mut early, mut told) = (BTreeMap::new(), 0);
        for (i, result) in results {
            early.insert(i, result);
            while let Some(result) = early.remove(&told) {
                done(&items[told], result.unwrap_or_else(|e| resume_unwind(e)));
                told += 1;
            }
        }
    });
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let i = next.fetch_add(1, Ordering::Relaxed);
    items.get(i).map(|item| (i, item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn results_are_told_in_the_order_of_the_items_whichever_ends_first() {
        let ended = AtomicUsize::new(0);
        let mut told = Vec::new();
        let work = |&item: &usize| {
            // The first one ends last.
            while item == 0 && ended.load(Ordering::SeqCst) < 3 {
                std::thread::sleep(Duration::from_millis(1));
            }
            ended.fetch_add(1, Ordering::SeqCst);
            item
        };
        in_order(&[0, 1, 2, 3], 2, work, |_, item| told.push(item));
        assert_eq!(told, [0, 1, 2, 3]);
    }

    #[test]
    fn a_task_that_panics_ends_the_work_after_what_came_before_was_told() {
        let (begun, mut told) = (AtomicUsize::new(0), Vec::new());
        let work = |&item: &usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
            assert_ne!(item, 5, "the fifth");
            item
        };
        let items: Vec<usize> = (0..1000).collect();
        let run = AssertUnwindSafe(|| in_order(&items, 2, work, |_, item| told.push(item)));
        assert!(catch_unwind(run).is_err());
        assert_eq!(told, [0, 1, 2, 3, 4]);
        assert!(begun.into_inner() < 1000);
    }

    #[test]
    fn a_listener_that_panics_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let work = |_: &usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
        };
        let items: Vec<usize> = (0..1000).collect();
        let run = AssertUnwindSafe(|| in_order(&items, 2, work, |_, ()| panic!("no more")));
        assert!(catch_unwind(run).is_err());
        assert!(begun.into_inner() < 1000);
    }

    #[test]
    fn each_is_worked_on_once_and_so_many_at_a_time() {
        for at_once in [1, 2, 3] {
            let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let items: Vec<usize> = (0..40).collect();
            let work = |&i: &usize| {
                let running = now.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(running, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
                now.fetch_sub(1, Ordering::SeqCst);
                i
            };
            let mut told = Vec::new();
            in_order(&items, at_once, work, |_, i| told.push(i));
            assert_eq!(told, items);
            assert_eq!(most.into_inner(), at_once);
        }
    }

    #[test]
    fn nothing_to_do_is_done() {
        in_order(
            &[],
            2,
            |_: &u8| (),
            |_, ()| unreachable!("there is no item"),
        );
    }
}
