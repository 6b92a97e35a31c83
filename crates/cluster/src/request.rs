//! The one way that all requests go.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;
use kube::client::Body;
use pintle_value::Data;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::path::UrlPath;
use crate::protobuf;
use crate::throttle::backoff;
use crate::{Cause, Error, ObjectRef, Refusal, Scope, Sent, Target, Verb};

/// Asks for metadata alone.
pub(crate) const PARTIAL_OBJECT: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Asks for a list of metadata alone.
pub(crate) const PARTIAL_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// When a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// After every failure that may pass: twice is like once.
    Always,
    /// Only when the server surely did not act on it.
    Unsent,
}

/// A request before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    pub(crate) url: UrlPath,
    pub(crate) object: Option<ObjectRef>,
    body: Vec<u8>,
    content_type: &'static str,
    accept: &'static str,
    repeat: Repeat,
    patience: Option<Duration>,
    urgent: bool,
}

impl Call {
    /// A request without a body. Reads may always be repeated, writes only when they were not acted on.
    pub(crate) fn new(verb: Verb, url: UrlPath) -> Self {
        let repeat = if verb.is_write() { Repeat::Unsent } else { Repeat::Always };
        Self {
            verb,
            url,
            object: None,
            body: Vec::new(),
            content_type: "application/json",
            accept: "application/json",
            repeat,
            patience: None,
            urgent: false,
        }
    }

    pub(crate) fn about(mut self, object: &ObjectRef) -> Self {
        self.object = Some(object.clone());
        self
    }

    pub(crate) fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.content_type = content_type;
        self.body = body;
        self
    }

    pub(crate) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Waits no longer than this for the answer, and does not ask twice.
    pub(crate) fn impatient(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self.repeat = Repeat::Unsent;
        self
    }

    /// Goes before all that wait for their turn, even while the server asks for a pause, and is not repeated: a lock
    /// that is not renewed in time is lost.
    pub(crate) fn urgent(mut self, patience: Duration) -> Self {
        self.urgent = true;
        self.impatient(patience)
    }

    fn method(&self) -> Method {
        match self.verb {
            Verb::Get | Verb::List | Verb::Watch => Method::GET,
            Verb::Create => Method::POST,
            Verb::Replace => Method::PUT,
            Verb::Apply | Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        }
    }
}

/// An answer with a good status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// What the server's clock showed.
    pub(crate) date: Option<Timestamp>,
    pub(crate) body: Vec<u8>,
}

/// What reads the body of a good answer. It is asked anew with each try.
pub(crate) trait Reader: Sync {
    /// What comes of it.
    type Read: Send;

    /// Reads it. The request's time goes on while it does.
    fn read<'a>(&'a self, incoming: Incoming<'a>) -> BoxFuture<'a, Result<Self::Read, Failed>>;
}

/// A good answer whose body is still on its way.
pub(crate) struct Incoming<'a> {
    target: &'a Target,
    call: &'a Call,
    parts: http::response::Parts,
    body: Body,
    /// How many bytes of it were read.
    read: usize,
}

/// How one try ended that did not give an answer.
pub(crate) struct Failed {
    error: Error,
    /// Whether the server surely did not act on it.
    unsent: bool,
    passing: bool,
}

impl Target {
    /// Sends a request and reads the answer as an object.
    pub(crate) async fn object(&self, scope: &Scope, call: &Call) -> Result<Data, Error> {
        self.json(scope, call).await.map(|(_, data)| data)
    }

    /// The same, with what the server's clock showed.
    pub(crate) async fn dated_object(
        &self,
        scope: &Scope,
        call: &Call,
    ) -> Result<(Data, Option<Timestamp>), Error> {
        let answer = self.send(scope, call).await?;
        Ok((self.decode(call, &answer)?, answer.date))
    }

    /// Sends a request and reads the answer as JSON of any shape.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        call: &Call,
    ) -> Result<(StatusCode, T), Error> {
        let answer = self.send(scope, call).await?;
        Ok((answer.status, self.decode(call, &answer)?))
    }

    fn decode<T: DeserializeOwned>(&self, call: &Call, answer: &Answer) -> Result<T, Error> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            self.unreadable(call, format!("line {}, column {} of its json", error.line(), error.column()))
        })
    }

    /// Sends a request, as often as its policy allows, and reads the answer.
    pub(crate) async fn send(&self, scope: &Scope, call: &Call) -> Result<Answer, Error> {
        self.receive(scope, call, &Whole).await
    }

    /// Sends a request, as often as its policy allows, and has the answer read while it comes.
    pub(crate) async fn receive<R: Reader>(
        &self,
        scope: &Scope,
        call: &Call,
        reader: &R,
    ) -> Result<R::Read, Error> {
        let span = tracing::debug_span!("request", cluster = %self.name(), verb = %call.verb, path = call.url.path());
        async {
            let mut attempt = 1;
            loop {
                // Boxed, since every future of the house holds one of these.
                match self
                    .in_turn(scope, call, Box::pin(self.one_answer(scope, call, reader, attempt)))
                    .await?
                {
                    Ok(answer) => return Ok(answer),
                    Err(failed) => self.again(scope, call, failed, &mut attempt).await?,
                }
            }
        }
        .instrument(span)
        .await
    }

    /// Opens a stream: a watch, or logs.
    pub(crate) async fn open(&self, scope: &Scope, call: &Call) -> Result<Body, Error> {
        let mut attempt = 1;
        loop {
            match self.in_turn(scope, call, self.one_stream(scope, call, attempt)).await? {
                Ok(body) => return Ok(body),
                Err(failed) => self.again(scope, call, failed, &mut attempt).await?,
            }
        }
    }

    async fn in_turn<T>(
        &self,
        scope: &Scope,
        call: &Call,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        scope
            .run(async {
                let _turn = if call.urgent { None } else { self.inner.throttle.turn().await };
                work.await
            })
            .await
    }

    /// Waits for the next try, where there may be one.
    async fn again(
        &self,
        scope: &Scope,
        call: &Call,
        failed: Failed,
        attempt: &mut u32,
    ) -> Result<(), Error> {
        let may_repeat = failed.passing && (failed.unsent || call.repeat == Repeat::Always);
        if !may_repeat || *attempt >= self.inner.attempts {
            return Err(failed.error);
        }
        let asked = failed.error.refusal().and_then(|refusal| refusal.retry_after);
        let pause = asked.unwrap_or_default().max(backoff(*attempt, LONGEST_BACKOFF));
        if scope.remaining().is_some_and(|left| left <= pause) {
            return Err(failed.error); // the error says more than a deadline would
        }
        tracing::debug!(attempt, error = %failed.error, "request is repeated");
        scope.sleep(pause).await?;
        *attempt += 1;
        Ok(())
    }

    async fn one_stream(&self, scope: &Scope, call: &Call, attempt: u32) -> Result<Body, Failed> {
        match tokio::time::timeout(self.inner.request_timeout, self.headers(scope, call, attempt)).await {
            Ok(Ok(response)) if response.status().is_success() => Ok(response.into_body()),
            Ok(Ok(response)) => Err(self.refused(call, response).await),
            Ok(Err(failed)) => Err(failed),
            Err(_) => Err(self.timed_out(call)),
        }
    }

    async fn one_answer<R: Reader>(
        &self,
        scope: &Scope,
        call: &Call,
        reader: &R,
        attempt: u32,
    ) -> Result<R::Read, Failed> {
        let work = async {
            let response = self.headers(scope, call, attempt).await?;
            if !response.status().is_success() {
                return Err(self.refused(call, response).await);
            }
            let (parts, body) = response.into_parts();
            reader.read(Incoming { target: self, call, parts, body, read: 0 }).await
        };
        let limit = call.patience.unwrap_or(self.inner.request_timeout);
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done,
            Err(_) => Err(self.timed_out(call)),
        }
    }

    async fn headers(
        &self,
        scope: &Scope,
        call: &Call,
        attempt: u32,
    ) -> Result<http::Response<Body>, Failed> {
        let started = Instant::now();
        self.inner.counter.add(call.verb);
        let request = build(scope, call)?;
        let sent = self.inner.client.send(request).await;
        if let Some(observer) = &self.inner.observer {
            observer.sent(&Sent {
                cluster: &self.inner.name,
                verb: call.verb,
                path: call.url.path(),
                code: sent.as_ref().ok().map(|response| response.status().as_u16()),
                took: started.elapsed(),
                attempt,
            });
        }
        sent.map_err(|error| {
            let unsent = never_sent(&error);
            self.unreachable(Box::new(error), unsent)
        })
    }

    async fn refused(&self, call: &Call, response: http::Response<Body>) -> Failed {
        let code = response.status();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let body = match Limited::new(response.into_body(), 1 << 20).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return self.unreachable("the connection was cut within an error's text".into(), false),
        };
        if let (StatusCode::TOO_MANY_REQUESTS, Some(pause)) = (code, retry_after) {
            self.inner.throttle.hold(pause);
        }
        let refusal = refusal(call, code, &body, retry_after);
        let passing = matches!(code.as_u16(), 429 | 500 | 502 | 503 | 504) && !refusal.lasting
            || refusal.is_quota_conflict();
        // A server that asks to come back later, or that loses a race for a quota, has not acted.
        let unsent = code == StatusCode::TOO_MANY_REQUESTS || refusal.is_quota_conflict();
        Failed { error: Error::Refused(Box::new(refusal)), unsent, passing }
    }

    fn unreachable(&self, source: Box<dyn StdError + Send + Sync>, unsent: bool) -> Failed {
        let error = Error::Unreachable { cluster: self.inner.name.clone(), source: Box::new(Chain(source)) };
        Failed { error, unsent, passing: true }
    }

    fn timed_out(&self, call: &Call) -> Failed {
        let error = Error::TimedOut {
            cluster: self.inner.name.clone(),
            verb: call.verb,
            path: call.url.path().to_owned(),
            after: call.patience.unwrap_or(self.inner.request_timeout),
        };
        // Whoever does not answer once is not asked again at once: the caller's queue goes on.
        Failed { error, unsent: false, passing: false }
    }

    fn too_large(&self, call: &Call) -> Failed {
        let limit = self.inner.answer_limit;
        Failed::lasting(self.unreadable(call, format!("it is larger than {limit} bytes")))
    }

    pub(crate) fn unreadable(&self, call: &Call, problem: String) -> Error {
        Error::Unreadable {
            cluster: self.inner.name.clone(),
            verb: call.verb,
            path: call.url.path().to_owned(),
            problem,
        }
    }
}

impl Incoming<'_> {
    /// Whether the server says that the body is of this type.
    pub(crate) fn is(&self, media_type: &str) -> bool {
        let told = self.parts.headers.get(header::CONTENT_TYPE).and_then(|told| told.to_str().ok());
        let told = told.and_then(|told| told.split(';').next()).unwrap_or_default();
        told.trim().eq_ignore_ascii_case(media_type)
    }

    /// The next bytes of it, `None` at its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failed> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| self.target.unreachable(error.into(), false))?;
            let Ok(data) = frame.into_data() else { continue };
            self.read = self.read.saturating_add(data.len());
            return if self.read > self.target.inner.answer_limit {
                Err(self.target.too_large(self.call))
            } else {
                Ok(Some(data))
            };
        }
        Ok(None)
    }

    /// How many bytes were read.
    pub(crate) fn bytes(&self) -> usize {
        self.read
    }

    /// All of it.
    pub(crate) async fn whole(self) -> Result<Answer, Failed> {
        let date = self.parts.headers.get(header::DATE).and_then(|date| moment(date.to_str().ok()?));
        let status = self.parts.status;
        match Limited::new(self.body, self.target.inner.answer_limit).collect().await {
            Ok(collected) => Ok(Answer { status, date, body: collected.to_bytes().into() }),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                Err(self.target.too_large(self.call))
            }
            Err(error) => Err(self.target.unreachable(error, false)),
        }
    }

    /// The failure that its content is not what it should be: to ask again does not help.
    pub(crate) fn unreadable(&self, problem: String) -> Failed {
        Failed::lasting(self.target.unreadable(self.call, problem))
    }
}

impl Failed {
    /// One that stays, with whatever the server did.
    pub(crate) fn lasting(error: Error) -> Self {
        Self { error, unsent: false, passing: false }
    }
}

/// Reads an answer as it is.
struct Whole;

impl Reader for Whole {
    type Read = Answer;

    fn read<'a>(&'a self, incoming: Incoming<'a>) -> BoxFuture<'a, Result<Answer, Failed>> {
        Box::pin(incoming.whole())
    }
}

fn build(scope: &Scope, call: &Call) -> Result<http::Request<Body>, Failed> {
    let mut request = http::Request::builder()
        .method(call.method())
        .uri(uri(scope, call))
        .header(header::ACCEPT, call.accept)
        // Helm's agent; the server makes a field manager of it where a request names none.
        .header(header::USER_AGENT, HeaderValue::from_static("pintle"));
    if !call.body.is_empty() {
        request = request.header(header::CONTENT_TYPE, call.content_type);
    }
    if call.verb == Verb::Watch {
        // Each event would be a gzip member of its own, which middlewares decode only up to the first.
        request = request.header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    request.body(Body::from(call.body.clone())).map_err(|error| Failed {
        error: Error::InvalidObject {
            object: call.object.as_ref().map_or_else(|| "request".to_owned(), ToString::to_string),
            problem: format!("its path is no uri: {error}"),
        },
        unsent: true,
        passing: false,
    })
}

/// The path and the query. A write under a lock says to the server that it is void once the lock may be somebody
/// else's: a holder that has hung up no longer stops what the server is at (Kubernetes: apiserver
/// `filters/request_deadline.go`, the parameter `timeout`).
fn uri(scope: &Scope, call: &Call) -> String {
    match scope.hold() {
        Some(hold) if call.verb.is_write() => {
            let seconds = hold.left().as_secs().max(1);
            call.url.clone().param("timeout", &format!("{seconds}s")).uri()
        }
        _ => call.url.uri(),
    }
}

/// The moment that a `Date` header tells.
fn moment(date: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(date).ok().map(|date| date.timestamp())
}

/// An error whose text is that of its whole chain.
#[derive(Debug)]
struct Chain(Box<dyn StdError + Send + Sync>);

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut last = self.0.to_string();
        write!(f, "{last}")?;
        let mut source = self.0.source();
        while let Some(error) = source {
            let text = error.to_string();
            // Many wrappers repeat the text of what they wrap.
            if !last.contains(&text) {
                write!(f, ": {text}")?;
                last = text;
            }
            source = error.source();
        }
        Ok(())
    }
}

impl StdError for Chain {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Whether no connection was made, so that the request surely did not arrive.
fn never_sent(error: &kube::Error) -> bool {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        source = error.source();
    }
    false
}

/// An error as the server tells it (Kubernetes: apimachinery `pkg/apis/meta/v1/generated.proto`, `Status`); in protobuf
/// where the answer was asked for so.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
struct Status {
    #[prost(string, tag = "3")]
    message: String,
    #[prost(string, tag = "4")]
    reason: String,
    #[prost(message, optional, tag = "5")]
    details: Option<Details>,
}

#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    #[prost(message, repeated, tag = "4")]
    #[serde(deserialize_with = "null_is_none")]
    causes: Vec<StatusCause>,
    /// 0 where the server does not say.
    #[prost(int32, tag = "5")]
    retry_after_seconds: i32,
}

#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default)]
struct StatusCause {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(string, tag = "3")]
    field: String,
}

fn null_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<StatusCause>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn refusal(call: &Call, code: StatusCode, body: &Bytes, retry_after: Option<Duration>) -> Refusal {
    let status: Option<Status> = serde_json::from_slice(body).ok().or_else(|| protobuf::object(body));
    let status = status.unwrap_or_else(|| Status {
        message: String::from_utf8_lossy(body).trim().chars().take(500).collect(),
        ..Status::default()
    });
    let secret = call.object.as_ref().is_some_and(|object| object.gvk.is_secret());
    let details = status.details.unwrap_or_default();
    let pause = u64::try_from(details.retry_after_seconds).ok().filter(|seconds| *seconds > 0);
    let mut refusal = Refusal {
        verb: call.verb,
        object: call.object.clone(),
        code: code.as_u16(),
        reason: status.reason,
        message: status.message.clone(),
        causes: details
            .causes
            .into_iter()
            .map(|cause| Cause {
                immutable: is_immutable(&cause.reason, &cause.message),
                reason: cause.reason,
                field: cause.field,
                message: cause.message,
            })
            .collect(),
        retry_after: retry_after.or(pause.map(Duration::from_secs)),
        // What the server says of an apply that does not fit the kind's schema, with the status 500.
        lasting: status.message.contains("failed to create typed"),
    };
    if refusal.message.is_empty() {
        code.canonical_reason().unwrap_or("unknown status").clone_into(&mut refusal.message);
    }
    if secret {
        conceal(&mut refusal);
    }
    refusal
}

/// Whether a cause says that a field cannot be changed once it is there. The API has no reason of its own for that, so the
/// text decides (Kubernetes: apimachinery `api/validation/objectmeta.go`, `FieldImmutableErrorMsg`; `ValidateStatefulSetUpdate`,
/// `ValidatePodUpdate`, `ValidatePersistentVolumeClaimUpdate`, `ValidateRoleBindingUpdate`, `ValidateStorageClassUpdate` and
/// others; CRDs' rules over `oldSelf` are worded by their authors, mostly the same way).
fn is_immutable(reason: &str, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    match reason {
        "FieldValueInvalid" | "FieldValueForbidden" | "FieldValueNotSupported" => {
            says(&["immutable", "may not change", "may not be changed", "cannot change", "cannot be changed"])
                || (says(&["updates to", "updating"]) && says(&["forbidden"]))
        }
        _ => false,
    }
}

/// Takes out what could quote a Secret: the server puts values into the texts of invalid objects, and admission
/// webhooks put in whatever they like. Reasons and fields stay.
fn conceal(refusal: &mut Refusal) {
    let harmless = match refusal.reason.as_str() {
        "NotFound" | "AlreadyExists" | "Conflict" | "Unauthorized" => true,
        // What RBAC says; a webhook's refusal has the same reason.
        "Forbidden" => refusal.message.contains(" cannot ") && !refusal.message.contains("webhook"),
        _ => false,
    };
    if harmless {
        return;
    }
    for cause in &mut refusal.causes {
        cause.message.clear();
    }
    let mut message =
        if refusal.reason.is_empty() { format!("status {}", refusal.code) } else { refusal.reason.clone() };
    let fields: Vec<&str> = refusal.causes.iter().map(|cause| cause.field.as_str()).collect();
    if !fields.is_empty() {
        message = format!("{message} ({})", fields.join(", "));
    }
    refusal.message = format!("{message}; the server's text is not shown, since it can quote the secret");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_clock_is_read() {
        // RFC 9110 §5.6.7, IMF-fixdate
        let read = moment("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(read.to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(moment("yesterday"), None);
    }
}
