use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::api::{Api, USER_AGENT};
use crate::error::{Error, IoContext as _};

/// What every API server is told to record: who did what to which object, for every request, without bodies.
///
/// The stage `RequestReceived` is left out, because every request that ends is recorded once more anyway, and
/// a watch is recorded when it starts (`ResponseStarted`) and when it ends (`ResponseComplete`).
pub(crate) const POLICY: &str =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n";

/// How long the log may lag behind the answers.
const LAG: Duration = Duration::from_secs(10);

/// The audit log of one cluster: who wrote and read what.
///
/// ```no_run
/// # fn main() -> Result<(), pintle_testkit::Error> {
/// # let bed = pintle_testkit::Bed::shared()?;
/// let tenant = bed.tenant("tenant1")?;
/// let mark = tenant.audit().mark()?;
/// tenant.kubectl(["get", "pods"])?.success()?;
/// let reads = tenant.audit().since(&mark)?.by_agent("kubectl").on("pods");
/// assert!(reads.iter().all(|event| event.verb == "list"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: PathBuf,
    api: Api,
}

/// A place in an audit log, made by [`AuditLog::mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// One request as the API server recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The id that all records of one request share.
    pub id: String,
    /// The stage: `ResponseStarted` (a watch has begun), `ResponseComplete` or `Panic`.
    pub stage: String,
    /// The verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for paths
    /// that are no resources the HTTP method in lower case.
    pub verb: String,
    /// The path and query of the request.
    pub uri: String,
    /// The user's name.
    pub user: String,
    /// What the client says that it is.
    pub user_agent: String,
    /// The API group; empty for the core group and for paths that are no resources.
    pub group: String,
    /// The plural name of the resource; empty for paths that are no resources.
    pub resource: String,
    /// The subresource, such as `status`; empty without one.
    pub subresource: String,
    /// The namespace; empty without one.
    pub namespace: String,
    /// The object's name; empty for lists, watches of many and creations whose name the server makes.
    pub name: String,
    /// The HTTP status code of the answer.
    pub code: u16,
    /// When the request came, in RFC 3339 with microseconds.
    pub received: String,
}

impl AuditEvent {
    /// Whether the request asked to change something (a dry run counts, since it is sent as a write).
    pub fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection")
    }

    /// Whether a part of the bed made the request: the control plane, kwok or the test kit itself.
    pub fn is_of_the_bed(&self) -> bool {
        self.user_agent.starts_with(USER_AGENT)
            || self.user.starts_with("system:serviceaccount:kube-system:")
            || matches!(
                self.user.as_str(),
                "system:apiserver" | "system:kube-controller-manager" | "system:kube-scheduler" | "kwok"
            )
    }
}

impl AuditLog {
    pub(crate) fn new(path: &Path, api: Api) -> Self {
        Self { path: path.to_owned(), api }
    }

    /// The file, one JSON object of kind `Event` of `audit.k8s.io/v1` per line.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The present end of the log. What was answered before is in front of it.
    pub fn mark(&self) -> Result<Mark, Error> {
        let barrier = self.barrier()?;
        Ok(Mark(barrier))
    }

    /// What was answered since the mark, in the order of recording, without the requests of the bed itself
    /// ([`AuditEvent::is_of_the_bed`]).
    ///
    /// Errors when the log cannot be read, or does not record a request within 10 s.
    pub fn since(&self, mark: &Mark) -> Result<AuditEvents, Error> {
        let mut events = self.everything_since(mark)?;
        events.0.retain(|event| !event.is_of_the_bed());
        Ok(events)
    }

    /// What was answered since the mark, the requests of the control plane, kwok and the test kit included.
    pub fn everything_since(&self, mark: &Mark) -> Result<AuditEvents, Error> {
        self.barrier()?;
        let (events, _) = self.read(mark.0)?;
        Ok(AuditEvents(events.into_iter().map(|(event, _)| event).collect()))
    }

    /// Makes a request of its own and waits until it is recorded: what was answered before it is recorded by
    /// then. Returns the place behind its record.
    fn barrier(&self) -> Result<u64, Error> {
        let sign = uuid::Uuid::new_v4().simple().to_string();
        let path = format!("/version?barrier={sign}");
        let start = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        self.api.get(&path)?;
        let started = Instant::now();
        loop {
            let (events, _) = self.read(start)?;
            if let Some((_, end)) = events.iter().find(|(event, _)| event.uri == path) {
                return Ok(*end);
            }
            if started.elapsed() > LAG {
                return Err(Error::TimedOut {
                    what: format!("the record of GET {path} in {}", self.path.display()),
                    waited: LAG,
                    last: format!("{} other records", events.len()),
                    tail: String::new(),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The records from a place on, each with the place behind it. A line that is still being written is left.
    fn read(&self, from: u64) -> Result<(Vec<(AuditEvent, u64)>, u64), Error> {
        let mut file = File::open(&self.path).doing("opening", &self.path)?;
        file.seek(SeekFrom::Start(from)).doing("reading", &self.path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).doing("reading", &self.path)?;
        let mut events = Vec::new();
        let mut place = from;
        for line in text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            place += line.len() as u64;
            let Ok(record) = serde_json::from_slice::<Record>(line) else { continue };
            events.push((record.into_event(), place));
        }
        Ok((events, place))
    }
}

/// Requests from an audit log, and questions about them. Each question keeps what answers it.
#[derive(Debug, Clone, Default)]
pub struct AuditEvents(Vec<AuditEvent>);

impl AuditEvents {
    /// Those for which the question is answered with yes.
    pub fn filter(mut self, question: impl FnMut(&AuditEvent) -> bool) -> Self {
        self.0.retain(question);
        self
    }

    /// Those of one user.
    pub fn by_user(self, user: &str) -> Self {
        self.filter(|event| event.user == user)
    }

    /// Those whose user agent begins so.
    pub fn by_agent(self, beginning: &str) -> Self {
        self.filter(|event| event.user_agent.starts_with(beginning))
    }

    /// Those on one resource, by its plural name.
    pub fn on(self, resource: &str) -> Self {
        self.filter(|event| event.resource == resource)
    }

    /// Those in one namespace.
    pub fn within(self, namespace: &str) -> Self {
        self.filter(|event| event.namespace == namespace)
    }

    /// Those that ask to change something.
    pub fn writes(self) -> Self {
        self.filter(AuditEvent::is_write)
    }

    /// Those that only read, watches included.
    pub fn reads(self) -> Self {
        self.filter(|event| !event.is_write())
    }

    /// One record per request: for a watch that has begun and ended, the first.
    pub fn requests(self) -> Self {
        let mut seen = BTreeSet::new();
        self.filter(|event| seen.insert(event.id.clone()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, AuditEvent> {
        self.0.iter()
    }
}

impl IntoIterator for AuditEvents {
    type Item = AuditEvent;
    type IntoIter = std::vec::IntoIter<AuditEvent>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a AuditEvents {
    type Item = &'a AuditEvent;
    type IntoIter = std::slice::Iter<'a, AuditEvent>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One line each, for the message of a failed assertion.
impl std::fmt::Display for AuditEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for event in self {
            writeln!(
                f,
                "{} {} {} {} by {} ({})",
                event.stage, event.verb, event.uri, event.code, event.user, event.user_agent
            )?;
        }
        Ok(())
    }
}

/// The fields of `Event` of `audit.k8s.io/v1` that are of use here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Record {
    #[serde(rename = "auditID")]
    audit_id: String,
    stage: String,
    verb: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    user: User,
    user_agent: String,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
    request_received_timestamp: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    resource: String,
    namespace: String,
    name: String,
    api_group: String,
    subresource: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ResponseStatus {
    code: u16,
}

impl Record {
    fn into_event(self) -> AuditEvent {
        let object = self.object_ref.unwrap_or_default();
        AuditEvent {
            id: self.audit_id,
            stage: self.stage,
            verb: self.verb,
            uri: self.request_uri,
            user: self.user.username,
            user_agent: self.user_agent,
            group: object.api_group,
            resource: object.resource,
            subresource: object.subresource,
            namespace: object.namespace,
            name: object.name,
            code: self.response_status.unwrap_or_default().code,
            received: self.request_received_timestamp,
        }
    }
}
