//! Work that the machine's cores share.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, Scope, ScopedJoinHandle};

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
        let helpers: Vec<_> = (1..threads).filter_map(|_| helper(scope, share).ok()).collect();
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

/// Starts a thread that works on another core than this one, from its first moment on.
///
/// Left to itself, Linux may let it begin on the core of the thread that starts it, and move it when it next balances the
/// cores: 4 to 20 ms later, when all the work may be done (measured with Linux 6.18 and two virtual cores).
///
/// Errors where the system gives no thread.
pub fn helper<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    let here = Core::current();
    let handle = Builder::new().stack_size(STACK).spawn_scoped(scope, move || {
        here.leave();
        work()
    });
    // Lets it leave now; it would be behind this thread's slice otherwise.
    std::thread::yield_now();
    handle
}

/// The core that a thread runs on.
#[derive(Clone, Copy)]
struct Core(#[cfg(target_os = "linux")] usize);

impl Core {
    #[cfg(target_os = "linux")]
    fn current() -> Self {
        Self(rustix::thread::sched_getcpu())
    }

    /// Moves the thread that calls it to another core, where it has one; it is free to come back.
    #[cfg(target_os = "linux")]
    fn leave(self) {
        use rustix::thread::{sched_getaffinity, sched_setaffinity};

        let Ok(all) = sched_getaffinity(None) else { return };
        let mut others = all;
        others.unset(self.0);
        if others.count() > 0 && sched_setaffinity(None, &others).is_ok() {
            // What cannot be undone leaves the thread, which ends soon, with one core less.
            let _ = sched_setaffinity(None, &all);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn current() -> Self {
        Self()
    }

    #[cfg(not(target_os = "linux"))]
    fn leave(self) {}
}

#[cfg(test)]
mod tests {
    use super::{helper, on_cores};

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

    #[test]
    fn a_helper_does_its_work() {
        assert_eq!(std::thread::scope(|scope| helper(scope, || 7).unwrap().join().unwrap()), 7);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_helper_may_use_all_cores() {
        use rustix::thread::sched_getaffinity;

        let cores = || sched_getaffinity(None).unwrap();
        assert_eq!(std::thread::scope(|scope| helper(scope, cores).unwrap().join().unwrap()), cores());
    }
}
