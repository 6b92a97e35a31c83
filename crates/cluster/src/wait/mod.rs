//! Waiting until objects are ready, have ended or are gone.

mod follow;
mod legacy;
mod report;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pintle_value::Data;

pub use report::{ContainerFailure, EventNote, FailureReport, PodFailure};

use crate::status::conditions::{conditions, text};
use crate::status::kinds::is_unschedulable;
use crate::{
    Error, Jobs, ObjectKey, ObjectRef, Progress, ProgressObserver, Scope, Status, StatusResult, Target,
    hook_status_of, status_of,
};
use follow::{News, Wanted};

/// A caller's own rule for when objects are ready (a CEL expression, say).
pub trait ReadinessRule: Send + Sync {
    /// The status of a live object; `None` where the rule does not speak about it.
    fn status(&self, object: &Data) -> Option<StatusResult>;
}

/// By whose rules objects are waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitStrategy {
    /// By kstatus' rules, with watches, as Helm 4 (`--wait=watcher`).
    #[default]
    Watcher,
    /// By Helm 3's rules, which know built-in kinds alone, reading the objects every 2 seconds (`--wait=legacy`).
    Legacy,
}

/// How objects are waited for.
#[derive(Clone)]
#[non_exhaustive]
pub struct WaitOptions {
    /// By whose rules. Default: kstatus'.
    pub strategy: WaitStrategy,
    /// When a Job counts as ready. Default: when it has started.
    pub jobs: Jobs,
    /// How often objects are read where they cannot be watched. Default: 2 s.
    pub poll: Duration,
    /// Rules that speak before the built-in ones, the first that does counts.
    pub rules: Vec<Arc<dyn ReadinessRule>>,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            strategy: WaitStrategy::default(),
            jobs: Jobs::Started,
            poll: Duration::from_secs(2),
            rules: Vec::new(),
        }
    }
}

impl WaitOptions {
    /// By whose rules objects are waited for.
    #[must_use]
    pub fn strategy(mut self, strategy: WaitStrategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// When a Job counts as ready.
    #[must_use]
    pub fn jobs(mut self, jobs: Jobs) -> Self {
        self.jobs = jobs;
        self
    }

    /// How often objects are read where they cannot be watched.
    #[must_use]
    pub fn poll(mut self, every: Duration) -> Self {
        self.poll = every;
        self
    }

    /// A rule that speaks before the built-in ones.
    #[must_use]
    pub fn rule(mut self, rule: Arc<dyn ReadinessRule>) -> Self {
        self.rules.push(rule);
        self
    }
}

impl fmt::Debug for WaitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitOptions")
            .field("strategy", &self.strategy)
            .field("jobs", &self.jobs)
            .field("poll", &self.poll)
            .field("rules", &self.rules.len())
            .finish()
    }
}

/// An object that is not as it was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unready {
    /// The object.
    pub object: ObjectRef,
    /// How far it is.
    pub result: StatusResult,
}

/// Why waiting ended without success.
#[derive(Debug)]
#[non_exhaustive]
pub struct WaitError {
    /// The objects that are not as they should be; empty where they could not be read.
    pub unready: Vec<Unready>,
    /// What ended the wait; `None` where objects failed and nothing else was left to wait for.
    pub cause: Option<Error>,
    goal: Goal,
    voice: Voice,
}

impl fmt::Display for WaitError {
    /// Helm's text (`pkg/kube/statuswait.go`, `wait` and `waitForDelete`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.voice == Voice::Legacy {
            return self.say_legacy(f);
        }
        let how = if self.goal == Goal::Gone { "still exists" } else { "not ready" };
        let mut lines: Vec<String> = self
            .unready
            .iter()
            .map(|Unready { object, result }| {
                format!(
                    "resource {}/{}/{} {how}. status: {}, message: {}",
                    object.gvk.kind,
                    object.namespace.as_deref().unwrap_or_default(),
                    object.name,
                    result.status,
                    result.message
                )
            })
            .collect();
        match &self.cause {
            Some(Error::DeadlinePassed) => lines.push("context deadline exceeded".to_owned()),
            Some(Error::Cancelled) => lines.push("context canceled".to_owned()),
            Some(error) => lines.push(error.to_string()),
            None => {}
        }
        write!(f, "{}", lines.join("\n"))
    }
}

impl WaitError {
    /// Helm's text of the legacy strategy (`pkg/kube/wait.go`): it names an object only where that has failed.
    fn say_legacy(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.cause, self.goal) {
            (Some(Error::DeadlinePassed), Goal::Ended) => f.write_str("timed out waiting for the condition"),
            (Some(Error::DeadlinePassed), _) => f.write_str("context deadline exceeded"),
            (Some(Error::Cancelled), _) => f.write_str("context canceled"),
            (Some(error), _) => write!(f, "{error}"),
            (None, _) => {
                let failed = self.unready.iter().filter(|unready| unready.result.status == Status::Failed);
                let failed: Vec<&str> = failed.map(|unready| unready.result.message.as_str()).collect();
                f.write_str(&failed.join("\n"))
            }
        }
    }
}

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|error| error as _)
    }
}

/// In whose words an error is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Watcher,
    Legacy,
}

impl From<WaitStrategy> for Voice {
    fn from(strategy: WaitStrategy) -> Self {
        match strategy {
            WaitStrategy::Watcher => Self::Watcher,
            WaitStrategy::Legacy => Self::Legacy,
        }
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    Ready,
    Ended,
    Gone,
}

impl Target {
    /// Waits until all objects are ready, by kstatus's rules and Helm's exceptions (a paused Deployment is not waited
    /// for). One watch for each kind and namespace; where watching is forbidden, the objects are read again and again.
    ///
    /// An object that failed ends the wait as soon as all the others are ready or have failed too, as with Helm: until
    /// then it may recover. [`WaitStrategy::Legacy`] has rules of its own, knows no failure but a Job's, and opens no
    /// watches.
    pub async fn wait_ready(
        &self,
        scope: &Scope,
        objects: &[ObjectRef],
        options: &WaitOptions,
        observer: &dyn ProgressObserver,
    ) -> Result<(), WaitError> {
        match options.strategy {
            WaitStrategy::Watcher => {
                self.wait(scope, objects, options, Goal::Ready, &HashMap::new(), observer).await
            }
            WaitStrategy::Legacy => self.wait_ready_legacy(scope, objects, options, observer).await,
        }
    }

    /// Waits until the Jobs and Pods of a hook have ended; other kinds only have to be there.
    pub async fn wait_hook(
        &self,
        scope: &Scope,
        objects: &[ObjectRef],
        options: &WaitOptions,
        observer: &dyn ProgressObserver,
    ) -> Result<(), WaitError> {
        self.wait(scope, objects, options, Goal::Ended, &HashMap::new(), observer).await
    }

    /// Waits until objects are gone. Where a unique id is given, another object of the same name does not count.
    pub async fn wait_gone(
        &self,
        scope: &Scope,
        objects: &[(ObjectRef, Option<String>)],
        options: &WaitOptions,
        observer: &dyn ProgressObserver,
    ) -> Result<(), WaitError> {
        let references: Vec<ObjectRef> = objects.iter().map(|(object, _)| object.clone()).collect();
        let uids = objects
            .iter()
            .filter_map(|(object, uid)| Some((object.key(), uid.clone().filter(|uid| !uid.is_empty())?)))
            .collect();
        self.wait(scope, &references, options, Goal::Gone, &uids, observer).await
    }

    async fn wait(
        &self,
        scope: &Scope,
        objects: &[ObjectRef],
        options: &WaitOptions,
        goal: Goal,
        uids: &HashMap<ObjectKey, String>,
        observer: &dyn ProgressObserver,
    ) -> Result<(), WaitError> {
        let mut board = Board::new(objects, options, goal, uids, observer);
        let voice = options.strategy.into();
        let failed = |cause, board: &Board<'_>| WaitError { unready: board.unready(), cause, goal, voice };
        if board.done() {
            return Ok(());
        }
        let wanted = match self.wanted(scope, objects, goal == Goal::Gone).await {
            Ok(wanted) => wanted,
            Err(error) => return Err(failed(Some(error), &board)),
        };
        let (sender, mut news) = tokio::sync::mpsc::channel::<News>(256);
        let following = self.follow_all(scope, wanted, options.poll, sender);
        let mut following = std::pin::pin!(following);
        loop {
            let next = tokio::select! {
                biased;
                next = news.recv() => Ok(next),
                ended = &mut following => Err(ended),
            };
            match next {
                Ok(Some(next)) => board.take(next),
                // The followers never end by themselves but with an error or the scope.
                Ok(None) | Err(Ok(())) => return Err(failed(None, &board)),
                Err(Err(error)) => return Err(failed(Some(error), &board)),
            }
            match board.verdict() {
                Verdict::Waiting => {}
                Verdict::Reached => return Ok(()),
                Verdict::Failed => return Err(failed(None, &board)),
            }
        }
    }
}

enum Verdict {
    Waiting,
    Reached,
    Failed,
}

/// What is known of the objects that are waited for.
struct Board<'a> {
    options: &'a WaitOptions,
    goal: Goal,
    uids: &'a HashMap<ObjectKey, String>,
    observer: &'a dyn ProgressObserver,
    entries: HashMap<ObjectKey, Entry<'a>>,
    /// Pods that are ill, by the unique id of their owner and by name.
    ill: HashMap<String, HashSet<String>>,
}

struct Entry<'a> {
    object: &'a ObjectRef,
    uid: String,
    /// What the object says; without regard to its Pods.
    own: Option<StatusResult>,
    result: Option<StatusResult>,
}

impl<'a> Board<'a> {
    fn new(
        objects: &'a [ObjectRef],
        options: &'a WaitOptions,
        goal: Goal,
        uids: &'a HashMap<ObjectKey, String>,
        observer: &'a dyn ProgressObserver,
    ) -> Self {
        let entry = |object: &'a ObjectRef| {
            (object.key(), Entry { object, uid: String::new(), own: None, result: None })
        };
        let entries = objects.iter().map(entry).collect();
        Self { options, goal, uids, observer, entries, ill: HashMap::new() }
    }

    fn take(&mut self, news: News) {
        match news {
            News::Object(key, live) => {
                let own = self.judge(&key, live.as_ref());
                let Some(entry) = self.entries.get_mut(&key) else { return };
                let uid = live.as_ref().map(|live| text(live, &["metadata", "uid"])).unwrap_or_default();
                uid.clone_into(&mut entry.uid);
                entry.own = Some(own);
                self.settle(&key);
            }
            News::Pod(pod) => {
                let Some(owner) = controller(&pod) else { return };
                let name = text(&pod, &["metadata", "name"]).to_owned();
                let pods = self.ill.entry(owner.to_owned()).or_default();
                if is_ill(&pod) {
                    pods.insert(name)
                } else {
                    pods.remove(&name)
                };
                let owner = owner.to_owned();
                let keys: Vec<ObjectKey> = self
                    .entries
                    .iter()
                    .filter(|(_, entry)| entry.uid == owner)
                    .map(|(key, _)| key.clone())
                    .collect();
                for key in &keys {
                    self.settle(key);
                }
            }
            News::PodGone(pod) => {
                let name = text(&pod, &["metadata", "name"]);
                for pods in self.ill.values_mut() {
                    pods.remove(name);
                }
            }
        }
    }

    fn judge(&self, key: &ObjectKey, live: Option<&Data>) -> StatusResult {
        let Some(live) = live else {
            // Helm: pkg/kube/wait.go, watchUntilReady: a hook that somebody deleted has ended
            let was_there = self.entries.get(key).is_some_and(|entry| !entry.uid.is_empty());
            if self.goal == Goal::Ended && self.options.strategy == WaitStrategy::Legacy && was_there {
                return StatusResult::new(Status::Current, "Resource was deleted");
            }
            return StatusResult::new(Status::NotFound, "Resource not found");
        };
        if self.goal == Goal::Gone {
            let uid = text(live, &["metadata", "uid"]);
            return match self.uids.get(key) {
                Some(wanted) if wanted != uid => StatusResult::new(Status::NotFound, "Resource was replaced"),
                _ if text(live, &["metadata", "deletionTimestamp"]).is_empty() => {
                    StatusResult::new(Status::Current, "Resource is current")
                }
                _ => StatusResult::new(Status::Terminating, terminating(live)),
            };
        }
        if let Some(result) = self.options.rules.iter().find_map(|rule| rule.status(live)) {
            return result;
        }
        // Helm: pkg/kube/statuswait.go, wait
        let paused = live.at(&["spec", "paused"]).and_then(Data::as_bool) == Some(true);
        if paused && (key.group.as_str(), key.kind.as_str()) == ("apps", "Deployment") {
            return StatusResult::new(Status::Current, "Deployment is paused and not waited for");
        }
        match self.goal {
            Goal::Ended if self.options.strategy == WaitStrategy::Legacy => legacy_hook(live),
            Goal::Ended => hook_status_of(live),
            _ => status_of(live, self.options.jobs, Timestamp::now()),
        }
    }

    /// Works out the status of an object with regard to its Pods, and tells when it is another one.
    fn settle(&mut self, key: &ObjectKey) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let Some(mut now) = entry.own.clone() else { return };
        // kstatus: polling/statusreaders/pod_controller.go, readStatus
        let ill = self.ill.get(&entry.uid).map_or(0, HashSet::len);
        if self.goal == Goal::Ready && now.status == Status::InProgress && ill > 0 && !entry.uid.is_empty() {
            now = StatusResult::new(Status::Failed, format!("{ill} pods have failed"));
        }
        let before = entry.result.as_ref();
        if before == Some(&now) {
            return;
        }
        let before = before.map(|result| result.status);
        if self.goal == Goal::Gone && now.status == Status::NotFound {
            self.observer.progress(&Progress::Gone { object: entry.object });
        } else {
            self.observer.progress(&Progress::Status { object: entry.object, before, now: &now });
        }
        entry.result = Some(now);
    }

    fn done(&self) -> bool {
        self.entries.is_empty()
    }

    fn verdict(&self) -> Verdict {
        let mut failed = false;
        for entry in self.entries.values() {
            match entry.result.as_ref().map(|result| result.status) {
                Some(status) if self.is_goal(status) => {}
                Some(Status::Failed) if self.goal != Goal::Gone => failed = true,
                _ => return Verdict::Waiting,
            }
        }
        if failed { Verdict::Failed } else { Verdict::Reached }
    }

    fn is_goal(&self, status: Status) -> bool {
        match self.goal {
            Goal::Gone => status == Status::NotFound,
            Goal::Ready | Goal::Ended => status == Status::Current,
        }
    }

    fn unready(&self) -> Vec<Unready> {
        let unknown = || StatusResult::new(Status::Unknown, "not read yet");
        let mut unready: Vec<Unready> = self
            .entries
            .values()
            .filter(|entry| entry.result.as_ref().is_none_or(|result| !self.is_goal(result.status)))
            .map(|entry| Unready {
                object: entry.object.clone(),
                result: entry.result.clone().unwrap_or_else(unknown),
            })
            .collect();
        unready.sort_by(|a, b| a.object.cmp(&b.object));
        unready
    }
}

/// The unique id of the object that controls a Pod.
fn controller(pod: &Data) -> Option<&str> {
    let owners = pod.at(&["metadata", "ownerReferences"]).and_then(Data::as_list)?;
    let owner = owners.iter().find(|owner| owner.get("controller").and_then(Data::as_bool) == Some(true))?;
    owner.get("uid").and_then(Data::as_str)
}

/// Whether a Pod has failed in a way that does not pass by itself (kstatus: `isTransientPodFailure`).
fn is_ill(pod: &Data) -> bool {
    text(pod, &["metadata", "deletionTimestamp"]).is_empty()
        && !is_unschedulable(pod)
        && status_of(pod, Jobs::Started, Timestamp::now()).status == Status::Failed
}

/// The status of a hook's object in the words of the legacy strategy (Helm: `pkg/kube/wait.go`, `waitForJob` and
/// `waitForPodSuccess`).
fn legacy_hook(live: &Data) -> StatusResult {
    let mut result = hook_status_of(live);
    if result.status == Status::Failed && text(live, &["kind"]) == "Job" {
        let reason =
            conditions(live).find(|condition| condition.kind == "Failed" && condition.status == "True");
        let reason = reason.map(|condition| condition.reason).unwrap_or_default();
        result.message = format!("job {} failed: {reason}", text(live, &["metadata", "name"]));
    }
    result
}

/// Says what holds up a deletion.
fn terminating(live: &Data) -> String {
    let names: Vec<&str> = crate::delete::finalizers(live).collect();
    if names.is_empty() {
        return "Resource scheduled for deletion".to_owned();
    }
    format!("Resource scheduled for deletion, held up by finalizers: {}", names.join(", "))
}

/// The kinds whose Pods are looked at.
fn has_pods(wanted: &Wanted) -> bool {
    let gvk = &wanted.subject.resource.gvk;
    gvk.group == "apps" && ["StatefulSet", "ReplicaSet"].contains(&gvk.kind.as_str())
}
