//! Kinds that a server should serve and does not tell of: in its first moments after a start, when it has read their CRDs
//! from its storage and not yet made resources of them, and while an extension API server is away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pintle_value::Data;
use serde::Deserialize;

use super::known::LONGEST_LAG;
use super::{Discovery, items, text};
use crate::path::UrlPath;
use crate::read::{Pages, Selection, found};
use crate::request::{Call, PARTIAL_LIST};
use crate::status::conditions::conditions;
use crate::throttle::backoff;
use crate::{Error, Gvk, Scope, Target, Verb};

/// How long such kinds are waited for. A server needs a second or two.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// Where CRDs are, known without discovery.
const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Why a kind that should be served is not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lag {
    /// The CRD of this name makes it and is established, and the API server does not tell of it yet.
    Crd(String),
    /// The API server does not reach the one that is registered for its group.
    Group,
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crd(name) => write!(f, "though its CRD {name} is established; try again"),
            Self::Group => f.write_str(
                "since the API server does not reach the one that is registered for its group; try again, or delete the \
                 APIService if that one is gone for good",
            ),
        }
    }
}

/// A CRD's name, `<plural>.<group>`.
#[derive(Deserialize)]
struct Named {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Target {
    /// Outwaits a server that does not tell of kinds that it should serve: their objects would be taken for ones whose API
    /// is gone. Gives the newest discovery, in which kinds that are still missing have no CRD and are of no group that is
    /// registered.
    ///
    /// Costs a list of the CRDs' names where a kind is missing, once for each discovery. Whoever may not list CRDs is told
    /// what the discovery says. Ends with [`Error::NotServed`] after half a minute.
    pub(super) async fn outwait_lag(
        &self,
        scope: &Scope,
        mut discovery: Arc<Discovery>,
        kinds: &[&Gvk],
    ) -> Result<Arc<Discovery>, Error> {
        let scope = scope.within(SERVED_WITHIN);
        let mut tries = 0;
        loop {
            let cache = &self.inner.discovery;
            let missing = |gvk: &&&Gvk| {
                // The API server takes no CRD of a group without a dot (`ValidateCustomResourceDefinition`).
                gvk.group.contains('.') && discovery.resource(gvk).is_none() && !cache.is_undefined(gvk)
            };
            let missing: Vec<&Gvk> = kinds.iter().filter(missing).copied().collect();
            let Some((gvk, lag)) = self.lagging(&scope, &discovery, &missing).await? else {
                cache.note_undefined(&discovery, missing);
                return Ok(discovery);
            };
            tries += 1;
            match scope.sleep(backoff(tries, LONGEST_LAG)).await {
                Ok(()) => discovery = self.refresh_discovery(&scope).await?,
                Err(Error::DeadlinePassed) => return Err(Error::NotServed { gvk: gvk.clone(), lag }),
                Err(error) => return Err(error),
            }
        }
    }

    /// The first of these kinds that the server should serve.
    async fn lagging<'a>(
        &self,
        scope: &Scope,
        discovery: &Discovery,
        missing: &[&'a Gvk],
    ) -> Result<Option<(&'a Gvk, Lag)>, Error> {
        if missing.is_empty() {
            return Ok(None);
        }
        if let Some(gvk) = missing.iter().find(|gvk| discovery.unreachable.contains(&gvk.group)) {
            return Ok(Some((gvk, Lag::Group)));
        }
        let call = Call::new(Verb::List, UrlPath::fixed(CRDS)).accept(PARTIAL_LIST);
        let names = match self.pages::<Named>(scope, &call, &Selection::all(), Pages::All).await {
            Ok(list) => list.items.into_iter().map(|crd| crd.metadata.name),
            Err(error) if error.is_forbidden() || error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        for name in names {
            let Some((_, group)) = name.split_once('.') else { continue };
            let of_group: Vec<&Gvk> = missing.iter().filter(|gvk| gvk.group == group).copied().collect();
            if of_group.is_empty() {
                continue;
            }
            let call = Call::new(Verb::Get, UrlPath::fixed(CRDS).segment(&name));
            let crd = match found(self.object(scope, &call).await) {
                Ok(crd) => crd,
                Err(error) if error.is_forbidden() => return Ok(None),
                Err(error) => return Err(error),
            };
            let lags = |gvk: &&&Gvk| crd.as_ref().is_some_and(|crd| is_due(crd, gvk, discovery));
            if let Some(gvk) = of_group.iter().find(lags) {
                return Ok(Some((gvk, Lag::Crd(name))));
            }
        }
        Ok(None)
    }
}

/// Whether a CRD makes a kind, in this version or another one, that is missing in what the server tells of.
fn is_due(crd: &Data, gvk: &Gvk, discovery: &Discovery) -> bool {
    let is_established =
        conditions(crd).any(|condition| condition.kind == "Established" && condition.is_true());
    // What is stored in one version is read in all of them.
    let mut served = items(crd.at(&["spec", "versions"]))
        .filter(|version| version.get("served").and_then(Data::as_bool) == Some(true))
        .map(|version| Gvk::new(&gvk.group, text(version.get("name")), &gvk.kind));
    is_established
        && !crate::is_terminating(crd)
        && text(crd.at(&["spec", "names", "kind"])) == gvk.kind
        && served.any(|version| discovery.resource(&version).is_none())
}
