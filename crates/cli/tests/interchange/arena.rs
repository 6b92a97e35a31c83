//! A cluster in which programs take turns.

use std::sync::OnceLock;

use pintle_testkit::{Bed, Helm, Machinery, Tenant, TenantOptions};

use super::charts::{Chart, Needs};
use super::tools::{Merge, Tool};

/// A cluster and the programs that work on it.
pub(crate) struct Arena {
    pub(crate) tenant: Tenant,
    pub(crate) helm4: Tool,
    pub(crate) helm3: Tool,
    /// Pintle as Helm 4 works: the server merges.
    pub(crate) ours: Tool,
    /// Pintle as Helm 3 works: the client merges.
    pub(crate) ours_merging: Tool,
}

/// The clusters, each booted when the first chart needs it.
#[derive(Default)]
pub(crate) struct Arenas {
    still: OnceLock<Arena>,
    running: OnceLock<Arena>,
}

impl Arenas {
    /// The cluster that a chart is tried in: where nothing of it has to run, nothing runs beside the API server, so that
    /// nobody but the programs changes its objects.
    pub(crate) fn of(&self, chart: &Chart) -> &Arena {
        match chart.needs {
            Needs::Server => self.still.get_or_init(|| Arena::new("interchange-still", Machinery::Api)),
            Needs::Pods => self.running.get_or_init(|| Arena::new("interchange", Machinery::Pods)),
        }
    }
}

impl Arena {
    /// A tenant of its own: charts bring objects of the whole cluster, and webhooks.
    fn new(name: &str, machinery: Machinery) -> Self {
        let bed = Bed::shared().unwrap();
        let options = TenantOptions::new(name).machinery(machinery);
        let tenant = bed.find_tenant(&options).unwrap_or_else(|| bed.add_tenant(&options).unwrap());
        Self {
            helm4: Tool::helm(&Helm::v4().unwrap(), &tenant),
            helm3: Tool::helm(&Helm::v3().unwrap(), &tenant),
            ours: Tool::pintle(&tenant, Merge::Server),
            ours_merging: Tool::pintle(&tenant, Merge::Client),
            tenant,
        }
    }
}
