//! Work that the machine's cores share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The stack of a helper: the same that a worker of an engine has.
const STACK: usize = 2 << 20;

/// What `work` makes of each item, in the order of the items. At most `useful` threads do it, this one among them, and no
/// more than there are cores, or than eight.
pub fn on_cores<T: Sync, R: Send>(items: &[T], useful: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    const MOST_THREADS: usize = 8;
    let useful = useful.min(items.len()).min(MOST_THREADS);
    // How many cores there are is asked where it matters: the answer is in a handful of files.
    let cores = if useful < 2 { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let threads = useful.min(cores);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(index)
        {
            done.push((index, work(item)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        // Where the system gives no thread, this one does all.
        let helpers: Vec<_> = (1..threads)
            .filter_map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, share).ok())
            .collect();
        let mut done = share();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::on_cores;

    #[test]
    fn results_are_in_order() {
        let items: Vec<usize> = (0..1_000).collect();
        for useful in [0, 1, 2, 100] {
            assert_eq!(
                on_cores(&items, useful, |item| item * 2),
                items.iter().map(|n| n * 2).collect::<Vec<_>>()
            );
        }
        assert!(on_cores(&[], 8, |item: &usize| *item).is_empty());
    }
}
