//! What is known about an object that did not become ready.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use pintle_value::Data;
use serde::{Deserialize, Serialize};

use super::Unready;
use crate::path::UrlPath;
use crate::read::Selection;
use crate::request::Call;
use crate::status::conditions::{conditions, integer, list, text};
use crate::{Error, Gvk, Jobs, ObjectRef, Scope, Status, StatusResult, Target, Verb, status_of};

/// How many lines of a container's log a report holds.
const LOG_LINES: &str = "20";
/// How many bytes of a container's log a report holds.
const LOG_BYTES: &str = "16384";
/// How long a report waits for a container's log.
const LOG_PATIENCE: Duration = Duration::from_secs(3);
/// How many Pods a report describes.
const MOST_PODS: usize = 3;
/// How many events a report holds.
const MOST_EVENTS: usize = 10;

/// Why an object did not become ready, as far as the cluster tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureReport {
    /// The object.
    pub object: ObjectRef,
    /// How far it is.
    pub status: Status,
    /// The type of the condition that says so (`Progressing`); empty where none does.
    pub condition: String,
    /// The reason in one word; empty where there is none.
    pub reason: String,
    /// The reason in a sentence.
    pub message: String,
    /// Its Pods that are not well, at most 3.
    pub pods: Vec<PodFailure>,
    /// The newest events about the object and these Pods, at most 10, the oldest first.
    pub events: Vec<EventNote>,
}

/// A Pod that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PodFailure {
    /// The Pod's name.
    pub name: String,
    /// Its phase.
    pub phase: String,
    /// The reason in one word (`Unschedulable`); empty where only a container is to blame.
    pub reason: String,
    /// The reason in a sentence.
    pub message: String,
    /// The containers that are not well.
    pub containers: Vec<ContainerFailure>,
}

/// A container that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContainerFailure {
    /// The container's name.
    pub name: String,
    /// Why it waits or ended (`ImagePullBackOff`, `CrashLoopBackOff`, `Error`).
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// How it ended last.
    pub exit_code: Option<i64>,
    /// How often it was started again.
    pub restarts: i64,
    /// The last lines of its log.
    pub log: Vec<String>,
}

/// An event of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventNote {
    /// The kind and name of what it is about.
    pub about: String,
    /// `Warning` or `Normal`.
    pub level: String,
    /// The reason in one word.
    pub reason: String,
    /// The reason in a sentence.
    pub message: String,
    /// How often it happened.
    pub count: i64,
    /// When it happened last.
    pub last: Option<Timestamp>,
}

impl Target {
    /// Finds out why an object did not become ready. What cannot be read is left out: a report is better than none.
    ///
    /// Costs at most two reads, two lists of events and one log for each container that is not well.
    pub async fn diagnose(&self, scope: &Scope, unready: &Unready) -> Result<FailureReport, Error> {
        let Unready { object, result } = unready;
        let mut report = FailureReport {
            object: object.clone(),
            status: result.status,
            condition: String::new(),
            reason: result.reason.clone(),
            message: result.message.clone(),
            pods: Vec::new(),
            events: Vec::new(),
        };
        let live = optional(self.get(scope, object).await)?.flatten();
        if let Some(live) = &live {
            report.say_condition(live, result);
            for pod in self.ill_pods(scope, object, live).await? {
                let failure = self.pod_failure(scope, object, &pod).await?;
                report.pods.push(failure);
            }
        }
        report.events = self.events_about(scope, &report).await?;
        Ok(report)
    }

    /// The Pods of an object that are not well.
    async fn ill_pods(&self, scope: &Scope, object: &ObjectRef, live: &Data) -> Result<Vec<Data>, Error> {
        let pods = if object.gvk.is_core("Pod") {
            vec![live.clone()]
        } else {
            let Some(selector) = selector(live) else { return Ok(Vec::new()) };
            let (gvk, selection) = (Gvk::new("", "v1", "Pod"), Selection::labels(selector));
            let pods = self.list(scope, &gvk, object.namespace.as_deref(), &selection);
            optional(pods.await)?.unwrap_or_default()
        };
        let mut ill: Vec<Data> = pods.into_iter().filter(|pod| !is_well(pod)).collect();
        // The newest first: those of the version that is being rolled out.
        let age = |pod: &Data| text(pod, &["metadata", "creationTimestamp"]).to_owned();
        ill.sort_by_key(|pod| std::cmp::Reverse(age(pod)));
        ill.truncate(MOST_PODS);
        Ok(ill)
    }

    async fn pod_failure(&self, scope: &Scope, object: &ObjectRef, pod: &Data) -> Result<PodFailure, Error> {
        let name = text(pod, &["metadata", "name"]).to_owned();
        let blamed = conditions(pod)
            .find(|condition| condition.kind == "PodScheduled" && condition.status == "False")
            .map(|condition| (condition.reason.to_owned(), condition.message.to_owned()));
        let (reason, message) = blamed.unwrap_or_else(|| {
            (text(pod, &["status", "reason"]).to_owned(), text(pod, &["status", "message"]).to_owned())
        });
        let mut containers = Vec::new();
        let statuses = list(pod, &["status", "initContainerStatuses"])
            .chain(list(pod, &["status", "containerStatuses"]));
        for status in statuses {
            let Some(mut failure) = container_failure(status) else { continue };
            let ended_before = status.at(&["lastState", "terminated"]).is_some();
            let running =
                status.at(&["state", "terminated"]).is_some() || failure.restarts > 0 || ended_before;
            if running {
                let previous = if ended_before { LogOf::Previous } else { LogOf::Current };
                let namespace = object.namespace.as_deref().unwrap_or_default();
                let log = self.tail(scope, namespace, &name, &failure.name, previous);
                failure.log = optional(log.await)?.unwrap_or_default();
            }
            containers.push(failure);
        }
        Ok(PodFailure {
            name,
            phase: text(pod, &["status", "phase"]).to_owned(),
            reason,
            message,
            containers,
        })
    }

    async fn tail(
        &self,
        scope: &Scope,
        namespace: &str,
        pod: &str,
        container: &str,
        of: LogOf,
    ) -> Result<Vec<String>, Error> {
        let log = self
            .log_call(scope, namespace, pod, container)
            .await?
            .map(|url| url.param("tailLines", LOG_LINES).param("limitBytes", LOG_BYTES));
        let log = if of == LogOf::Previous { log.map(|url| url.param("previous", "true")) } else { log };
        // A kubelet that does not answer must not hold up the report.
        let bytes = self.send(scope, &log.0.impatient(LOG_PATIENCE)).await?.body;
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }

    /// The log of a container as far as it goes, at most the target's answer limit.
    pub async fn container_log(
        &self,
        scope: &Scope,
        namespace: &str,
        pod: &str,
        container: &str,
    ) -> Result<Vec<u8>, Error> {
        let log = self.log_call(scope, namespace, pod, container).await?;
        Ok(self.send(scope, &log.0).await?.body)
    }

    async fn log_call(
        &self,
        scope: &Scope,
        namespace: &str,
        pod: &str,
        container: &str,
    ) -> Result<LogCall, Error> {
        let reference = ObjectRef::namespaced(Gvk::new("", "v1", "Pod"), namespace, pod);
        let resource = self.resource(scope, &reference.gvk).await?;
        let url = UrlPath::object(&resource, &reference).segment("log").param("container", container);
        Ok(LogCall(Call::new(Verb::Get, url).about(&reference).accept("*/*")))
    }

    async fn events_about(&self, scope: &Scope, report: &FailureReport) -> Result<Vec<EventNote>, Error> {
        let namespace = report.object.namespace.as_deref();
        let mut names = vec![(report.object.gvk.kind.as_str(), report.object.name.as_str())];
        // One Pod stands for the others.
        names.extend(report.pods.first().map(|pod| ("Pod", pod.name.as_str())));
        let mut notes: Vec<EventNote> = Vec::new();
        for (kind, name) in names {
            let selection =
                Selection::all().and_fields(format!("involvedObject.kind={kind},involvedObject.name={name}"));
            // Events about objects of the whole cluster lie in the namespace default.
            let (gvk, namespace) = (Gvk::new("", "v1", "Event"), namespace.or(Some("default")));
            let events = self.list(scope, &gvk, namespace, &selection);
            let events = optional(events.await)?.unwrap_or_default();
            for note in events.iter().map(event_note) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        notes.sort_by_key(|note| note.last);
        let surplus = notes.len().saturating_sub(MOST_EVENTS);
        Ok(notes.split_off(surplus))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LogOf {
    Current,
    Previous,
}

struct LogCall(Call);

impl LogCall {
    fn map(self, change: impl FnOnce(UrlPath) -> UrlPath) -> Self {
        let mut call = self.0;
        call.url = change(call.url);
        Self(call)
    }
}

impl FailureReport {
    /// Notes the condition that the status comes from.
    fn say_condition(&mut self, live: &Data, result: &StatusResult) {
        let blamed = conditions(live)
            .find(|condition| !result.reason.is_empty() && condition.reason == result.reason)
            .or_else(|| conditions(live).find(|condition| condition.status == "False"));
        if let Some(condition) = blamed {
            condition.kind.clone_into(&mut self.condition);
            if self.reason.is_empty() {
                condition.reason.clone_into(&mut self.reason);
            }
            if !condition.message.is_empty() && !self.message.contains(condition.message) {
                self.message = format!("{} ({})", self.message, condition.message);
            }
        }
    }
}

impl fmt::Display for FailureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.status)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        write!(f, ": {}", self.message)?;
        for pod in &self.pods {
            write!(f, "\n  pod {} is {}", pod.name, pod.phase)?;
            if !pod.reason.is_empty() {
                write!(f, ": {}: {}", pod.reason, pod.message)?;
            }
            for container in &pod.containers {
                write!(f, "\n    container {}: {}", container.name, container.reason)?;
                if let Some(code) = container.exit_code {
                    write!(f, ", exit code {code}")?;
                }
                if container.restarts > 0 {
                    write!(f, ", restarted {} times", container.restarts)?;
                }
                if !container.message.is_empty() {
                    write!(f, ": {}", container.message)?;
                }
                for line in &container.log {
                    write!(f, "\n      | {line}")?;
                }
            }
        }
        for event in &self.events {
            write!(f, "\n  event {} on {}: {}", event.reason, event.about, event.message)?;
            if event.count > 1 {
                write!(f, " ({} times)", event.count)?;
            }
        }
        Ok(())
    }
}

/// What could be read; errors that end all work go on.
fn optional<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ (Error::Cancelled | Error::DeadlinePassed)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The label selector of what an object owns.
fn selector(live: &Data) -> Option<String> {
    let labels = live
        .at(&["spec", "selector", "matchLabels"])
        .or_else(|| live.at(&["spec", "selector"]))
        .and_then(Data::as_map)?;
    let terms: Vec<String> = labels
        .iter()
        .filter_map(|(key, value)| Some(format!("{}={}", key.to_str_lossy(), value.as_str()?)))
        .collect();
    (!terms.is_empty()).then(|| terms.join(","))
}

fn is_well(pod: &Data) -> bool {
    let ended_well = text(pod, &["status", "phase"]) == "Succeeded";
    let ended = text(pod, &["status", "phase"]) == "Failed";
    ended_well || (!ended && status_of(pod, Jobs::Started, Timestamp::now()).status == Status::Current)
}

fn container_failure(status: &Data) -> Option<ContainerFailure> {
    let failure = |state: &str| ContainerFailure {
        name: text(status, &["name"]).to_owned(),
        reason: text(status, &["state", state, "reason"]).to_owned(),
        message: text(status, &["state", state, "message"]).to_owned(),
        exit_code: integer(status, &["state", "terminated", "exitCode"])
            .or_else(|| integer(status, &["lastState", "terminated", "exitCode"])),
        restarts: integer(status, &["restartCount"]).unwrap_or(0),
        log: Vec::new(),
    };
    if status.at(&["state", "waiting"]).is_some() {
        let failure = failure("waiting");
        // These are the normal way up.
        return (!["ContainerCreating", "PodInitializing"].contains(&failure.reason.as_str()))
            .then_some(failure);
    }
    let ended = integer(status, &["state", "terminated", "exitCode"]);
    ended.filter(|code| *code != 0).map(|_| failure("terminated"))
}

fn event_note(event: &Data) -> EventNote {
    let about =
        format!("{} {}", text(event, &["involvedObject", "kind"]), text(event, &["involvedObject", "name"]));
    let times = [&["series", "lastObservedTime"][..], &["lastTimestamp"], &["eventTime"]];
    EventNote {
        about,
        level: text(event, &["type"]).to_owned(),
        reason: text(event, &["reason"]).to_owned(),
        message: text(event, &["message"]).to_owned(),
        count: integer(event, &["series", "count"]).or_else(|| integer(event, &["count"])).unwrap_or(1),
        last: times.iter().find_map(|path| text(event, path).parse().ok()),
    }
}
