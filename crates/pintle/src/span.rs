//! The spans of [`tracing`] in which the engine works.
//!
//! Whole actions are spans of the level `info`, what they are made of of the level `debug`. None has a field that holds
//! values, manifests or what the cluster says: names and numbers alone.

use pintle_chart::Chart;
use pintle_cluster::ObjectRef;
use pintle_release::HookEvent;
use tracing::{Span, debug_span, info_span};

use crate::{Action, ObjectAction, ReleaseHandle};

/// An `ensure` as a whole: finding out, planning, running.
pub(crate) fn ensure(release: &ReleaseHandle) -> Span {
    let (name, namespace, cluster) = about(release);
    info_span!("ensure", release = name, namespace, cluster)
}

/// Finding out what an action will do.
pub(crate) fn plan(release: &ReleaseHandle, action: &'static str) -> Span {
    let (name, namespace, cluster) = about(release);
    info_span!("plan", action, release = name, namespace, cluster)
}

/// Doing what a plan says, under the release's lock.
pub(crate) fn run(release: &ReleaseHandle, action: Action, revision: u32) -> Span {
    let (name, namespace, cluster) = about(release);
    info_span!("run", %action, revision, release = name, namespace, cluster)
}

/// Running a release's tests.
pub(crate) fn test(release: &ReleaseHandle) -> Span {
    let (name, namespace, cluster) = about(release);
    info_span!("test", release = name, namespace, cluster)
}

/// Comparing a release's objects with the cluster.
pub(crate) fn drift(release: &ReleaseHandle) -> Span {
    let (name, namespace, cluster) = about(release);
    debug_span!("drift", release = name, namespace, cluster)
}

/// Putting drifted objects back.
pub(crate) fn correct(release: &ReleaseHandle, objects: usize) -> Span {
    let (name, namespace, cluster) = about(release);
    info_span!("correct", objects, release = name, namespace, cluster)
}

/// Rendering a chart.
pub(crate) fn render(chart: &Chart) -> Span {
    let metadata = chart.metadata();
    debug_span!("render", chart = metadata.name.as_str(), version = metadata.version.as_str())
}

/// Running one hook, from its creation until it has ended.
pub(crate) fn hook(at: HookEvent, path: &str) -> Span {
    info_span!("hook", event = at.as_str(), template = path)
}

/// Writing or deleting one object.
pub(crate) fn object(object: &ObjectRef, action: ObjectAction) -> Span {
    debug_span!("object", %object, %action)
}

/// Waiting for so many objects.
pub(crate) fn wait(goal: &'static str, objects: usize) -> Span {
    debug_span!("wait", goal, objects)
}

/// The names of release, namespace and cluster.
fn about(release: &ReleaseHandle) -> (&str, &str, &str) {
    (release.name(), release.namespace(), release.target().cluster().name())
}
