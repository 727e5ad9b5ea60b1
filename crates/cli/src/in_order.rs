//! Work on several things at a time, told of one after the other. Knows neither files nor messages.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Runs `task` once for each of `items`, in their order, up to `at_once` at a time; `done` hears the
/// results in the order of the items, whichever ends first, on the caller's thread.
///
/// With one at a time no thread is started. A panic of a task is one of the caller.
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
                    // Nobody hears it any more only where the caller panics.
                    let _ = sender.send((i, task(item)));
                }
            });
        }
        drop(sender);
        let (mut early, mut told) = (BTreeMap::new(), 0);
        for (i, result) in results {
            early.insert(i, result);
            while let Some(result) = early.remove(&told) {
                done(&items[told], result);
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
    use std::sync::Mutex;
    use std::time::Duration;

    #[test]
    fn results_are_told_in_the_order_of_the_items_whichever_ends_first() {
        let ended = Mutex::new(Vec::new());
        let mut told = Vec::new();
        let work = |&ms: &u64| {
            std::thread::sleep(Duration::from_millis(ms));
            ended.lock().expect("no test panics").push(ms);
            ms
        };
        in_order(&[80, 1, 2, 3], 2, work, |&item, result| {
            assert_eq!(item, result);
            told.push(result);
        });
        assert_eq!(told, [80, 1, 2, 3]);
        assert_eq!(ended.into_inner().expect("no test panics"), [1, 2, 3, 80]);
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
