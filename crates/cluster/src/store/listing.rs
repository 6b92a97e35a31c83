//! Many records at once: what their labels say, and of their content what lists show.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures::future::try_join_all;
use jiff::Timestamp;
use pintle_release::codec;
use pintle_release::{Filter, Head, Status, StoreError, Summary, Version, record_key};
use pintle_value::Data;
use serde::Deserialize;

use super::kept::{Kept, backend, is_label_value, texts, user_labels, without_system_labels};
use super::page::{Content, PageReader, Undecoded, Wanted};
use crate::path::UrlPath;
use crate::protobuf;
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

/// The object of a record in a list without content.
#[derive(Deserialize)]
struct Listed {
    metadata: Metadata,
}

/// What is of use of an object's metadata (Kubernetes: apimachinery `pkg/apis/meta/v1/generated.proto`, `ObjectMeta`).
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) namespace: String,
    #[prost(string, tag = "6")]
    resource_version: String,
    #[prost(btree_map = "string, string", tag = "11")]
    labels: BTreeMap<String, String>,
    #[prost(btree_map = "string, string", tag = "12")]
    annotations: BTreeMap<String, String>,
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
    /// read. The records of a page are decoded while it comes, and the last of them while the next one is asked for.
    async fn contents(&self, selector: &str, wanted: Wanted) -> Result<Option<Vec<Content>>, StoreError> {
        let reader = PageReader { wanted, medium: self.medium, limits: self.limits };
        let resource = self.resource();
        let namespace = self.namespace.as_deref();
        let url = UrlPath::collection(&resource, namespace).param("labelSelector", selector);
        let mut pages = Vec::new();
        let mut limit = FIRST_PAGE;
        let mut next: Option<String> = None;
        loop {
            let url = url.clone().param("limit", &limit.to_string()).param_opt("continue", next.as_deref());
            let about = nameless(&resource.gvk, namespace);
            let call = Call::new(Verb::List, url).about(&about).accept(protobuf::PREFERRED);
            let mut page = match self.target.receive(&self.scope, &call, &reader).await {
                Ok(page) => page,
                // Not allowed, grown old between two pages, or too large an answer.
                Err(Error::Refused(refusal)) if refusal.class() != crate::Class::Retry => return Ok(None),
                Err(Error::Unreadable { .. }) => return Ok(None),
                Err(error) => return Err(backend(error)),
            };
            limit = next_limit(limit, page.bytes);
            let more = std::mem::take(&mut page.more);
            pages.push(page);
            if more.is_empty() {
                break;
            }
            next = Some(more);
        }
        let mut records = Vec::new();
        for page in pages {
            match page.contents().await {
                Ok(contents) => records.extend(contents),
                Err(Undecoded::NoList) => return Ok(None),
                Err(Undecoded::Ended) => return Err(backend(Error::Cancelled)),
            }
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

    pub(super) fn summary(self) -> Option<Summary> {
        let revision = self.labels.get("version")?.parse().ok()?;
        let status = Status::from(self.labels.get("status")?.as_str());
        let mut summary =
            Summary::new(self.labels.get("name")?, revision, status, Version(self.resource_version));
        summary.storage_namespace = self.namespace;
        let written = self.labels.get("modifiedAt").or_else(|| self.labels.get("createdAt"));
        summary.modified = written.and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
        summary.labels = without_system_labels(self.labels);
        summary.annotations = self.annotations;
        Some(summary)
    }
}

/// How many records the page after one of so many bytes has.
fn next_limit(limit: usize, bytes: usize) -> usize {
    (limit * PAGE_BYTES / bytes.max(1)).clamp(1, LARGEST_PAGE)
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
