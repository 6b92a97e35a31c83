//! The call that a reconciler makes.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use pintle_chart::{Chart, Values};
use pintle_cluster::{DriftRules, Scope};
use pintle_release::{Record, Standing, Status, Stored};
use pintle_render::{NameResolver, PostRenderStrategy, PostRenderer};
use pintle_value::Data;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::ledger::{Past, RUN, highest_fence, is_untidy};
use crate::plan::{Inputs, Look, check_pending, install, resume, settings, upgrade};
use crate::rendering::chart_data;
use crate::run::{After, run_locked};
use crate::run_options::PENDING_TIMEOUT;
use crate::span;
use crate::values::{same_json, same_map};
use crate::{
    Change, Crds, Error, Observer, Outcome, Plan, PlanUpgrade, ReleaseHandle, ReuseValues, RunOptions,
    SchemaValidation, Sensitive, SubchartNotes,
};

/// The annotation of a record that `ensure` wrote, with the digest of the chart, charts inside it included, which a
/// record does not hold. Helm drops it when it writes the record.
const CHART_DIGEST: &str = "pintle.io/chart-digest";

/// How often it is begun anew when the release changes between its plan and its run.
const ROUNDS: usize = 3;

/// Brings a release to a wanted state, from whatever state it is in: await it, or [`run`](Self::run) it.
///
/// - There is no release: it is installed.
/// - It is deployed from the same chart with the same values: objects that drifted are put back, and nothing at all is
///   written where none did. What somebody changes again each time is named in the outcome's warnings and let be for a
///   while ([`EngineBuilder::patience`](crate::EngineBuilder::patience)).
/// - Its chart or values differ, or its newest revision failed: it is upgraded.
/// - Its newest revision is pending because whoever worked on it died: where it was made from the same chart with the
///   same values, it is finished, and hooks that have succeeded are not repeated; else that it was given up is recorded,
///   and it is upgraded. The lock of a dead run is taken over within 15 s. A pending record that `helm` wrote counts as
///   dead after 5 minutes ([`pending_timeout`](Self::pending_timeout)).
///
/// Values are always those given here: nothing is reused from the last revision. A post-renderer, a resolver and the other
/// settings are not among the inputs that are compared: a post-renderer that starts to do something else needs another
/// chart or other values to be heard.
#[derive(Clone, Debug)]
#[must_use = "awaiting it does it"]
pub struct Ensure {
    release: ReleaseHandle,
    chart: Chart,
    inputs: Inputs,
    install: RunOptions,
    upgrade: RunOptions,
    drift: Option<DriftRules>,
    look: Look,
    pending_timeout: Duration,
}

impl ReleaseHandle {
    /// Brings the release to this chart, with the values that are given next.
    pub fn ensure(&self, chart: &Chart) -> Ensure {
        Ensure {
            release: self.clone(),
            chart: chart.clone(),
            inputs: Inputs::default(),
            install: RunOptions::install(),
            upgrade: RunOptions::upgrade(),
            drift: Some(DriftRules::default()),
            look: Look::default(),
            pending_timeout: PENDING_TIMEOUT,
        }
    }
}

settings!(Ensure: inputs, sensitive);

impl Ensure {
    /// How an install is run, where one is needed.
    pub fn install(mut self, options: RunOptions) -> Self {
        self.install = options;
        self
    }

    /// How an upgrade is run, where one is needed.
    pub fn upgrade(mut self, options: RunOptions) -> Self {
        self.upgrade = options;
        self
    }

    /// What counts as drift where nothing else changed. Default: [`DriftRules::default`].
    pub fn drift_rules(mut self, rules: DriftRules) -> Self {
        self.drift = Some(rules);
        self
    }

    /// Looks at the release's record alone where chart and values are the same: the caller watches for drift.
    pub fn without_drift_correction(mut self) -> Self {
        self.drift = None;
        self
    }

    /// How old a pending record that this engine did not write must be before it is taken for dead. Default: 5
    /// minutes.
    pub fn pending_timeout(mut self, age: Duration) -> Self {
        self.pending_timeout = age;
        self
    }

    /// Does it; `observer` and `cancel` are as for [`Plan::run`](crate::Plan::run). Cancelled before it has a plan, it
    /// gives [`Error::CancelledEarly`].
    pub async fn run(self, observer: &dyn Observer, cancel: &CancellationToken) -> Result<Outcome, Error> {
        let span = span::ensure(&self.release);
        Box::pin(self.in_rounds(observer, cancel)).instrument(span).await
    }

    async fn in_rounds(&self, observer: &dyn Observer, cancel: &CancellationToken) -> Result<Outcome, Error> {
        self.release.check_name()?;
        let mut round = 1;
        loop {
            match Box::pin(self.once(observer, cancel)).await {
                Err(Error::Moved { .. }) if round < ROUNDS => round += 1,
                done => return done,
            }
        }
    }

    async fn once(&self, observer: &dyn Observer, cancel: &CancellationToken) -> Result<Outcome, Error> {
        let step = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Error::CancelledEarly),
            step = self.release.planning("ensure", self.step()) => step?,
        };
        match step {
            Step::Run(plan) => plan.run(observer, cancel).await,
            Step::Keep(standing) => self.keep(*standing, observer, cancel).await,
        }
    }

    /// Finds out what has to be done; writes nothing.
    async fn step(&self) -> Result<Step, Error> {
        let ledger = self.release.ledger();
        let standing = ledger.standing().await?;
        if let Some(standing) = &standing
            && standing.last.record.info.status == Status::Deployed
            && self.is_same(&standing.last)?
        {
            return Ok(Step::Keep(Box::new(standing.clone())));
        }
        let Some(past) = ledger.past_knowing(standing).await? else { return self.install_new(None).await };
        check_pending(&past.last, self.pending_timeout)?;
        let status = &past.last.record.info.status;
        match status {
            Status::Uninstalled => self.install_new(Some(&past)).await,
            status
                if status.is_pending()
                    && past.last.annotations.contains_key(RUN)
                    && self.is_same(&past.last)? =>
            {
                let settings = if *status == Status::PendingInstall { &self.install } else { &self.upgrade };
                let options = (settings, &self.look);
                Ok(Step::Run(Box::new(resume(&self.release, &past.last, &past, options).await?)))
            }
            _ => {
                let mut settings = self.upgrade.clone();
                // An install that failed may have left CRDs out, and nothing but another install would bring them.
                if past.current().record.info.status != Status::Deployed && settings.crds == Crds::Skip {
                    settings.crds = self.install.crds;
                }
                let plan = PlanUpgrade {
                    release: self.release.clone(),
                    chart: self.chart.clone(),
                    inputs: self.inputs.clone(),
                    settings,
                    look: self.look.clone(),
                    reuse: ReuseValues::Reset,
                    absent: crate::plan::IfAbsent::Install,
                };
                Ok(Step::Run(Box::new(upgrade(&plan, &past, self.annotations()).await?)))
            }
        }
    }

    async fn install_new(&self, past: Option<&Past>) -> Result<Step, Error> {
        let options = (&self.install, &self.look);
        let plan = install(&self.release, &self.chart, &self.inputs, options, past, self.annotations());
        Ok(Step::Run(Box::new(plan.await?)))
    }

    /// Puts back what drifted, and does the last steps of a run that died before them; writes nothing where there is
    /// nothing of either.
    async fn keep(
        &self,
        standing: Standing,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Outcome, Error> {
        let scope = Scope::new(cancel.clone());
        let (untidy, report) = {
            let record = &standing.last.record;
            // Boxed, as what follows, since the futures are large.
            let drift = Box::pin(async {
                let Some(rules) = self.rules_to_look_by(record) else { return Ok(None) };
                self.release.drift_of(record, rules).await.map(Some)
            });
            // A run that died before it had written anything left nothing but its lock.
            let looks = async { futures::try_join!(self.release.is_locked(&scope), drift) };
            let (locked, report) = scope.run(looks).await.map_err(|_| Error::CancelledEarly)??;
            (Box::pin(self.tidy(&standing, locked, cancel)).await?, report)
        };
        let record = standing.last.record;
        let (mut objects, mut warnings) = (Vec::new(), Vec::new());
        if let (Some(rules), Some(report)) = (&self.drift, report) {
            let mut applied = Vec::new();
            let mut contested = false;
            if !report.drifts.is_empty() {
                let fence = highest_fence(&self.release.ledger().revisions().await?);
                let corrected = self.release.correct_after(fence, &report.drifts, observer, cancel);
                let corrected = Box::pin(corrected).await?;
                if let Some((_, error)) = corrected.failed.into_iter().next() {
                    return Err(Error::cluster("could not put back what drifted")(error));
                }
                contested = !corrected.contested.is_empty();
                warnings.extend(corrected.contested.iter().map(ToString::to_string));
                (objects, applied) = (corrected.objects, corrected.applied);
            }
            // What is let be has to be looked at again.
            if let Some(watched) = self.release.target().watched().filter(|_| !contested) {
                watched.note(&self.release, record.revision, rules, report.seen, &applied);
            }
        }
        let change = if objects.is_empty() && !untidy { Change::Unchanged } else { Change::Corrected };
        Ok(Outcome { change, record, objects, warnings })
    }

    /// By which rules the objects of a record have to be looked at; `None` where drift does not matter, or where the
    /// objects are watched and nothing happened to them.
    fn rules_to_look_by(&self, record: &Record) -> Option<&DriftRules> {
        let rules = self.drift.as_ref()?;
        let watched = self.release.target().watched();
        let quiet = watched.is_some_and(|watched| watched.is_quiet(&self.release, record.revision, rules));
        (!quiet).then_some(rules)
    }

    /// Does the last steps of a run that died before them: the revision before is superseded, and the lock is given
    /// back. `false` where there was nothing to do, also where whoever has the lock is alive.
    async fn tidy(
        &self,
        standing: &Standing,
        locked: bool,
        cancel: &CancellationToken,
    ) -> Result<bool, Error> {
        if !locked && !is_untidy(standing) {
            return Ok(false);
        }
        match self.finish(&standing.last, cancel).await {
            Err(Error::Held { .. }) if !is_untidy(standing) => Ok(false),
            finished => finished.map(|()| true),
        }
    }

    async fn finish(&self, last: &Stored, cancel: &CancellationToken) -> Result<(), Error> {
        let release = &self.release;
        let caller = Scope::new(cancel.clone());
        let fence = highest_fence(&release.ledger().revisions().await?);
        run_locked(release, fence, &caller, async |hold, after| {
            let ledger = release.ledger().within(&hold.records);
            let revisions = ledger.revisions().await?;
            let newest = revisions.iter().rfind(|summary| summary.status != Status::Superseded);
            if newest.is_none_or(|newest| newest.version != last.version) {
                return Err(Error::Moved { what: format!("release {}", release.name()) });
            }
            ledger.supersede(last.record.revision).await?;
            *after = After::Settle(ledger.reopen(last.clone()));
            Ok(())
        })
        .await
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        [(CHART_DIGEST.to_owned(), self.chart.digest().to_string())].into()
    }

    /// Whether a revision was made from the same chart with the same values.
    ///
    /// Where the record's annotation is gone, because Helm wrote the record, what the record holds of the chart is
    /// compared.
    fn is_same(&self, stored: &Stored) -> Result<bool, Error> {
        if !same_map(&stored.record.config, self.inputs.values.data()) {
            return Ok(false);
        }
        if let Some(digest) = stored.annotations.get(CHART_DIGEST) {
            return Ok(*digest == self.chart.digest().to_string());
        }
        let processed = self.chart.process_dependencies(self.inputs.values.data())?;
        Ok(same_chart(&stored.record, &chart_data(&processed.chart)?))
    }
}

/// What has to be done.
enum Step {
    /// A plan is run.
    Run(Box<Plan>),
    /// The release is deployed as wanted: at most, drift is put back.
    Keep(Box<Standing>),
}

impl IntoFuture for Ensure {
    type Output = Result<Outcome, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Box::pin(self.run(&(), &CancellationToken::new())).await })
    }
}

/// Whether a record's chart has the same content; times of files do not count, and neither does the lock, which says
/// when it was made.
fn same_chart(record: &Record, chart: &Data) -> bool {
    let same = |key: &str| same_member(record.chart.get(key), chart.get(key), same_json);
    let files = |key: &str| same_member(record.chart.get(key), chart.get(key), same_files);
    same("metadata") && same("values") && same("schema") && files("templates") && files("files")
}

fn same_member(a: Option<&Data>, b: Option<&Data>, same: impl Fn(&Data, &Data) -> bool) -> bool {
    let absent = |data: Option<&Data>| {
        data.is_none_or(|data| match data {
            Data::Null => true,
            Data::List(list) => list.is_empty(),
            Data::Map(map) => map.is_empty(),
            _ => false,
        })
    };
    match (a, b) {
        (Some(a), Some(b)) if !absent(Some(a)) => same(a, b),
        (a, b) => absent(a) && absent(b),
    }
}

/// Files are the same in whatever order they stand: one chart's archive and its folder list them differently.
fn same_files(a: &Data, b: &Data) -> bool {
    let files = |data: &Data| -> Option<BTreeMap<String, String>> {
        let files = data.as_list()?.iter();
        files
            .map(|file| {
                Some((file.get("name")?.as_str()?.to_owned(), file.get("data")?.as_str()?.to_owned()))
            })
            .collect()
    };
    match (files(a), files(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}
