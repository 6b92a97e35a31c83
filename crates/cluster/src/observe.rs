//! What is told about each request.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Verb {
    /// Reads one object.
    Get,
    /// Reads many.
    List,
    /// Follows changes.
    Watch,
    /// Creates an object.
    Create,
    /// Replaces an object.
    Replace,
    /// Applies an object server-side.
    Apply,
    /// Changes an object by another kind of patch.
    Patch,
    /// Deletes an object.
    Delete,
}

impl Verb {
    /// Whether it is one of POST, PUT, PATCH and DELETE; dry runs are.
    pub fn is_write(self) -> bool {
        !matches!(self, Self::Get | Self::List | Self::Watch)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Apply => "apply",
            Self::Patch => "patch",
            Self::Delete => "delete",
        })
    }
}

/// One request that was sent, and how it ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Sent<'a> {
    /// The target's name.
    pub cluster: &'a str,
    /// What it did.
    pub verb: Verb,
    /// The path, without its query.
    pub path: &'a str,
    /// The HTTP status; `None` where no answer came.
    pub code: Option<u16>,
    /// From sending until the headers of the answer.
    pub took: Duration,
    /// Which try it was, from 1.
    pub attempt: u32,
}

/// Is told of each request: for metrics and tests. It must not block.
pub trait RequestObserver: Send + Sync {
    /// A request ended, or its watch began.
    fn sent(&self, request: &Sent<'_>);
}

/// How many requests a target has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// GET and LIST.
    pub reads: u64,
    /// Watches that were opened.
    pub watches: u64,
    /// POST, PUT, PATCH and DELETE, dry runs included.
    pub writes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counter {
    reads: AtomicU64,
    watches: AtomicU64,
    writes: AtomicU64,
}

impl Counter {
    pub(crate) fn add(&self, verb: Verb) {
        let count = match verb {
            Verb::Get | Verb::List => &self.reads,
            Verb::Watch => &self.watches,
            _ => &self.writes,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            reads: self.reads.load(Ordering::Relaxed),
            watches: self.watches.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
        }
    }
}
