//! Kubernetes events about the controller's own custom resources.

use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};

use crate::conditions::Reason;

/// Whether an event tells of a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// Things go as they should.
    Normal,
    /// They do not.
    Warning,
}

/// Publishes events. Repeated ones are counted up rather than published again.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

/// Longest note that the events API takes, in bytes.
const LONGEST_NOTE: usize = 1024;

impl Events {
    /// Publishes through `client`, as `instance` (the Pod's name, say) of this controller.
    pub fn new(client: Client, instance: Option<String>) -> Self {
        let reporter = Reporter { controller: crate::status::FIELD_MANAGER.to_owned(), instance };
        Self { recorder: Recorder::new(client, reporter) }
    }

    /// Tells of something that was done to `object`, or was not.
    ///
    /// An event that cannot be published is logged and given up: it must not fail what it tells of.
    pub async fn publish<K>(&self, object: &K, severity: Severity, reason: Reason, action: &str, note: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        let event = Event {
            type_: match severity {
                Severity::Normal => EventType::Normal,
                Severity::Warning => EventType::Warning,
            },
            reason: reason.as_str().to_owned(),
            note: Some(cut(note)),
            action: action.to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, &object.object_ref(&())).await {
            tracing::debug!(%error, reason = reason.as_str(), "an event could not be published");
        }
    }
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
