//! Following the objects of a kind.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use http_body_util::BodyExt as _;
use kube::client::Body;
use pintle_value::Data;
use tokio::sync::mpsc;

use crate::path::UrlPath;
use crate::read::{Pages, Selection, nameless};
use crate::request::{Call, PARTIAL_LIST, PARTIAL_OBJECT};
use crate::throttle::backoff;
use crate::{Cause, Error, Refusal, Resource, Scope, Target, Verb};

/// How long the server keeps one watch open.
const OPEN_FOR: Duration = Duration::from_secs(300);
/// A watch without a sound for this long is taken for dead: the server sends a bookmark about every minute.
const SILENCE: Duration = Duration::from_secs(180);
/// The longest pause before a watch is opened again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The most bytes of one event.
const LONGEST_LINE: usize = 64 << 20;

/// What of an object is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    Metadata,
}

/// What to follow.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) selection: Selection,
    pub(crate) extent: Extent,
}

/// What happened to what is followed.
#[derive(Debug)]
pub(crate) enum Event {
    /// All objects there are: at the beginning, and again after some events were missed.
    All(Vec<Data>),
    /// An object is new or changed.
    Changed(Data),
    /// An object is gone, or is not selected any more.
    Gone(Data),
}

impl Target {
    /// Follows objects until the receiver is dropped, the scope ends or the server forbids it: a list, then a watch
    /// from there, opened again where it left off whenever it ends.
    ///
    /// Failures that may pass are outwaited; the first list's are returned, so that the caller can go another way.
    pub(crate) async fn follow(
        &self,
        scope: &Scope,
        subject: &Subject,
        events: &mpsc::Sender<Event>,
    ) -> Result<(), Error> {
        let mut listed = false;
        let mut failures = 0;
        loop {
            let list = match self.list_all(scope, subject).await {
                Ok(list) => list,
                Err(error) if !listed || !passes(&error) => return Err(error),
                Err(error) => {
                    self.pause(scope, &mut failures, &error).await?;
                    continue;
                }
            };
            listed = true;
            let mut version = list.version;
            if events.send(Event::All(list.items)).await.is_err() {
                return Ok(());
            }
            loop {
                match self.watch_once(scope, subject, &mut version, &mut failures, events).await {
                    Ok(Listening::Done) => return Ok(()),
                    Ok(Listening::On) => {}
                    Err(error) if error.is_gone() => break, // list anew
                    Err(error) if !passes(&error) => return Err(error),
                    Err(error) => self.pause(scope, &mut failures, &error).await?,
                }
            }
        }
    }

    async fn pause(&self, scope: &Scope, failures: &mut u32, error: &Error) -> Result<(), Error> {
        *failures += 1;
        tracing::debug!(cluster = %self.name(), %error, failures, "watch is opened again");
        scope.sleep(backoff(*failures, LONGEST_PAUSE)).await
    }

    async fn list_all(&self, scope: &Scope, subject: &Subject) -> Result<crate::read::List<Data>, Error> {
        let namespace = subject.namespace.as_deref();
        let mut call = Call::new(Verb::List, UrlPath::collection(&subject.resource, namespace))
            .about(&nameless(&subject.resource.gvk, namespace));
        if subject.extent == Extent::Metadata {
            call = call.accept(PARTIAL_LIST);
        }
        self.pages(scope, &call, &subject.selection, Pages::All).await
    }

    /// Follows until this one watch ends.
    async fn watch_once(
        &self,
        scope: &Scope,
        subject: &Subject,
        version: &mut String,
        failures: &mut u32,
        events: &mpsc::Sender<Event>,
    ) -> Result<Listening, Error> {
        let namespace = subject.namespace.as_deref();
        let url = UrlPath::collection(&subject.resource, namespace)
            .param("watch", "true")
            .param("allowWatchBookmarks", "true")
            .param("resourceVersion", version)
            .param("timeoutSeconds", &OPEN_FOR.as_secs().to_string())
            .param_opt("labelSelector", subject.selection.labels.as_deref())
            .param_opt("fieldSelector", subject.selection.fields.as_deref());
        let mut call = Call::new(Verb::Watch, url).about(&nameless(&subject.resource.gvk, namespace));
        if subject.extent == Extent::Metadata {
            call = call.accept(PARTIAL_OBJECT);
        }
        let body = self.open(scope, &call).await?;
        let mut lines = std::pin::pin!(lines(body));
        loop {
            let next = tokio::time::timeout(SILENCE, lines.next());
            let line = tokio::select! {
                biased;
                () = events.closed() => return Ok(Listening::Done),
                next = scope.run(next) => match next? {
                    Ok(Some(Ok(line))) => line,
                    // A cut connection is how watches end.
                    Ok(Some(Err(())) | None) | Err(_) => return Ok(Listening::On),
                },
            };
            *failures = 0;
            let event: Data = serde_json::from_slice(&line)
                .map_err(|error| self.unreadable(&call, format!("column {} of an event", error.column())))?;
            let object = event.get("object").cloned().unwrap_or_default();
            let kind = event.get("type").and_then(Data::as_str).unwrap_or_default();
            if kind == "ERROR" {
                return Err(ended(&call, &object));
            }
            if let Some(newer) = crate::apply::version(&object) {
                newer.clone_into(version);
            }
            let event = match kind {
                "ADDED" | "MODIFIED" => Event::Changed(object),
                "DELETED" => Event::Gone(object),
                _ => continue,
            };
            if events.send(event).await.is_err() {
                return Ok(Listening::Done);
            }
        }
    }
}

/// Whether anybody still listens.
enum Listening {
    On,
    Done,
}

/// Whether a failure may pass without anybody's doing.
fn passes(error: &Error) -> bool {
    error.class() == crate::Class::Retry && !matches!(error, Error::DeadlinePassed)
}

/// The error event at the end of a watch.
fn ended(call: &Call, status: &Data) -> Error {
    let text = |key| status.get(key).and_then(Data::as_str).unwrap_or_default().to_owned();
    let code = status.get("code").and_then(Data::as_i64).and_then(|code| u16::try_from(code).ok());
    Error::Refused(Box::new(Refusal {
        verb: Verb::Watch,
        object: call.object.clone(),
        code: code.unwrap_or(500),
        reason: text("reason"),
        message: text("message"),
        causes: Vec::<Cause>::new(),
        retry_after: None,
        lasting: false,
    }))
}

/// The lines of an answer as they come.
pub(crate) fn lines(body: Body) -> impl Stream<Item = Result<Vec<u8>, ()>> {
    let frames = body.into_data_stream();
    futures::stream::unfold((frames, Vec::new(), 0), |(mut frames, mut buffer, mut searched)| async move {
        loop {
            let from = buffer.get(searched..).unwrap_or_default();
            if let Some(end) = from.iter().position(|byte| *byte == b'\n') {
                let rest = buffer.split_off(searched + end + 1);
                let mut line = std::mem::replace(&mut buffer, rest);
                line.pop();
                return Some((Ok(line), (frames, buffer, 0)));
            }
            searched = buffer.len();
            if searched > LONGEST_LINE {
                return Some((Err(()), (frames, Vec::new(), 0)));
            }
            match frames.next().await {
                Some(Ok(bytes)) => buffer.extend_from_slice(&bytes),
                Some(Err(_)) => return Some((Err(()), (frames, buffer, searched))),
                None => return None, // what is left is no whole line
            }
        }
    })
}
