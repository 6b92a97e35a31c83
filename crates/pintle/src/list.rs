//! Many releases at once.

use std::collections::{BTreeMap, HashMap};

use pintle_release::{Filter, Head, Status, Store as _, Summary};

use crate::{Error, Target};

/// Which releases to list, and in which order.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ListOptions {
    /// Only this namespace of records; `None` for all.
    pub namespace: Option<String>,
    /// Only releases whose newest revision is in one of these states; empty for all. With [`Status::Superseded`]
    /// alone, every superseded revision is listed, as Helm does.
    pub states: Vec<Status>,
    /// Only releases whose labels match this selector, in Kubernetes' syntax.
    pub selector: Option<String>,
    /// What the list is sorted by.
    pub order: ListOrder,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListOrder {
    /// By name.
    #[default]
    Name,
    /// By name, backwards.
    NameDescending,
    /// By the time of the last deployment, oldest first.
    Date,
    /// By the time of the last deployment, newest first.
    DateDescending,
}

impl ListOptions {
    /// The releases of one namespace.
    pub fn namespace(namespace: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), ..Self::default() }
    }

    /// The releases of all namespaces.
    pub fn all_namespaces() -> Self {
        Self::default()
    }

    /// Only these states.
    #[must_use]
    pub fn states(mut self, states: impl IntoIterator<Item = Status>) -> Self {
        self.states = states.into_iter().collect();
        self
    }

    /// Only these labels.
    #[must_use]
    pub fn selector(mut self, selector: impl Into<String>) -> Self {
        self.selector = Some(selector.into());
        self
    }

    /// Sorted by this.
    #[must_use]
    pub fn order(mut self, order: ListOrder) -> Self {
        self.order = order;
        self
    }
}

impl Target {
    /// The head of the newest record of each release.
    ///
    /// Records that are not superseded are listed with their content, of which only what a list shows is decoded; of the
    /// others, which most of a long history is, only metadata are. A record that cannot be decoded is left out, as Helm
    /// leaves it out.
    pub async fn list(&self, options: &ListOptions) -> Result<Vec<Head>, Error> {
        let filter = match &options.selector {
            Some(selector) => Filter::default().selector(selector),
            None => Filter::default(),
        };
        let store = match &options.namespace {
            Some(namespace) => self.store(namespace),
            None => self.store_of_all_namespaces(),
        };
        let mut heads = HashMap::new();
        let mut summaries = Vec::new();
        for (summary, head) in store.overview(&filter).await? {
            if let Some(head) = head {
                heads.insert(key(&summary), head);
            }
            summaries.push(summary);
        }
        // The newest record of a release is superseded only where somebody left it so.
        let (superseded, current): (Vec<Summary>, Vec<Summary>) = choose(summaries, &options.states)
            .into_iter()
            .partition(|summary| summary.status == Status::Superseded);
        let mut records: Vec<Head> =
            current.iter().filter_map(|summary| heads.remove(&key(summary))).collect();
        records.extend(store.heads(&superseded).await?);
        match options.order {
            ListOrder::Name => records.sort_by(|a, b| a.name.cmp(&b.name)),
            ListOrder::NameDescending => records.sort_by(|a, b| b.name.cmp(&a.name)),
            // Helm: pkg/release/v1/util/sorter.go, SortByDate: by whole seconds, then by name
            ListOrder::Date | ListOrder::DateDescending => {
                let second = |time: jiff::Timestamp| time.as_second();
                records.sort_by_cached_key(|one| (one.info.last_deployed.map(second), one.name.clone()));
            }
        }
        if options.order == ListOrder::DateDescending {
            records.reverse();
        }
        Ok(records)
    }
}

/// What tells a record from all others.
fn key(summary: &Summary) -> (String, String, u32) {
    (summary.storage_namespace.clone(), summary.name.clone(), summary.revision)
}

/// Helm: `pkg/action/list.go`, `filterLatestReleases` and `filterStateMask`.
fn choose(summaries: Vec<Summary>, states: &[Status]) -> Vec<Summary> {
    let wanted = |summary: &Summary| states.is_empty() || states.contains(&summary.status);
    if states == [Status::Superseded] {
        return summaries.into_iter().filter(wanted).collect();
    }
    let mut newest: BTreeMap<(String, String), Summary> = BTreeMap::new();
    for summary in summaries {
        let key = (summary.storage_namespace.clone(), summary.name.clone());
        if newest.get(&key).is_none_or(|known| known.revision < summary.revision) {
            newest.insert(key, summary);
        }
    }
    newest.into_values().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use pintle_release::Version;

    use super::*;

    #[test]
    fn the_newest_revision_decides() {
        let all = [
            ("a", 1, Status::Superseded),
            ("a", 2, Status::Deployed),
            ("b", 1, Status::Deployed),
            ("b", 2, Status::Failed),
        ];
        let summaries =
            all.map(|(name, revision, status)| Summary::new(name, revision, status, Version(String::new())));
        let chosen = |states: &[Status]| {
            let chosen = choose(summaries.to_vec(), states);
            chosen.into_iter().map(|summary| (summary.name, summary.revision)).collect::<Vec<_>>()
        };
        let pair = |name: &str, revision| (name.to_owned(), revision);
        assert_eq!(chosen(&[]), [pair("a", 2), pair("b", 2)]);
        assert_eq!(chosen(&[Status::Deployed]), [pair("a", 2)]);
        assert_eq!(chosen(&[Status::Superseded]), [pair("a", 1)]);
    }
}
