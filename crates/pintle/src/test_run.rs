//! Running a release's tests.

use std::sync::Arc;
use std::time::Duration;

use pintle_release::Record;
use tokio_util::sync::CancellationToken;

use crate::{Error, Failure, Observer, ReleaseHandle, RunOptions, Wait};

/// Runs the tests of a release, which are its hooks for the event `test` (`helm test`): [`run`](Self::run) it.
#[derive(Clone, Debug)]
#[must_use = "running it does it"]
pub struct TestRun {
    pub(crate) release: ReleaseHandle,
    pub(crate) settings: RunOptions,
    pub(crate) filter: TestFilter,
    pub(crate) logs: bool,
}

/// Which tests run, by the names of their objects. Default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestFilter {
    /// Only these; all where this is empty.
    pub only: Vec<String>,
    /// None of these.
    pub without: Vec<String>,
}

/// What running tests gave.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tested {
    /// The release's record, with how each test ended.
    pub record: Record,
    /// The test that failed; those after it did not run.
    pub failure: Option<Arc<Failure>>,
}

impl ReleaseHandle {
    /// Runs the release's tests.
    pub fn test(&self) -> TestRun {
        let mut settings = RunOptions::upgrade();
        settings.wait = Wait::Ready;
        TestRun { release: self.clone(), settings, filter: TestFilter::default(), logs: false }
    }
}

impl TestFilter {
    /// Whether a test of this name runs.
    pub fn takes(&self, name: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|one| one == name);
        !named(&self.without) && (self.only.is_empty() || named(&self.only))
    }
}

impl TestRun {
    /// Which tests run. Default: all.
    pub fn filter(mut self, filter: TestFilter) -> Self {
        self.filter = filter;
        self
    }

    /// How long each test may take. Default: 5 minutes.
    pub fn timeout(mut self, step: Duration) -> Self {
        self.settings.timeouts.step = step;
        self
    }

    /// Tells what the containers of each test wrote ([`Event::HookLog`](crate::Event::HookLog)), before its objects are
    /// deleted. Default: only where a test's own output-log policy says so.
    pub fn with_logs(mut self) -> Self {
        self.logs = true;
        self
    }

    /// Runs them, one after the other, and writes into the record how each ended. A test that fails is no error of this
    /// call; `observer` and `cancel` are as for [`Plan::run`](crate::Plan::run).
    pub async fn run(self, observer: &dyn Observer, cancel: &CancellationToken) -> Result<Tested, Error> {
        self.release.check_name()?;
        let past = self.release.ledger().past().await?.ok_or_else(|| self.release.not_found())?;
        crate::run::test(self, past, observer, cancel).await
    }
}
