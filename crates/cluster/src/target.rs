//! One cluster that is worked on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::discovery::DiscoveryCache;
use crate::observe::Counter;
use crate::throttle::Throttle;
use crate::{Counts, RequestObserver};

/// The manager name that Helm's command line writes into `managedFields`.
pub const HELM_MANAGER: &str = "helm";

/// One cluster that is worked on: the caller's client, and what all work on that cluster shares.
///
/// A clone is another handle on the same target. All requests go one way: they wait in one queue (first come, first
/// served), each has a time-out of its own, reads and repeatable writes are repeated when the server stumbles, and a
/// `Retry-After` of the server holds back all of them. Targets share nothing with one another.
///
/// ```
/// # fn with(client: kube::Client) {
/// use std::time::Duration;
/// use pintle_cluster::Target;
///
/// let target = Target::builder(client)
///     .name("tenant1")
///     .request_timeout(Duration::from_secs(10))
///     .concurrency(8)
///     .build();
/// assert_eq!(target.manager(), "helm");
/// # }
/// ```
#[derive(Clone)]
pub struct Target {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) client: kube::Client,
    pub(crate) name: String,
    pub(crate) manager: String,
    pub(crate) request_timeout: Duration,
    pub(crate) attempts: u32,
    pub(crate) answer_limit: usize,
    pub(crate) throttle: Throttle,
    pub(crate) counter: Counter,
    pub(crate) observer: Option<Arc<dyn RequestObserver>>,
    pub(crate) discovery: DiscoveryCache,
}

/// Makes a [`Target`].
#[must_use]
pub struct TargetBuilder {
    client: kube::Client,
    name: String,
    manager: String,
    request_timeout: Duration,
    attempts: u32,
    answer_limit: usize,
    concurrency: usize,
    discovery_age: Duration,
    observer: Option<Arc<dyn RequestObserver>>,
}

impl Target {
    /// Starts to make a target of the caller's client.
    ///
    /// kube's own default stack repeats requests too, for several seconds each; a client without its retry layer
    /// leaves that to the target, which listens to `Retry-After` and to the caller's deadline.
    pub fn builder(client: kube::Client) -> TargetBuilder {
        TargetBuilder {
            client,
            name: "cluster".to_owned(),
            manager: HELM_MANAGER.to_owned(),
            request_timeout: Duration::from_secs(30),
            attempts: 5,
            answer_limit: 256 << 20,
            concurrency: 16,
            discovery_age: Duration::from_secs(600),
            observer: None,
        }
    }

    /// A target with all defaults.
    pub fn new(client: kube::Client) -> Self {
        Self::builder(client).build()
    }

    /// The name of the cluster in errors and spans.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The name in `managedFields` under which objects are written.
    pub fn manager(&self) -> &str {
        &self.inner.manager
    }

    /// How long one request may take.
    pub fn request_timeout(&self) -> Duration {
        self.inner.request_timeout
    }

    /// The caller's client.
    pub fn client(&self) -> &kube::Client {
        &self.inner.client
    }

    /// How many requests were sent so far, repetitions included.
    pub fn counts(&self) -> Counts {
        self.inner.counter.counts()
    }

    /// Whether two handles are on the same target.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("name", &self.inner.name)
            .field("manager", &self.inner.manager)
            .finish_non_exhaustive()
    }
}

impl TargetBuilder {
    /// The name of the cluster in errors and spans. Default: `cluster`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name in `managedFields`. Default: `helm`, so that Helm goes on with what is written, and the other way
    /// round.
    pub fn manager(mut self, manager: impl Into<String>) -> Self {
        self.manager = manager.into();
        self
    }

    /// How long one request may take, from its turn in the queue until its answer is read. Default: 30 s. Watches
    /// are bound by it only until they begin.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How often a request is tried at most. Default: 5.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How many requests may be under way at once; watches do not count. Default: 16.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// The most bytes that one answer may have. Default: 256 MiB.
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// How old what is known of the cluster's kinds may be. Default: 10 min; a kind that is not known is looked for
    /// at once.
    pub fn discovery_age(mut self, age: Duration) -> Self {
        self.discovery_age = age;
        self
    }

    /// Who is told of each request.
    pub fn observer(mut self, observer: Arc<dyn RequestObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The target.
    pub fn build(self) -> Target {
        Target {
            inner: Arc::new(Inner {
                client: self.client,
                name: self.name,
                manager: self.manager,
                request_timeout: self.request_timeout,
                attempts: self.attempts,
                answer_limit: self.answer_limit,
                throttle: Throttle::new(self.concurrency),
                counter: Counter::default(),
                observer: self.observer,
                discovery: DiscoveryCache::new(self.discovery_age),
            }),
        }
    }
}
