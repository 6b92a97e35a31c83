//! What the controller counts, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pintle::cluster::{RequestObserver, Sent};
use pintle::{Ended, Measured, Measurement, Meter};

/// Upper bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 10] = [0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Counts of one process. Clones are not needed: it is shared behind an `Arc`.
///
/// ```
/// use pintle_controller::metrics::{Metrics, Result};
/// use std::time::Duration;
///
/// let metrics = Metrics::default();
/// metrics.reconciled("HelmRelease", Result::Success, Duration::from_millis(70));
/// let line = "pintle_reconciliations_total{kind=\"HelmRelease\",result=\"success\"} 1\n";
/// assert!(metrics.to_string().contains(line));
/// ```
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<Counts>,
}

/// How a reconciliation ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Result {
    /// All is as declared.
    Success,
    /// It is not, and why is in the object's status.
    Failure,
}

#[derive(Debug, Default)]
struct Counts {
    reconciliations: BTreeMap<(&'static str, Result), u64>,
    durations: BTreeMap<&'static str, Histogram>,
    ready: BTreeMap<(&'static str, bool), u64>,
    corrections: BTreeMap<Result, u64>,
    contests: u64,
    actions: BTreeMap<(&'static str, Result), u64>,
    action_durations: BTreeMap<&'static str, Histogram>,
    plans: Histogram,
    renders: Histogram,
    shared_renders: u64,
    objects: BTreeMap<String, u64>,
    requests: BTreeMap<(String, Option<u16>), u64>,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    /// A reconciliation of an object of `kind` has ended.
    pub fn reconciled(&self, kind: &'static str, result: Result, took: Duration) {
        self.with(|counts| {
            *counts.reconciliations.entry((kind, result)).or_default() += 1;
            counts.durations.entry(kind).or_default().add(took.as_secs_f64());
        });
    }

    /// So many objects of `kind` are ready now, and so many are not.
    pub fn ready(&self, kind: &'static str, ready: u64, not_ready: u64) {
        self.with(|counts| {
            counts.ready.insert((kind, true), ready);
            counts.ready.insert((kind, false), not_ready);
        });
    }

    /// An object that differed from its release was put back, or could not be.
    pub fn corrected(&self, result: Result) {
        self.with(|counts| *counts.corrections.entry(result).or_default() += 1);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        // Counting does not panic half way, so that a poisoned lock still guards whole counts.
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Meter for Metrics {
    fn measured(&self, measured: &Measured<'_>) {
        self.with(|counts| match measured.what {
            Measurement::Rendered { took } => counts.renders.add(took.as_secs_f64()),
            Measurement::RenderShared => counts.shared_renders += 1,
            Measurement::Planned { took, .. } => counts.plans.add(took.as_secs_f64()),
            Measurement::Ran { action, took, ended } => {
                let action = word(action);
                *counts.actions.entry((action, ended.into())).or_default() += 1;
                counts.action_durations.entry(action).or_default().add(took.as_secs_f64());
            }
            Measurement::Object { action } => *counts.objects.entry(action.to_string()).or_default() += 1,
            Measurement::Contested => counts.contests += 1,
            _ => {}
        });
    }
}

impl RequestObserver for Metrics {
    fn sent(&self, request: &Sent<'_>) {
        let key = (request.verb.to_string(), request.code);
        self.with(|counts| *counts.requests.entry(key).or_default() += 1);
    }
}

impl From<Ended> for Result {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::Success,
            _ => Self::Failure,
        }
    }
}

/// What an action is called, without the revision that a rollback goes to.
fn word(action: pintle::Action) -> &'static str {
    match action {
        pintle::Action::Install => "install",
        pintle::Action::Upgrade => "upgrade",
        pintle::Action::Rollback(_) => "rollback",
        pintle::Action::Uninstall => "uninstall",
        _ => "other",
    }
}

impl Result {
    fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

impl Histogram {
    fn add(&mut self, seconds: f64) {
        for (bucket, bound) in self.buckets.iter_mut().zip(BUCKETS) {
            if seconds <= bound {
                *bucket += 1;
            }
        }
        self.count += 1;
        self.sum += seconds;
    }

    /// Writes its lines; `labels` are those beside the bucket's.
    fn write(&self, out: &mut String, name: &str, labels: &str) -> std::fmt::Result {
        let with = |more: &str| match (labels.is_empty(), more.is_empty()) {
            (true, true) => String::new(),
            (true, false) => format!("{{{more}}}"),
            (false, true) => format!("{{{labels}}}"),
            (false, false) => format!("{{{labels},{more}}}"),
        };
        for (bound, count) in BUCKETS.iter().zip(self.buckets) {
            writeln!(out, "{name}_bucket{} {count}", with(&format!("le=\"{bound}\"")))?;
        }
        writeln!(out, "{name}_bucket{} {}", with("le=\"+Inf\""), self.count)?;
        writeln!(out, "{name}_sum{} {}", with(""), self.sum)?;
        writeln!(out, "{name}_count{} {}", with(""), self.count)
    }
}

impl std::fmt::Display for Metrics {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        self.with(|counts| counts.write(&mut text))?;
        out.write_str(&text)
    }
}

impl Counts {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let name = "pintle_reconciliations_total";
        head(out, name, "counter", "Reconciliations that have ended.")?;
        for ((kind, result), count) in &self.reconciliations {
            writeln!(out, "{name}{{kind=\"{kind}\",result=\"{}\"}} {count}", result.label())?;
        }
        let name = "pintle_reconciliation_duration_seconds";
        head(out, name, "histogram", "How long reconciliations took.")?;
        for (kind, histogram) in &self.durations {
            histogram.write(out, name, &format!("kind=\"{kind}\""))?;
        }
        let name = "pintle_objects";
        head(out, name, "gauge", "Objects, by whether they are ready.")?;
        for ((kind, ready), count) in &self.ready {
            writeln!(out, "{name}{{kind=\"{kind}\",ready=\"{ready}\"}} {count}")?;
        }
        let name = "pintle_drift_corrections_total";
        head(
            out,
            name,
            "counter",
            "Objects that differed from their release and were put back, or could not be.",
        )?;
        for (result, count) in &self.corrections {
            writeln!(out, "{name}{{result=\"{}\"}} {count}", result.label())?;
        }
        self.write_engine(out)
    }
}

impl Counts {
    /// What the engine did.
    fn write_engine(&self, out: &mut String) -> std::fmt::Result {
        let name = "pintle_drift_contests_total";
        head(out, name, "counter", "Looks at objects that somebody fights over and that were let be.")?;
        writeln!(out, "{name} {}", self.contests)?;
        let name = "pintle_actions_total";
        head(out, name, "counter", "Installs, upgrades, rollbacks and uninstalls that have ended.")?;
        for ((action, result), count) in &self.actions {
            writeln!(out, "{name}{{action=\"{action}\",result=\"{}\"}} {count}", result.label())?;
        }
        let name = "pintle_action_duration_seconds";
        head(out, name, "histogram", "How long actions took, waiting included.")?;
        for (action, histogram) in &self.action_durations {
            histogram.write(out, name, &format!("action=\"{action}\""))?;
        }
        let name = "pintle_plan_duration_seconds";
        head(out, name, "histogram", "How long it took to find out what has to be done.")?;
        self.plans.write(out, name, "")?;
        let name = "pintle_render_duration_seconds";
        head(out, name, "histogram", "How long charts took to render.")?;
        self.renders.write(out, name, "")?;
        let name = "pintle_renders_shared_total";
        head(
            out,
            name,
            "counter",
            "Renderings that were taken over from another release with the same inputs.",
        )?;
        writeln!(out, "{name} {}", self.shared_renders)?;
        let name = "pintle_objects_handled_total";
        head(out, name, "counter", "Objects of releases, by what was done to them.")?;
        for (action, count) in &self.objects {
            writeln!(out, "{name}{{action=\"{action}\"}} {count}")?;
        }
        let name = "pintle_requests_total";
        head(out, name, "counter", "Requests to the clusters of releases, by the status that was answered.")?;
        for ((verb, code), count) in &self.requests {
            let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
            writeln!(out, "{name}{{verb=\"{verb}\",code=\"{code}\"}} {count}")?;
        }
        Ok(())
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
