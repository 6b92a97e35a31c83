//! Renderings that releases with equal inputs share.
//!
//! A rendering is shared where a second one would be the same: templates asked neither a cluster nor a resolver of
//! names, neither the time nor chance, and nothing of the caller's own had a hand in it. Passwords that a chart draws are
//! never shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pintle_render::Rendered;
use tokio::sync::watch;

/// Of everything that a rendering is made from.
pub(crate) type Key = [u8; 32];

/// The renderings that were made last, and those that are being made.
pub(crate) struct SharedRenders(Arc<Mutex<Known>>);

struct Known {
    capacity: usize,
    clock: u64,
    renders: HashMap<Key, Entry>,
}

struct Entry {
    used: u64,
    /// What is known of it: nothing, as long as it is being made.
    state: watch::Receiver<Option<Found>>,
}

/// What became of a rendering.
#[derive(Clone)]
enum Found {
    /// It is there.
    Rendered(Arc<Rendered>),
    /// It cannot be shared.
    Private,
}

/// What whoever wants a rendering has to do.
pub(crate) enum Turn {
    /// Take this one.
    Take(Arc<Rendered>),
    /// Make it, and tell.
    Make(Maker),
    /// Make it for oneself.
    Private,
}

/// Whoever makes a rendering that others may wait for. Dropped without a word, it tells them not to.
pub(crate) struct Maker {
    known: Arc<Mutex<Known>>,
    key: Key,
    state: watch::Sender<Option<Found>>,
}

impl SharedRenders {
    /// Keeps as many as this; 0 shares none.
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(Known { capacity, clock: 0, renders: HashMap::new() })))
    }

    /// Waits for a rendering that is being made, but only as long as it can be shared: a render that asks its cluster
    /// something holds up nobody else's.
    pub(crate) async fn turn(&self, key: Key) -> Turn {
        let mut state = {
            let mut known = lock(&self.0);
            if known.capacity == 0 {
                return Turn::Private;
            }
            known.clock += 1;
            let now = known.clock;
            if let Some(entry) = known.renders.get_mut(&key) {
                entry.used = now;
                entry.state.clone()
            } else {
                let (sender, state) = watch::channel(None);
                known.make_room();
                known.renders.insert(key, Entry { used: now, state });
                return Turn::Make(Maker { known: Arc::clone(&self.0), key, state: sender });
            }
        };
        let found = state.wait_for(Option::is_some).await;
        match found.as_deref() {
            Ok(Some(Found::Rendered(rendered))) => Turn::Take(Arc::clone(rendered)),
            _ => Turn::Private,
        }
    }
}

impl Known {
    fn make_room(&mut self) {
        if self.renders.len() < self.capacity {
            return;
        }
        let oldest = self.renders.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
        if let Some(oldest) = oldest {
            self.renders.remove(&oldest);
        }
    }
}

impl Maker {
    /// It is done, and others may have it.
    pub(crate) fn share(self, rendered: &Arc<Rendered>) {
        self.state.send_replace(Some(Found::Rendered(Arc::clone(rendered))));
    }

    /// Others have to make it themselves.
    pub(crate) fn keep_private(&self) {
        self.state.send_replace(Some(Found::Private));
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        if !matches!(&*self.state.borrow(), Some(Found::Rendered(_))) {
            let mut known = lock(&self.known);
            let own = |entry: &Entry| entry.state.same_channel(&self.state.subscribe());
            if known.renders.get(&self.key).is_some_and(own) {
                known.renders.remove(&self.key);
            }
            drop(known);
            self.keep_private();
        }
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    // Nothing panics while it is held, and each change of it is complete.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_chart::{Chart, File, Limits};
    use pintle_render::{CompiledChart, RenderInput};

    fn rendered() -> Arc<Rendered> {
        let files = vec![File::new("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n")];
        let chart = Chart::from_files(files, &Limits::default()).unwrap();
        Arc::new(CompiledChart::new(chart).render(&RenderInput::new("a", "b")).unwrap())
    }

    #[tokio::test]
    async fn who_comes_second_waits_and_takes_it() {
        let renders = SharedRenders::new(2);
        let Turn::Make(maker) = renders.turn([1; 32]).await else { panic!("the first one makes it") };
        let second = renders.turn([1; 32]);
        let made = rendered();
        let (turn, ()) = tokio::join!(second, async { maker.share(&made) });
        assert!(matches!(turn, Turn::Take(taken) if Arc::ptr_eq(&taken, &made)));
        assert!(matches!(renders.turn([1; 32]).await, Turn::Take(_)));
    }

    #[tokio::test]
    async fn nobody_waits_for_what_is_private_or_given_up() {
        let renders = SharedRenders::new(2);
        let Turn::Make(maker) = renders.turn([1; 32]).await else { panic!("the first one makes it") };
        let (turn, ()) = tokio::join!(renders.turn([1; 32]), async { maker.keep_private() });
        assert!(matches!(turn, Turn::Private));
        drop(maker);
        let Turn::Make(maker) = renders.turn([1; 32]).await else { panic!("it is forgotten") };
        let (turn, ()) = tokio::join!(renders.turn([1; 32]), async { drop(maker) });
        assert!(matches!(turn, Turn::Private));
    }

    #[tokio::test]
    async fn the_one_that_was_used_longest_ago_goes() {
        let renders = SharedRenders::new(2);
        for key in [1, 2] {
            let Turn::Make(maker) = renders.turn([key; 32]).await else { panic!("it is new") };
            maker.share(&rendered());
        }
        assert!(matches!(renders.turn([1; 32]).await, Turn::Take(_)));
        let Turn::Make(maker) = renders.turn([3; 32]).await else { panic!("it is new") };
        maker.share(&rendered());
        assert!(matches!(renders.turn([1; 32]).await, Turn::Take(_)));
        assert!(matches!(renders.turn([2; 32]).await, Turn::Make(_)));
    }
}
