//! The Lease that a lock is.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pintle_value::Data;

use crate::object::annotation;
use crate::{Gvk, ObjectRef, Placement, Resource};

/// What the names of the Leases begin with; the release's name follows.
const PREFIX: &str = "pintle.";

/// The annotation with the run that holds the lock: a holder's name survives its process, a run does not.
const RUN: &str = "pintle.io/run";

/// What a Lease says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lease {
    /// The object's resource version; empty for one that is to be written.
    pub(super) version: String,
    pub(super) holder: String,
    pub(super) run: String,
    /// How often the lock went from one to another.
    pub(super) fence: i64,
    pub(super) duration: Duration,
    pub(super) acquired: Timestamp,
    /// How long ago it was written, by the server's clock, where both ends are known. Whole seconds, one off at most.
    age: Option<SignedDuration>,
}

impl Lease {
    /// A Lease that is taken now.
    pub(super) fn held(holder: &str, run: &str, fence: i64, duration: Duration) -> Self {
        Self {
            version: String::new(),
            holder: holder.to_owned(),
            run: run.to_owned(),
            fence,
            duration,
            acquired: Timestamp::now(),
            age: None,
        }
    }

    /// What a live object says; `now` is the server's time.
    pub(super) fn of(live: &Data, now: Option<Timestamp>) -> Self {
        let spec = |name: &str| live.at(&["spec", name]);
        let text = |name: &str| spec(name).and_then(Data::as_str).unwrap_or_default();
        let number = |name: &str| spec(name).and_then(Data::as_i64).unwrap_or(0);
        Self {
            version: crate::apply::version(live).unwrap_or_default().to_owned(),
            holder: text("holderIdentity").to_owned(),
            run: annotation(live, RUN).unwrap_or_default().to_owned(),
            fence: number("leaseTransitions"),
            duration: Duration::from_secs(
                u64::try_from(number("leaseDurationSeconds")).unwrap_or(0).min(3600),
            ),
            acquired: text("acquireTime").parse().unwrap_or(Timestamp::UNIX_EPOCH),
            age: now.zip(written(live)).map(|(now, written)| now.duration_since(written)),
        }
    }

    /// Whether nobody renewed it for its whole duration. Both times are cut to a second, so an age of one second more
    /// is needed to be sure.
    pub(super) fn has_run_out(&self) -> bool {
        let Ok(duration) = SignedDuration::try_from(self.duration) else { return false };
        self.age.is_some_and(|age| age > duration)
    }

    /// The object to be written now; `expected` is the resource version that it takes the place of.
    pub(super) fn data(&self, reference: &ObjectRef, expected: Option<&str>) -> Data {
        let time = |time: Timestamp| Data::from(format!("{time:.6}"));
        let seconds = i64::try_from(self.duration.as_secs().max(1)).unwrap_or(i64::MAX);
        let spec: Data = [
            ("holderIdentity", Data::from(&self.holder)),
            ("leaseDurationSeconds", Data::from(seconds)),
            ("acquireTime", time(self.acquired)),
            ("renewTime", time(Timestamp::now())),
            ("leaseTransitions", Data::from(self.fence)),
        ]
        .into_iter()
        .collect();
        let mut metadata = vec![
            ("name", Data::from(&reference.name)),
            ("namespace", Data::from(reference.namespace.as_deref().unwrap_or_default())),
            ("annotations", [(RUN, Data::from(&self.run))].into_iter().collect()),
        ];
        metadata.extend(expected.map(|version| ("resourceVersion", Data::from(version))));
        [
            ("apiVersion", Data::from("coordination.k8s.io/v1")),
            ("kind", Data::from("Lease")),
            ("metadata", metadata.into_iter().collect()),
            ("spec", spec),
        ]
        .into_iter()
        .collect()
    }
}

/// When the object was written last, by the server's clock: each renewal changes a field, and so the time of its
/// manager's entry.
fn written(live: &Data) -> Option<Timestamp> {
    let entries = live.at(&["metadata", "managedFields"]).and_then(Data::as_list)?;
    entries.iter().filter_map(|entry| entry.get("time")?.as_str()?.parse().ok()).max()
}

/// The Lease of a release.
pub(super) fn reference(namespace: &str, release: &str) -> ObjectRef {
    ObjectRef::namespaced(resource().gvk, namespace, format!("{PREFIX}{release}"))
}

/// The kind is the same in every cluster: no discovery is needed.
pub(super) fn resource() -> Resource {
    Resource {
        gvk: Gvk::new("coordination.k8s.io", "v1", "Lease"),
        plural: "leases".to_owned(),
        singular: String::new(),
        placement: Placement::Namespaced,
        verbs: BTreeSet::new(),
        subresources: BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(written: &str, now: Option<&str>) -> Lease {
        let json = format!(
            r#"{{"metadata": {{"resourceVersion": "7", "managedFields": [{{"time": "{written}"}}]}},
                 "spec": {{"holderIdentity": "one", "leaseDurationSeconds": 13, "renewTime": "2001-01-01T00:00:00Z"}}}}"#
        );
        let now = now.map(|now| now.parse().unwrap());
        Lease::of(&serde_json::from_str(&json).unwrap(), now)
    }

    #[test]
    fn only_the_servers_clock_says_that_a_lease_has_run_out() {
        let written = "2026-11-26T12:00:00Z";
        assert!(!lease(written, None).has_run_out(), "the holder's own clock is years behind");
        assert!(!lease(written, Some("2026-11-26T12:00:13Z")).has_run_out(), "each time is cut to a second");
        assert!(lease(written, Some("2026-11-26T12:00:14Z")).has_run_out());
    }
}
