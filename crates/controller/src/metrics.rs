//! What the controller counts, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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
            for (bound, count) in BUCKETS.iter().zip(histogram.buckets) {
                writeln!(out, "{name}_bucket{{kind=\"{kind}\",le=\"{bound}\"}} {count}")?;
            }
            writeln!(out, "{name}_bucket{{kind=\"{kind}\",le=\"+Inf\"}} {}", histogram.count)?;
            writeln!(out, "{name}_sum{{kind=\"{kind}\"}} {}", histogram.sum)?;
            writeln!(out, "{name}_count{{kind=\"{kind}\"}} {}", histogram.count)?;
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
        Ok(())
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
