//! A page of a list of records with their content: their heads are decoded while the rest is on its way.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use pintle_release::codec::{Decoder, Limits};
use pintle_release::{Head, Summary};
use prost::Message;
use serde::Deserialize;
use tokio::task::{JoinError, JoinHandle};

use super::kept::Medium;
use super::listing::Metadata;
use crate::Error;
use crate::protobuf::{self, ListMeta, ListReader, Part};
use crate::request::{Failed, Incoming, Reader};

/// How many bytes of records are decoded at a time.
const SHARE: usize = 128 << 10;

/// The most threads that decode one page.
const MOST_THREADS: usize = 8;

/// A record and what lists show of its content; none where it cannot be read.
pub(super) type Content = (Summary, Option<Head>);

/// Which records of a list are decoded.
#[derive(Clone)]
pub(super) enum Wanted {
    All,
    /// Those of these namespaces and names.
    These(Arc<HashSet<(String, String)>>),
}

/// What reads pages.
#[derive(Clone)]
pub(super) struct PageReader {
    pub(super) wanted: Wanted,
    pub(super) medium: Medium,
    pub(super) limits: Limits,
}

/// A page that has come.
pub(super) struct Page {
    /// How the server calls the place where the list goes on; empty at its end.
    pub(super) more: String,
    /// How large the answer was.
    pub(super) bytes: usize,
    shares: Shares,
}

impl Page {
    /// Its records, once they are decoded.
    pub(super) async fn contents(mut self) -> Result<Vec<Content>, Undecoded> {
        while self.shares.finish_one().await? {}
        Ok(self.shares.contents)
    }
}

/// Why there are no records.
#[derive(Debug)]
pub(super) enum Undecoded {
    /// What the server sent is no list of records.
    NoList,
    /// The runtime is shutting down.
    Ended,
}

impl Undecoded {
    fn failed(self, incoming: &Incoming<'_>) -> Failed {
        match self {
            Self::NoList => incoming.unreadable("it is no list of records".to_owned()),
            Self::Ended => Failed::lasting(Error::Cancelled),
        }
    }
}

impl From<JoinError> for Undecoded {
    fn from(ended: JoinError) -> Self {
        match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Self::Ended,
        }
    }
}

impl Reader for PageReader {
    type Read = Page;

    fn read<'a>(&'a self, incoming: Incoming<'a>) -> BoxFuture<'a, Result<Page, Failed>> {
        if incoming.is(protobuf::MEDIA_TYPE) {
            Box::pin(self.protobuf(incoming))
        } else {
            Box::pin(self.json(incoming))
        }
    }
}

impl PageReader {
    async fn protobuf(&self, mut incoming: Incoming<'_>) -> Result<Page, Failed> {
        let mut list = ListReader::new();
        let mut metadata = ListMeta::default();
        let mut shares = Shares::new();
        let (mut items, mut bytes) = (Vec::new(), 0);
        while let Some(data) = incoming.next().await? {
            list.push(&data);
            while let Some(part) = list.next().map_err(|error| incoming.unreadable(error.to_string()))? {
                match part {
                    Part::Metadata(told) => metadata = told,
                    Part::Item(item) => {
                        // Empty ones take memory too.
                        bytes += item.len() + size_of::<Bytes>();
                        items.push(item);
                    }
                }
                if bytes >= SHARE {
                    bytes = 0;
                    let (reader, share) = (self.clone(), std::mem::take(&mut items));
                    let begun = shares.begin(move || reader.messages(&share)).await;
                    begun.map_err(|undecoded| undecoded.failed(&incoming))?;
                }
            }
        }
        if !list.is_at_end() {
            return Err(incoming.unreadable("it ends within its protobuf".to_owned()));
        }
        let reader = self.clone();
        let begun = shares.begin(move || reader.messages(&items)).await;
        begun.map_err(|undecoded| undecoded.failed(&incoming))?;
        Ok(Page { more: metadata.r#continue, bytes: incoming.bytes(), shares })
    }

    /// What servers send that do not speak protobuf: it is read when all of it is there.
    async fn json(&self, incoming: Incoming<'_>) -> Result<Page, Failed> {
        let unreadable = incoming.unreadable("it is no list of records".to_owned());
        let answer = incoming.whole().await?;
        let bytes = answer.body.len();
        let reader = self.clone();
        let read = tokio::task::spawn_blocking(move || reader.list(&answer.body)).await;
        match read.map_err(Undecoded::from) {
            Ok(Some((more, contents))) => {
                Ok(Page { more, bytes, shares: Shares { contents, ..Shares::new() } })
            }
            Ok(None) | Err(Undecoded::NoList) => Err(unreadable),
            Err(Undecoded::Ended) => Err(Failed::lasting(Error::Cancelled)),
        }
    }

    /// Decodes records in protobuf.
    fn messages(&self, items: &[Bytes]) -> Result<Vec<Content>, Undecoded> {
        let mut decoder = Decoder::new(self.limits);
        let mut contents = Vec::with_capacity(items.len());
        for item in items {
            let RecordMessage { metadata, data } =
                RecordMessage::decode(item.clone()).map_err(|_| Undecoded::NoList)?;
            let metadata = metadata.unwrap_or_default();
            if self.is_wanted(&metadata) {
                let release = data.iter().rfind(|entry| entry.key == "release");
                let head = release.and_then(|release| decoder.head(&release.value).ok());
                contents.extend(content(metadata, head));
            }
        }
        Ok(contents)
    }

    /// Decodes a list in JSON: where it goes on, and its records. `None` where it is none.
    fn list(&self, json: &[u8]) -> Option<(String, Vec<Content>)> {
        let list: List<'_> = serde_json::from_slice(json).ok()?;
        let mut decoder = Decoder::new(self.limits);
        let mut stored = Vec::new();
        let contents = list.items.unwrap_or_default().into_iter().filter_map(|Item { metadata, data }| {
            if !self.is_wanted(&metadata) {
                return None;
            }
            let release = data.and_then(|data| data.release);
            let head = release.and_then(|release| {
                stored.clear();
                self.medium.encoded(&release, &mut stored).ok()?;
                decoder.head(&stored).ok()
            });
            content(metadata, head)
        });
        Some((list.metadata.r#continue, contents.collect()))
    }

    fn is_wanted(&self, metadata: &Metadata) -> bool {
        match &self.wanted {
            Wanted::All => true,
            Wanted::These(wanted) => wanted.contains(&(metadata.namespace.clone(), metadata.name.clone())),
        }
    }
}

/// A record with its head, none where that cannot be read: Helm leaves it out of its lists.
fn content(metadata: Metadata, head: Option<Head>) -> Option<Content> {
    let summary = metadata.summary()?;
    let head = head.map(|mut head| {
        head.labels.clone_from(&summary.labels);
        head
    });
    Some((summary, head))
}

/// Records that other threads decode, in the order of the list.
struct Shares {
    most: usize,
    running: FuturesOrdered<JoinHandle<Result<Vec<Content>, Undecoded>>>,
    contents: Vec<Content>,
}

impl Shares {
    fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { most: cores.min(MOST_THREADS), running: FuturesOrdered::new(), contents: Vec::new() }
    }

    /// Gives one to a thread, as soon as there is one for it.
    async fn begin(
        &mut self,
        work: impl FnOnce() -> Result<Vec<Content>, Undecoded> + Send + 'static,
    ) -> Result<(), Undecoded> {
        while self.running.len() >= self.most {
            self.finish_one().await?;
        }
        self.running.push_back(tokio::task::spawn_blocking(work));
        Ok(())
    }

    /// Waits for the first that is not done; `false` where there is none.
    async fn finish_one(&mut self) -> Result<bool, Undecoded> {
        let Some(first) = self.running.next().await else { return Ok(false) };
        self.contents.extend(first??);
        Ok(true)
    }
}

/// A Secret or a ConfigMap, as far as it is of use (Kubernetes: `k8s.io/api/core/v1/generated.proto`; what the two keep is
/// bytes in the one and text in the other, which protobuf does not tell apart).
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct RecordMessage {
    #[prost(message, optional, tag = "1")]
    metadata: Option<Metadata>,
    #[prost(message, repeated, tag = "2")]
    data: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

impl std::fmt::Debug for RecordMessage {
    /// Shows nothing of it: it may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecordMessage")
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry")
    }
}

/// The same list in JSON; the content lies where the server's answer has it.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(default)]
    metadata: ListMetadata,
    #[serde(borrow)]
    items: Option<Vec<Item<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListMetadata {
    r#continue: String,
}

#[derive(Deserialize)]
struct Item<'a> {
    metadata: Metadata,
    #[serde(borrow)]
    data: Option<Encoded<'a>>,
}

#[derive(Deserialize)]
struct Encoded<'a> {
    #[serde(borrow)]
    release: Option<Cow<'a, str>>,
}
