//! What happens during a run, as it happens.

use std::sync::Arc;
use std::time::Duration;

use pintle_cluster::{Contest, ObjectRef};
use pintle_release::{HookEvent, Status};
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

use crate::{Failure, ObjectAction};

/// Something that happened during a run. Progress displays, Kubernetes events and tests all read these.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A record was written: the release is now in this state.
    Recorded {
        /// The revision.
        revision: u32,
        /// Its state.
        status: Status,
    },
    /// A namespace was created.
    NamespaceCreated {
        /// Its name.
        name: String,
    },
    /// An object was created, changed or deleted, or found to need no change.
    Object {
        /// The object.
        object: ObjectRef,
        /// What was done.
        action: ObjectAction,
    },
    /// A hook begins.
    HookStarted {
        /// The hook's object.
        object: ObjectRef,
        /// When it runs.
        at: HookEvent,
        /// The template that made it.
        path: String,
    },
    /// A hook ended.
    HookFinished {
        /// The hook's object.
        object: ObjectRef,
        /// Whether it succeeded.
        succeeded: bool,
        /// How long it took.
        took: Duration,
    },
    /// What a hook's container printed, by its output-log policy.
    HookLog {
        /// The hook's object.
        object: ObjectRef,
        /// The container, as `POD/CONTAINER`.
        container: String,
        /// The text.
        text: String,
    },
    /// An object that is waited for, each time its state changes.
    Waiting {
        /// The object.
        object: ObjectRef,
        /// What it is waited for, for people (`Ready: 0/2`).
        message: String,
        /// How many objects are ready.
        ready: usize,
        /// How many are waited for.
        total: usize,
    },
    /// Everything that was waited for is ready.
    Ready,
    /// Somebody changed an object again each time it was put back: it is let be for a while.
    Contested {
        /// Which object, by whom, and for how long.
        contest: Contest,
    },
    /// Something that does not stop the run but that people should know.
    Warning {
        /// The text.
        text: String,
    },
    /// The run failed.
    Failed {
        /// Why, and on which object.
        failure: Arc<Failure>,
    },
    /// After a failure, the release goes back.
    RollingBack {
        /// The revision that it goes back to; `None` where a failed install is uninstalled.
        revision: Option<u32>,
    },
}

/// Sees the events of a run.
///
/// [`event`](Self::event) is called on the run's own task and must return at once; [`Events`] is an adaptor that
/// makes a bounded stream of them. `()` sees nothing.
pub trait Observer: Send + Sync {
    /// Sees one event.
    fn event(&self, event: &Event);
}

impl Observer for () {
    fn event(&self, _event: &Event) {}
}

impl<F: Fn(&Event) + Send + Sync> Observer for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}

/// Tells an observer of an event, and the log.
pub(crate) fn tell(observer: &dyn Observer, event: &Event) {
    event.log();
    observer.event(event);
}

impl Event {
    /// Logs what happened; what a container printed and the cluster's words about a status are left out, since nobody
    /// knows what stands in them.
    fn log(&self) {
        match self {
            Self::Recorded { revision, status } => info!(revision, %status, "recorded"),
            Self::NamespaceCreated { name } => info!(namespace = %name, "namespace created"),
            Self::Object { object, action } => debug!(%object, %action, "object done"),
            Self::HookStarted { object, at, path } => {
                debug!(%object, event = at.as_str(), template = %path, "hook started");
            }
            Self::HookFinished { object, succeeded, took } => {
                info!(%object, succeeded, ?took, "hook finished");
            }
            Self::HookLog { object, container, text } => {
                debug!(%object, %container, bytes = text.len(), "hook printed");
            }
            Self::Waiting { object, ready, total, .. } => debug!(%object, ready, total, "waiting"),
            Self::Ready => debug!("everything is ready"),
            Self::Contested { contest } => warn!(object = %contest.object, "{contest}"),
            Self::Warning { text } => warn!("{text}"),
            Self::Failed { failure } => warn!("{failure}"),
            Self::RollingBack { revision: Some(revision) } => info!(revision, "rolling back"),
            Self::RollingBack { revision: None } => info!("uninstalling what failed"),
        }
    }
}

/// An [`Observer`] that puts events into a bounded queue. A reader that is too slow loses events, never the run its
/// time; the number of lost ones is counted.
#[derive(Debug)]
pub struct Events {
    queue: mpsc::Sender<Event>,
    lost: std::sync::atomic::AtomicU64,
}

impl Events {
    /// An observer and the queue that it fills, of this many events.
    pub fn bounded(capacity: usize) -> (Self, mpsc::Receiver<Event>) {
        let (queue, events) = mpsc::channel(capacity.max(1));
        (Self { queue, lost: std::sync::atomic::AtomicU64::new(0) }, events)
    }

    /// How many events found the queue full.
    pub fn lost(&self) -> u64 {
        self.lost.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Observer for Events {
    fn event(&self, event: &Event) {
        if self.queue.try_send(event.clone()).is_err() {
            self.lost.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
