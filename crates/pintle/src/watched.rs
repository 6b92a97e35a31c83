//! Releases whose objects are watched, so that they need not be looked at.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pintle_cluster::{Applied, DriftRules, DriftWatch, ObjectRef, Registration, Signature};

use crate::ReleaseHandle;

/// The releases of one cluster whose objects are watched.
#[derive(Clone)]
pub(crate) struct WatchedReleases(Arc<Shared>);

struct Shared {
    watch: DriftWatch,
    /// By the namespace of the records and the release's name.
    releases: Mutex<HashMap<(String, String), Watched>>,
}

struct Watched {
    /// The revision whose objects are watched.
    revision: u32,
    /// By which rules they were found in order.
    rules: DriftRules,
    registration: Registration,
}

impl WatchedReleases {
    pub(crate) fn new(cluster: pintle_cluster::Target) -> Self {
        Self(Arc::new(Shared { watch: DriftWatch::new(cluster), releases: Mutex::default() }))
    }

    /// Whether nothing happened to the objects of a revision since they were in order by these rules.
    pub(crate) fn is_quiet(&self, release: &ReleaseHandle, revision: u32, rules: &DriftRules) -> bool {
        self.releases().get(&key(release)).is_some_and(|watched| {
            watched.revision == revision && watched.rules == *rules && watched.registration.is_quiet()
        })
    }

    /// Notes that the objects of a revision are in order: what was seen of them, and what was written since.
    pub(crate) fn note(
        &self,
        release: &ReleaseHandle,
        revision: u32,
        rules: &DriftRules,
        seen: Vec<(ObjectRef, Signature)>,
        applied: &[Applied],
    ) {
        let objects: Vec<ObjectRef> = seen
            .iter()
            .map(|(object, _)| object.clone())
            .chain(applied.iter().map(|applied| applied.object.clone()))
            .collect();
        let mut releases = self.releases();
        let key = key(release);
        let kept = releases.remove(&key).filter(|watched| watched.revision == revision);
        let registration = match kept {
            Some(watched) => watched.registration,
            None => self.0.watch.register(objects),
        };
        registration.expect(seen);
        registration.expect_applied(applied);
        releases.insert(key, Watched { revision, rules: rules.clone(), registration });
    }

    fn releases(&self) -> MutexGuard<'_, HashMap<(String, String), Watched>> {
        // Nothing panics while it is held, and each change of it is complete.
        self.0.releases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WatchedReleases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WatchedReleases({})", self.releases().len())
    }
}

fn key(release: &ReleaseHandle) -> (String, String) {
    (release.storage_namespace().to_owned(), release.name().to_owned())
}
