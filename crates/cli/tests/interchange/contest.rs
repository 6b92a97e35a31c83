//! One chart, installed, upgraded, rolled back and uninstalled by each program.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use pintle::cluster::ObjectRef;
use serde_json::json;

use super::arena::{Arena, Arenas};
use super::charts::Chart;
use super::record::Peer;
use super::snapshot::{Left, Paths, Snapshot};
use super::tools::{Ended, Tool};

/// What is done with a release, one after the other.
const ACTIONS: [&str; 4] = ["install", "upgrade", "rollback", "uninstall"];

/// How long what is deleted may take to go by itself, and then without what holds it up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of one chart.
pub(crate) struct Verdict {
    chart: String,
    /// How many actions were compared with Helm's.
    pub(crate) actions: usize,
    /// How many of them fail with Helm, too.
    pub(crate) failing: usize,
    /// How many fail with Helm alone, since it does not wait for what is going away.
    pub(crate) outwaited: usize,
    /// Whether the chart is not compared with Helm 3, which renders it otherwise than Helm 4, or not at all.
    pub(crate) of_helm4: bool,
    /// Each difference once, with the actions after which it was seen.
    pub(crate) differences: BTreeMap<String, Vec<String>>,
}

/// A whole life of a release: how each action ended, and what there was after it.
struct Life([(Ended, Snapshot); ACTIONS.len()]);

/// Installs, upgrades, rolls back and uninstalls a chart with each program alone and with two of them by turns, and
/// compares what is there after each action with what Helm alone leaves.
pub(crate) fn judge(arenas: &Arenas, chart: &Chart) -> Verdict {
    let arena = arenas.of(chart);
    let Arena { helm4, helm3, ours, ours_merging, .. } = arena;
    let mut verdict = Verdict {
        chart: chart.name.clone(),
        actions: 0,
        failing: 0,
        outwaited: 0,
        of_helm4: false,
        differences: BTreeMap::new(),
    };
    // One namespace for all: charts write down the name of theirs.
    let namespace = arena.tenant.namespace("ix").unwrap();
    let live = |peer, programs| live(arena, (chart, namespace.name()), peer, programs);
    let alone = live(Peer::Helm4, [helm4; 4]);
    for (lives, programs) in [
        ("pintle", [ours; 4]),
        ("helm 4, then pintle by turns", [helm4, ours, helm4, ours]),
        ("pintle, then helm 4 by turns", [ours, helm4, ours, helm4]),
    ] {
        verdict.compare(lives, &alone, &live(Peer::Helm4, programs));
    }
    let of_helm3 = live(Peer::Helm3, [helm3; 4]);
    if !alone.renders_as(&of_helm3) {
        verdict.of_helm4 = true;
        return verdict;
    }
    let alone = of_helm3;
    for (lives, programs) in [
        ("pintle as helm 3", [ours_merging; 4]),
        // What Helm 3 began is gone on with as it was begun, without being told.
        ("helm 3, then pintle by turns", [helm3, ours, helm3, ours]),
    ] {
        verdict.compare(lives, &alone, &live(Peer::Helm3, programs));
    }
    verdict
}

/// One life, with one program for each action; nothing is left of it.
fn live(
    arena: &Arena,
    (chart, namespace): (&Chart, &str),
    peer: Peer,
    programs: [&Tool; ACTIONS.len()],
) -> Life {
    let path = chart.path.display().to_string();
    let paths = Paths::new(&arena.tenant);
    let mut made = Vec::new();
    let mut programs = programs.into_iter();
    let life = ACTIONS.map(|action| {
        let mut call = vec![action, chart.release.as_str()];
        match action {
            "install" => call.push(&path),
            "upgrade" => {
                call.push(&path);
                call.extend(chart.upgrade.iter().map(String::as_str));
            }
            "rollback" => call.push("1"),
            _ => {}
        }
        call.extend(["--namespace", namespace, "--timeout", "120s"]);
        let ended = programs.next().unwrap().run(&call);
        (ended, Snapshot::take(&paths, (&chart.release, namespace), peer, &mut made))
    });
    clear(&paths, (&chart.release, namespace), &made);
    Life(life)
}

/// Takes away what stays on purpose or after a failure: it would be in the way of the next program.
fn clear(paths: &Paths<'_>, (name, namespace): (&str, &str), made: &[ObjectRef]) {
    let api = paths.tenant.api();
    let objects = made.iter().filter_map(|object| paths.of(object, namespace));
    let left: Vec<String> = objects.filter(|path| api.find(path).unwrap().is_some()).collect();
    let selector = format!("labelSelector=owner%3Dhelm,name%3D{name}");
    let records = format!("/api/v1/namespaces/{namespace}/secrets");
    let records = named(&api.get(&format!("{records}?{selector}")).unwrap(), &records);
    let leases = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
    let leases = named(&api.get(&leases).unwrap(), &leases);
    let all: Vec<String> = left.into_iter().chain(records).chain(leases).collect();
    for path in &all {
        // A finalizer may wait for a controller that does not run.
        let _ = api.merge(path, &json!({"metadata": {"finalizers": null}}));
        api.delete(&format!("{path}?gracePeriodSeconds=0")).unwrap();
    }
    let gone = |path| api.wait_until(path, "what a release left going away", PATIENCE, |live| live.is_none());
    for path in &all {
        if gone(path).is_err() {
            // The objects of a CRD whose conversion is a webhook cannot be read, so that it is never cleaned up.
            let _ = api.merge(path, &json!({"metadata": {"finalizers": null}}));
            gone(path).unwrap();
        }
    }
}

/// The paths of the objects of a list.
fn named(list: &serde_json::Value, collection: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| format!("{collection}/{}", item["metadata"]["name"].as_str().unwrap())).collect()
}

impl Life {
    fn renders_as(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|((_, a), (_, b))| a.renderings == b.renderings)
    }
}

impl Verdict {
    fn compare(&mut self, lives: &str, theirs: &Life, ours: &Life) {
        // What a failed action of Helm's created is forgotten there, and deleted here by the next one.
        let mut failed = false;
        for (action, ((their_end, theirs), (our_end, ours))) in
            ACTIONS.iter().zip(theirs.0.iter().zip(&ours.0))
        {
            self.actions += 1;
            let mut found = Vec::new();
            if is_outwaited(their_end, our_end) {
                self.outwaited += 1;
                failed = true;
                continue;
            }
            self.failing += usize::from(their_end.exit != 0);
            if their_end.exit != our_end.exit {
                found.push(format!(
                    "exit code {} and ours {}\n      {}\n      {}",
                    their_end.exit,
                    our_end.exit,
                    their_end.stderr.trim(),
                    our_end.stderr.trim()
                ));
            } else if their_end.exit == 0 {
                // Helm leaves half of the work undone where it fails.
                found = theirs.differences(ours, if failed { Left::IsForgotten } else { Left::IsMissed });
            }
            failed |= their_end.exit != 0;
            for difference in found {
                self.differences.entry(difference).or_default().push(format!("{lives}: {action}"));
            }
        }
    }
}

/// Whether Helm failed since something of the release was still going away, which is waited for here (COMPATIBILITY.md,
/// "An object that is being deleted is awaited").
fn is_outwaited(theirs: &Ended, ours: &Ended) -> bool {
    theirs.exit != 0 && ours.exit == 0 && theirs.stderr.contains("because it is being terminated")
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.differences.is_empty() { "equal" } else { "DIFFERENT" };
        let scope = if self.of_helm4 { ", helm 3 renders it otherwise" } else { "" };
        write!(f, "{:<40} {state} ({} actions, {} failing", self.chart, self.actions, self.failing)?;
        if self.outwaited > 0 {
            write!(f, ", {} with helm alone", self.outwaited)?;
        }
        write!(f, "{scope})")?;
        for (difference, seen) in &self.differences {
            write!(f, "\n    {}\n    {difference}", seen.join("; "))?;
        }
        Ok(())
    }
}
