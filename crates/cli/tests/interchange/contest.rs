//! One chart, installed, upgraded, rolled back and uninstalled by each program.

use std::fmt;

use pintle_testkit::{Bed, Helm, Tenant};

use super::charts::Chart;
use super::snapshot::{Paths, Snapshot, objects, records};
use super::tools::{Ended, Merge, Tool};

/// The cluster and the programs.
pub(crate) struct Contest {
    tenant: Tenant,
    helm4: Tool,
    helm3: Tool,
    ours: Tool,
    ours_merging: Tool,
}

/// What came of one chart.
pub(crate) struct Verdict {
    chart: String,
    pub(crate) actions: usize,
    failing: usize,
    pub(crate) differences: Vec<String>,
}

/// A whole life of a release under one program.
struct Life {
    steps: Vec<(&'static str, Ended, Snapshot)>,
}

impl Contest {
    pub(crate) fn new() -> Self {
        // A tenant of its own: charts bring objects of the whole cluster, and webhooks.
        let tenant = Bed::shared().unwrap().tenant("interchange").unwrap();
        Self {
            helm4: Tool::helm(&Helm::v4().unwrap(), &tenant),
            helm3: Tool::helm(&Helm::v3().unwrap(), &tenant),
            ours: Tool::pintle(&tenant, Merge::Server),
            ours_merging: Tool::pintle(&tenant, Merge::Client),
            tenant,
        }
    }

    pub(crate) fn judge(&self, chart: &Chart) -> Verdict {
        let mut verdict =
            Verdict { chart: chart.name.clone(), actions: 0, failing: 0, differences: Vec::new() };
        let pairs = [("helm 4", &self.helm4, &self.ours), ("helm 3", &self.helm3, &self.ours_merging)];
        for (name, theirs, ours) in pairs {
            let theirs = self.live(chart, theirs);
            let ours = self.live(chart, ours);
            for ((action, their_end, theirs), (_, our_end, ours)) in theirs.steps.iter().zip(&ours.steps) {
                verdict.actions += 1;
                verdict.failing += usize::from(their_end.exit != 0);
                if their_end.exit != our_end.exit {
                    verdict.differences.push(format!(
                        "{name}, {action}: exit code {} and ours {}\n      {}\n      {}",
                        their_end.exit,
                        our_end.exit,
                        their_end.stderr.trim(),
                        our_end.stderr.trim()
                    ));
                    continue;
                }
                // The words of a failure are not compared, and Helm leaves half of its work undone.
                if their_end.exit == 0 {
                    for difference in theirs.differences(ours) {
                        verdict.differences.push(format!("{name}, {action}: {difference}"));
                    }
                }
            }
        }
        self.hand_over(chart, &mut verdict);
        verdict
    }

    fn live(&self, chart: &Chart, tool: &Tool) -> Life {
        let namespace = self.tenant.namespace("ix").unwrap();
        let path = chart.path.display().to_string();
        let upgrade: Vec<&str> = chart.upgrade.iter().map(String::as_str).collect();
        let calls: [(&str, Vec<&str>); 4] = [
            ("install", vec!["install", &chart.release, &path]),
            ("upgrade", [vec!["upgrade", &chart.release, &path], upgrade].concat()),
            ("rollback", vec!["rollback", &chart.release, "1"]),
            ("uninstall", vec!["uninstall", &chart.release]),
        ];
        let name = chart.release.as_str();
        let paths = Paths::new(&self.tenant);
        let mut steps = Vec::new();
        let mut made = Vec::new();
        for (action, mut call) in calls {
            call.extend(["--namespace", namespace.name(), "--timeout", "60s"]);
            let ended = tool.run(&call);
            for (record, _) in records(&self.tenant, name, namespace.name()) {
                made.extend(objects(&record));
            }
            steps.push((action, ended, Snapshot::take(&paths, name, namespace.name())));
        }
        // What stays on purpose would be in the way of the next program; the namespace goes by itself.
        for object in made {
            let path = paths.of(&object, namespace.name()).filter(|path| !path.contains("/namespaces/"));
            if let Some(path) = path
                && self.tenant.api().find(&path).unwrap().is_some()
            {
                self.tenant.api().delete(&path).unwrap();
            }
        }
        Life { steps }
    }

    /// Each program goes on with what the other left.
    fn hand_over(&self, chart: &Chart, verdict: &mut Verdict) {
        let namespace = self.tenant.namespace("ix").unwrap();
        let path = chart.path.display().to_string();
        let upgrade: Vec<&str> = chart.upgrade.iter().map(String::as_str).collect();
        let calls = [
            ("helm installs", &self.helm4, vec!["install", &chart.release, &path]),
            ("pintle upgrades", &self.ours, [vec!["upgrade", &chart.release, &path], upgrade].concat()),
            ("helm rolls back", &self.helm4, vec!["rollback", &chart.release, "1"]),
            ("pintle uninstalls", &self.ours, vec!["uninstall", &chart.release]),
        ];
        for (action, tool, mut call) in calls {
            call.extend(["--namespace", namespace.name(), "--timeout", "60s"]);
            let ended = tool.run(&call);
            verdict.actions += 1;
            // What Helm itself cannot do alone is not asked of the two together.
            if ended.exit != 0 {
                if verdict.failing == 0 {
                    verdict.differences.push(format!("together, {action}: {}", ended.stderr.trim()));
                }
                break;
            }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.differences.is_empty() { "equal" } else { "DIFFERENT" };
        write!(f, "{:<40} {state} ({} actions, {} failing)", self.chart, self.actions, self.failing)?;
        for difference in &self.differences {
            write!(f, "\n    {difference}")?;
        }
        Ok(())
    }
}
