//! Many records at once: what their labels say, and of their content what lists show.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures::future::try_join_all;
use jiff::Timestamp;
use pintle_release::codec::{self, Decoder, Limits};
use pintle_release::{Filter, Head, Status, StoreError, Summary, Version, record_key};
use pintle_value::Data;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::kept::{Kept, Medium, backend, is_label_value, texts, user_labels, without_system_labels};
use crate::path::UrlPath;
use crate::read::{Pages, Selection, nameless};
use crate::request::{Call, PARTIAL_LIST};
use crate::{Error, Verb};

/// From this many records on, one list with their content costs less than a read of each.
const LIST_FROM: usize = 8;

/// How many records the first page has: each may take a MiB.
const FIRST_PAGE: usize = 100;

/// How large pages are meant to be, by what the page before took.
const PAGE_BYTES: usize = 8 << 20;

/// The most records of a page.
const LARGEST_PAGE: usize = 1_000;

/// How many bytes of a page a thread must have to read to be worth its start.
const BYTES_A_THREAD: usize = 256 << 10;

/// The most threads that read one page.
const MOST_THREADS: usize = 8;

/// The object of a record in a list without content.
#[derive(Deserialize)]
struct Listed {
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    resource_version: String,
}

impl Kept {
    pub(super) async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, StoreError> {
        let mut selector = vec!["owner=helm".to_owned()];
        let terms =
            [("name", filter.name.as_deref()), ("status", filter.status.as_ref().map(Status::as_str))];
        for (key, value) in terms {
            let Some(value) = value else { continue };
            if !is_label_value(value) {
                return Ok(Vec::new()); // no object can carry it
            }
            selector.push(format!("{key}={value}"));
        }
        selector.extend(filter.selector.clone().filter(|selector| !selector.is_empty()));
        let resource = self.resource();
        let namespace = self.namespace.as_deref();
        let call = Call::new(Verb::List, UrlPath::collection(&resource, namespace))
            .about(&nameless(&resource.gvk, namespace))
            .accept(PARTIAL_LIST);
        let selection = Selection::labels(selector.join(","));
        let list = self.target.pages::<Listed>(&self.scope, &call, &selection, Pages::All).await;
        Ok(list.map_err(backend)?.items.into_iter().filter_map(|listed| listed.metadata.summary()).collect())
    }

    pub(super) async fn heads(&self, wanted: &[Summary]) -> Result<Vec<Head>, StoreError> {
        if wanted.len() >= LIST_FROM
            && let Some(heads) = self.listed_heads(wanted).await?
        {
            return Ok(heads);
        }
        let reads = wanted.iter().map(|summary| self.head(summary));
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    /// All records that pass the filter, with the heads of those that are not superseded; none for one that cannot be read.
    ///
    /// Most releases have one such record, the newest, so their content comes with the first list. Of the others, which are
    /// as many as histories are long, only the labels are asked for.
    pub(super) async fn overview(&self, filter: &Filter) -> Result<Vec<(Summary, Option<Head>)>, StoreError> {
        let superseded = filter.clone().status(Status::Superseded);
        let mut selector = format!("owner=helm,status!={}", Status::Superseded.as_str());
        if let Some(given) = filter.selector.as_deref().filter(|given| !given.is_empty()) {
            selector = format!("{selector},{given}");
        }
        let (superseded, current) =
            futures::try_join!(self.list(&superseded), self.contents(&selector, Wanted::All))?;
        let unread = |summary| (summary, None);
        if let Some(current) = current {
            return Ok(current.into_iter().chain(superseded.into_iter().map(unread)).collect());
        }
        let mut records = Vec::new();
        for summary in self.list(filter).await? {
            let head = match summary.status {
                Status::Superseded => None,
                _ => self.head(&summary).await?,
            };
            records.push((summary, head));
        }
        Ok(records)
    }

    async fn listed_heads(&self, wanted: &[Summary]) -> Result<Option<Vec<Head>>, StoreError> {
        let states: BTreeSet<&str> = wanted.iter().map(|summary| summary.status.as_str()).collect();
        let keys: HashSet<(String, String)> = wanted
            .iter()
            .map(|summary| (summary.storage_namespace.clone(), record_key(&summary.name, summary.revision)))
            .collect();
        let mut selector = "owner=helm".to_owned();
        if states.iter().all(|state| is_label_value(state)) {
            let states: Vec<&str> = states.into_iter().collect();
            selector = format!("{selector},status in ({})", states.join(","));
        }
        let records = self.contents(&selector, Wanted::These(Arc::new(keys))).await?;
        Ok(records.map(|records| records.into_iter().filter_map(|(_, head)| head).collect()))
    }

    /// Records with their heads from a list with content, page by page; `None` where that cannot be had, and each has to be
    /// read. One page is decoded on another thread while the next one is on its way.
    async fn contents(&self, selector: &str, wanted: Wanted) -> Result<Option<Vec<Content>>, StoreError> {
        let reader = PageReader { wanted, medium: self.medium, limits: self.limits };
        let resource = self.resource();
        let namespace = self.namespace.as_deref();
        let url = UrlPath::collection(&resource, namespace).param("labelSelector", selector);
        let mut records = Vec::new();
        let mut decoding: Option<JoinHandle<Vec<Content>>> = None;
        let mut limit = FIRST_PAGE;
        let mut next: Option<String> = None;
        loop {
            let url = url.clone().param("limit", &limit.to_string()).param_opt("continue", next.as_deref());
            let call = Call::new(Verb::List, url).about(&nameless(&resource.gvk, namespace));
            let answer = match self.target.send(&self.scope, &call).await {
                Ok(answer) => answer,
                // Not allowed, grown old between two pages, or too large an answer.
                Err(Error::Refused(refusal)) if refusal.class() != crate::Class::Retry => return Ok(None),
                Err(Error::Unreadable { .. }) => return Ok(None),
                Err(error) => return Err(backend(error)),
            };
            limit = next_limit(limit, answer.body.len());
            let (sender, more) = oneshot::channel();
            let reader = reader.clone();
            let page = tokio::task::spawn_blocking(move || reader.page(&answer.body, sender));
            if let Some(before) = decoding.replace(page) {
                records.extend(done(before).await?);
            }
            match more.await {
                Ok(more) if !more.is_empty() => next = Some(more),
                Ok(_) => break,
                Err(_) => return Ok(None), // what the server sent is no list
            }
        }
        if let Some(last) = decoding {
            records.extend(done(last).await?);
        }
        Ok(Some(records))
    }

    async fn head(&self, summary: &Summary) -> Result<Option<Head>, StoreError> {
        let mut reference = self.reference(&record_key(&summary.name, summary.revision));
        if reference.namespace.is_none() {
            reference.namespace = Some(summary.storage_namespace.clone());
        }
        let call = Call::new(Verb::Get, UrlPath::object(&self.resource(), &reference)).about(&reference);
        match self.target.object(&self.scope, &call).await {
            Ok(object) => Ok(self.head_of(&object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(backend(error)),
        }
    }

    /// `None` where the record cannot be read: Helm leaves it out of its lists.
    fn head_of(&self, object: &Data) -> Option<Head> {
        let mut head = codec::decode_head(&self.encoded(object).ok()?, self.limits).ok()?;
        head.labels = user_labels(object);
        Some(head)
    }
}

impl Metadata {
    pub(super) fn of(object: &Data) -> Self {
        let metadata = |key| object.at(&["metadata", key]);
        let text = |key| metadata(key).and_then(Data::as_str).unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            namespace: text("namespace"),
            labels: texts(metadata("labels")),
            annotations: texts(metadata("annotations")),
            resource_version: text("resourceVersion"),
        }
    }

    pub(super) fn summary(&self) -> Option<Summary> {
        let revision = self.labels.get("version")?.parse().ok()?;
        let status = Status::from(self.labels.get("status")?.as_str());
        let mut summary =
            Summary::new(self.labels.get("name")?, revision, status, Version(self.resource_version.clone()));
        summary.storage_namespace.clone_from(&self.namespace);
        let written = self.labels.get("modifiedAt").or_else(|| self.labels.get("createdAt"));
        summary.modified = written.and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
        summary.labels = without_system_labels(self.labels.clone());
        summary.annotations.clone_from(&self.annotations);
        Some(summary)
    }
}

/// A record and what lists show of its content; none where it cannot be read.
type Content = (Summary, Option<Head>);

/// A list with content, as far as it is of use; the content lies where the server's answer has it.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(borrow)]
    items: Option<Vec<Item<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PageMetadata {
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

/// Which records of a list are decoded.
#[derive(Clone)]
enum Wanted {
    All,
    /// Those of these namespaces and names.
    These(Arc<HashSet<(String, String)>>),
}

/// What reads pages.
#[derive(Clone)]
struct PageReader {
    wanted: Wanted,
    medium: Medium,
    limits: Limits,
}

impl PageReader {
    /// Tells where the list goes on, as soon as that is known, and reads the heads.
    fn page(&self, body: &[u8], more: oneshot::Sender<String>) -> Vec<Content> {
        let Ok(page) = serde_json::from_slice::<Page<'_>>(body) else { return Vec::new() };
        // Nobody listens any more where the action has ended.
        let _ = more.send(page.metadata.r#continue);
        let items = page.items.unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(MOST_THREADS).min(body.len() / BYTES_A_THREAD).max(1);
        let mut shares = items.chunks(items.len().div_ceil(threads).max(1));
        let Some(own) = shares.next() else { return Vec::new() };
        std::thread::scope(|scope| {
            let helpers: Vec<_> = shares
                .map(|share| {
                    let work = move || self.contents(share);
                    // Where the system gives no thread, this one does all.
                    std::thread::Builder::new().spawn_scoped(scope, work).map_err(|_| share)
                })
                .collect();
            let mut contents = self.contents(own);
            for helper in helpers {
                match helper.map(std::thread::ScopedJoinHandle::join) {
                    Ok(Ok(more)) => contents.extend(more),
                    Ok(Err(panic)) => std::panic::resume_unwind(panic),
                    Err(share) => contents.extend(self.contents(share)),
                }
            }
            contents
        })
    }

    fn contents(&self, items: &[Item<'_>]) -> Vec<Content> {
        let mut decoder = Decoder::new(self.limits);
        let mut encoded = Vec::new();
        let contents = items.iter().filter_map(|Item { metadata, data }| {
            if let Wanted::These(wanted) = &self.wanted
                && !wanted.contains(&(metadata.namespace.clone(), metadata.name.clone()))
            {
                return None;
            }
            let summary = metadata.summary()?;
            let release = data.as_ref().and_then(|data| data.release.as_deref());
            let mut head = release.and_then(|release| {
                encoded.clear();
                self.medium.encoded(release, &mut encoded).ok()?;
                // None where the record cannot be read: Helm leaves it out of its lists.
                decoder.head(&encoded).ok()
            });
            if let Some(head) = &mut head {
                head.labels.clone_from(&summary.labels);
            }
            Some((summary, head))
        });
        contents.collect()
    }
}

/// How many records the page after one of so many bytes has.
fn next_limit(limit: usize, bytes: usize) -> usize {
    (limit * PAGE_BYTES / bytes.max(1)).clamp(1, LARGEST_PAGE)
}

/// What a thread found.
async fn done(decoding: JoinHandle<Vec<Content>>) -> Result<Vec<Content>, StoreError> {
    match decoding.await {
        Ok(contents) => Ok(contents),
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(backend(Error::Cancelled)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_as_large_as_records_are_small() {
        assert_eq!(next_limit(100, 100 << 20), 8);
        assert_eq!(next_limit(8, 64 << 20), 1);
        assert_eq!(next_limit(100, 100 << 10), LARGEST_PAGE);
        assert_eq!(next_limit(1, 0), LARGEST_PAGE);
    }
}
