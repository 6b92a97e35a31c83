//! What is remembered of a release between its reconciliations.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::ResourceExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Work;
use crate::api::{HelmRelease, HelmReleaseStatus};
use crate::conditions::{Conditions, Reason};
use crate::context::Context;
use crate::key::ObjectName;
use crate::status;

/// What is remembered of a release between its reconciliations.
#[derive(Default)]
pub(crate) struct Memory {
    /// The status as it was last written, and the uid of the object whose it is. Whoever writes the status holds this.
    status: tokio::sync::Mutex<Option<(String, HelmReleaseStatus)>>,
    rest: Mutex<Rest>,
}

#[derive(Default)]
struct Rest {
    uid: Option<String>,
    failures: u32,
    last_block: Option<(Reason, String)>,
    settled: Option<Settled>,
    follower: Option<Follower>,
}

/// A release that is as declared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Settled {
    /// Of everything that it was made from.
    pub(crate) fingerprint: [u8; 32],
}

/// A task that follows a release's objects.
pub(crate) struct Follower {
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
    /// Of everything that it follows.
    pub(crate) fingerprint: [u8; 32],
}

impl Memory {
    /// Forgets everything when the object is another one of the same name.
    pub(crate) async fn belong_to(&self, release: &HelmRelease) {
        let follower = {
            let mut rest = self.rest();
            if rest.uid == release.uid() {
                return;
            }
            let old = std::mem::take(&mut *rest);
            rest.uid = release.uid();
            old.follower
        };
        end(follower).await;
    }

    /// One more failure in a row; how many there are.
    pub(crate) fn failed(&self) -> u32 {
        let mut rest = self.rest();
        rest.failures = rest.failures.saturating_add(1);
        rest.failures
    }

    /// No failure any more.
    pub(crate) fn succeeded(&self) {
        let mut rest = self.rest();
        rest.failures = 0;
        rest.last_block = None;
    }

    /// Notes why nothing could be done; whether that was known already.
    pub(crate) fn last_block(&self, reason: Reason, message: &str) -> bool {
        let new = (reason, message.to_owned());
        let mut rest = self.rest();
        let known = rest.last_block.as_ref() == Some(&new);
        rest.last_block = Some(new);
        known
    }

    /// Whether the release was brought to this state, and is being followed since.
    pub(crate) fn is_settled(&self, fingerprint: &[u8; 32], followed: bool) -> bool {
        let rest = self.rest();
        let settled = rest.settled.as_ref().is_some_and(|settled| settled.fingerprint == *fingerprint);
        let follows = rest
            .follower
            .as_ref()
            .is_some_and(|follower| follower.fingerprint == *fingerprint && !follower.task.is_finished());
        settled && follows == followed
    }

    pub(crate) fn settle(&self, fingerprint: [u8; 32]) {
        self.rest().settled = Some(Settled { fingerprint });
    }

    pub(crate) fn unsettle(&self) {
        self.rest().settled = None;
    }

    /// Follows by this task from now on.
    pub(crate) async fn follow(&self, follower: Follower) {
        let old = self.rest().follower.replace(follower);
        end(old).await;
    }

    /// Whether the release's objects are watched.
    pub(crate) fn follows(&self) -> bool {
        self.rest().follower.as_ref().is_some_and(|follower| !follower.task.is_finished())
    }

    /// Ends the watch over the release's objects, and waits until it has ended.
    pub(crate) async fn stop_following(&self) {
        let old = self.rest().follower.take();
        end(old).await;
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        // Nothing panics while it is held.
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn end(follower: Option<Follower>) {
    if let Some(follower) = follower {
        follower.stop.cancel();
        // It has ended, or panicked; neither leaves anything to be done.
        let _ = follower.task.await;
    }
}

/// The status as it stands.
pub(super) async fn status_of(memory: &Memory, release: &HelmRelease) -> HelmReleaseStatus {
    match &*memory.status.lock().await {
        Some((uid, status)) if release.uid().as_deref() == Some(uid) => status.clone(),
        _ => release.status.clone().unwrap_or_default(),
    }
}

/// Changes the status, and writes what has changed of it. That it cannot be written is logged: the next change writes
/// all of it.
pub(super) async fn write_status(
    context: &Context,
    memory: &Memory,
    release: &HelmRelease,
    change: impl FnOnce(&mut HelmReleaseStatus, &mut Conditions) + Send,
) {
    let mut known = memory.status.lock().await;
    let old = match &*known {
        Some((uid, status)) if release.uid().as_deref() == Some(uid) => status.clone(),
        _ => release.status.clone().unwrap_or_default(),
    };
    let mut new = old.clone();
    let mut conditions = Conditions::new(std::mem::take(&mut new.conditions), release.metadata.generation);
    change(&mut new, &mut conditions);
    new.conditions = conditions.into_list();
    match status::write(&context.client, release, Some(&old), &new).await {
        Ok(_) => *known = release.uid().map(|uid| (uid, new)),
        Err(error) => {
            tracing::warn!(release = %ObjectName::of(release), %error, "the status could not be written");
        }
    }
}

impl Work<'_> {
    pub(super) async fn status(&self) -> HelmReleaseStatus {
        status_of(self.memory, self.release).await
    }

    pub(super) async fn write_status(
        &self,
        change: impl FnOnce(&mut HelmReleaseStatus, &mut Conditions) + Send,
    ) {
        write_status(self.context, self.memory, self.release, change).await;
    }

    /// The memory, for a task of its own.
    pub(super) fn shared(&self) -> (Arc<Context>, Arc<HelmRelease>, Arc<Memory>) {
        (Arc::clone(self.context), Arc::clone(self.release), Arc::clone(self.memory))
    }
}
