//! Kubernetes events about the controller's own custom resources.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt as _};
use serde_json::json;

use crate::conditions::Reason;

/// Whether an event tells of a failure.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Severity {
    /// Things go as they should.
    Normal,
    /// They do not.
    Warning,
}

/// Publishes events. What is said again, in the same words, is counted up rather than published again.
#[derive(Clone)]
pub struct Events {
    client: Client,
    instance: String,
    said: Arc<Mutex<HashMap<Saying, Said>>>,
}

/// What is said of an object.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Saying {
    uid: Option<String>,
    severity: Severity,
    reason: &'static str,
    note: String,
}

/// The event that said it, and how often.
#[derive(Clone, Debug)]
struct Said {
    name: String,
    count: i32,
    last: Instant,
}

/// Longest note that the events API takes, in bytes.
const LONGEST_NOTE: usize = 1024;

/// How long an event is counted up; then the same words are a new event.
const SERIES: Duration = Duration::from_secs(600);

impl Events {
    /// Publishes through `client`, as `instance` (the Pod's name, say) of this controller.
    pub fn new(client: Client, instance: Option<String>) -> Self {
        let instance = instance.unwrap_or_else(|| crate::status::FIELD_MANAGER.to_owned());
        Self { client, instance, said: Arc::default() }
    }

    /// Tells of something that was done to `object`, or was not.
    ///
    /// An event that cannot be published is logged and given up: it must not fail what it tells of.
    pub async fn publish<K>(&self, object: &K, severity: Severity, reason: Reason, action: &str, note: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        let saying = Saying { uid: object.uid(), severity, reason: reason.as_str(), note: cut(note) };
        let api = Api::namespaced(self.client.clone(), &object.namespace().unwrap_or_default());
        let published = if let Some(said) = self.said_before(&saying) {
            count_up(&api, &said).await
        } else {
            let event = self.event(object, &saying, action);
            api.create(&PostParams::default(), &event).await.map(drop)
        };
        if let Err(error) = published {
            tracing::debug!(%error, reason = reason.as_str(), "an event could not be published");
        }
    }

    /// The event that said the same a while ago; else this is noted as said.
    fn said_before(&self, saying: &Saying) -> Option<Said> {
        let now = Instant::now();
        // Nothing panics while it is held.
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, said| now.duration_since(said.last) < SERIES);
        if let Some(said) = all.get_mut(saying) {
            said.count = said.count.saturating_add(1);
            said.last = now;
            return Some(said.clone());
        }
        None
    }

    fn event<K: Resource<DynamicType = ()>>(&self, object: &K, saying: &Saying, action: &str) -> Event {
        let now = Timestamp::now();
        let name = format!("{}.{:x}", object.name_any(), now.as_nanosecond());
        let said = Said { name: name.clone(), count: 1, last: Instant::now() };
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(saying.clone(), said);
        Event {
            metadata: ObjectMeta { name: Some(name), namespace: object.namespace(), ..ObjectMeta::default() },
            action: Some(action.to_owned()),
            event_time: Some(MicroTime(now)),
            note: Some(saying.note.clone()),
            reason: Some(saying.reason.to_owned()),
            regarding: Some(object.object_ref(&())),
            reporting_controller: Some(crate::status::FIELD_MANAGER.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            type_: Some(match saying.severity {
                Severity::Normal => "Normal".to_owned(),
                Severity::Warning => "Warning".to_owned(),
            }),
            ..Event::default()
        }
    }
}

async fn count_up(api: &Api<Event>, said: &Said) -> Result<(), kube::Error> {
    let series = EventSeries { count: said.count, last_observed_time: MicroTime(Timestamp::now()) };
    let patch = Patch::Merge(json!({"series": series}));
    api.patch(&said.name, &PatchParams::default(), &patch).await.map(drop)
}

fn cut(note: &str) -> String {
    if note.len() <= LONGEST_NOTE {
        return note.to_owned();
    }
    let longest = LONGEST_NOTE - '…'.len_utf8();
    let end = note.char_indices().map(|(at, _)| at).take_while(|at| *at <= longest).last().unwrap_or(0);
    let mut short = note.get(..end).unwrap_or_default().to_owned();
    short.push('…');
    short
}
