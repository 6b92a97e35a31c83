//! A Helm-compatible release engine: plan and run install, upgrade, rollback, uninstall and ensure.
//!
//! An [`Engine`] holds what all releases share, a [`Target`] is a cluster, by the caller's own [`kube::Client`], and a
//! [`ReleaseHandle`] is one release in it. Every action is first a [`Plan`], which writes nothing and can be printed,
//! and then run; [`ReleaseHandle::ensure`] is the one call that a reconciler makes. Records are Helm's: what this
//! engine deploys, `helm` lists, upgrades and rolls back, and the other way round.
//!
//! ```no_run
//! # async fn example(kube_client: pintle::kube::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use pintle::{CancellationToken, Engine, Wait, value::DataMap};
//!
//! let engine = Engine::new();
//! let chart = engine.repository("https://charts.jetstack.io")?.chart("cert-manager", ">=1.10, <1.11").await?;
//!
//! let tenant = engine.target(kube_client);
//! let release = tenant.release("tenant1-cert-manager").in_namespace("default");
//!
//! let values: DataMap = serde_json::from_str(r#"{"replicaCount": 2, "installCRDs": true}"#)?;
//! let plan = release.plan_upgrade(&chart).values(values.clone()).install_if_absent().wait(Wait::Ready).await?;
//! println!("{plan}"); // object by object; nothing was written yet
//! let outcome = plan.run(&(), &CancellationToken::new()).await?;
//! println!("revision {} is {}", outcome.record.revision, outcome.record.info.status);
//!
//! release.ensure(&chart).values(values).await?; // what a reconciler calls: no write when nothing changed
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//!
//! Every call gives an [`Error`] with a [`Class`]: try again, somebody else's change, the user's input, or fatal. A run
//! that changed the cluster and failed gives [`Error::Failed`], whose [`Failure`] names the object, the reason and
//! what the cluster says about it; the release's record says that it failed.
//!
//! # What is logged
//!
//! Work runs in spans of [`tracing`]: `ensure`, `plan`, `run`, `test`, `correct` and `hook` of the level `info`, `render`,
//! `object`, `wait`, `drift` and `request` of the level `debug`. The outer ones have the fields `release`, `namespace` and
//! `cluster` (the name that [`TargetBuilder::name`](cluster::TargetBuilder::name) was given; say the server's host where
//! there is no better one), the inner ones say which `object`, hook `template` or request `path`. Beside them every
//! [`Event`] of a run is logged. Values, manifests, the contents of Secrets and what containers print are in none of it.
//!
//! # Cancelling
//!
//! Cancelling the token stops a run at its next request and writes the final record within 5 seconds. Dropping the
//! future is a crash: the record stays pending, and the next `ensure` repairs it.

mod command_post_renderer;
mod drift;
mod engine;
mod ensure;
mod error;
mod event;
mod explainer;
mod failure;
mod ledger;
mod list;
mod measure;
mod options;
mod outcome;
mod plan;
mod readiness;
mod release_handle;
mod rendering;
mod run;
mod run_options;
mod sensitive;
mod shared_renders;
mod span;
mod target;
mod test_run;
mod values;
mod watched;

pub use command_post_renderer::CommandPostRenderer;
pub use drift::Corrected;
pub use engine::{Engine, EngineBuilder};
pub use ensure::Ensure;
pub use error::{Class, Error, Failed, Remedy, Unrendered};
pub use event::{Event, Events, Observer};
pub use failure::{Doing, Failure};
pub use list::{ListOptions, ListOrder};
pub use measure::{Ended, Measured, Measurement, Meter};
pub use options::{
    Cascade, Cleanup, Conflicts, Crds, CreateNamespace, History, HistoryLimit, Hooks, Immutable, Merging,
    NameReuse, OnFailure, Ownership, ReuseValues, SchemaValidation, Timeouts, Updates, Wait,
};
pub use outcome::{Change, Outcome};
pub use plan::{
    Action, ObjectAction, ObjectChange, Plan, PlanInstall, PlanKey, PlanReport, PlanRollback, PlanUninstall,
    PlanUpgrade, PlannedObject, SealedObject, SealedPlan, Sealing, Step, SubchartNotes,
};
pub use readiness::Readiness;
pub use release_handle::ReleaseHandle;
pub use rendering::computed_values;
pub use run_options::RunOptions;
pub use sensitive::Sensitive;
pub use target::Target;
pub use test_run::{TestFilter, TestRun, Tested};

pub use pintle_chart::Chart;
pub use pintle_cluster::{
    Contest, Detail, Drift, DriftKind, DriftReport, DriftRules, FieldChange, Patience, ReadinessRule,
    Status as ObjectStatus, StatusResult,
};

/// The Kubernetes client that this version works with.
pub use pintle_cluster::kube;
/// The token that cancels a run.
pub use tokio_util::sync::CancellationToken;

/// Charts, their values and archives.
pub use pintle_chart as chart;
/// Clusters: limits, discovery, objects, drift.
pub use pintle_cluster as cluster;
/// Expressions at the leaves of values, and conditions over objects.
#[cfg(feature = "expressions")]
pub use pintle_expressions as expressions;
/// Chart repositories.
#[cfg(feature = "http")]
pub use pintle_registry as registry;
/// Release records and where they are kept.
pub use pintle_release as release;
/// Rendering without a cluster.
pub use pintle_render as render;
/// Functions of a caller's own, for [`EngineBuilder::function`].
pub use pintle_template as template;
/// The values of charts, documents and records.
pub use pintle_value as value;
/// YAML as Helm reads and writes it.
pub use pintle_yaml as yaml;

#[cfg(test)]
mod sendable {
    use super::*;

    fn send_sync<T: Send + Sync>() {}
    fn send<T: Send>(_: &T) {}

    #[test]
    fn what_is_shared_between_threads_can_be() {
        send_sync::<Chart>();
        send_sync::<render::CompiledChart>();
        send_sync::<render::Rendered>();
        send_sync::<Plan>();
        send_sync::<Engine>();
        send_sync::<Target>();
        send_sync::<ReleaseHandle>();
        send_sync::<Outcome>();
        send_sync::<Event>();
        send_sync::<Error>();
        send_sync::<chart::ChartError>();
        send_sync::<cluster::Error>();
        send_sync::<cluster::WaitError>();
        send_sync::<release::StoreError>();
        send_sync::<release::codec::CodecError>();
        send_sync::<render::RenderError>();
        send_sync::<yaml::Error>();
        #[cfg(feature = "http")]
        send_sync::<registry::RegistryError>();
    }

    /// Never run: that it compiles is what it shows.
    #[expect(dead_code, reason = "only its types are of interest")]
    fn every_future_can_move_to_another_thread(release: &ReleaseHandle, chart: &Chart, plan: Plan) {
        let cancel = CancellationToken::new();
        send(&release.plan_install(chart).into_future());
        send(&release.plan_upgrade(chart).into_future());
        send(&release.plan_rollback().into_future());
        send(&release.plan_uninstall().into_future());
        send(&release.ensure(chart).into_future());
        send(&release.history());
        send(&release.status());
        send(&release.get(1));
        send(&release.target().list(&ListOptions::default()));
        send(&release.drift(&DriftRules::default()));
        send(&plan.run(&(), &cancel));
    }
}
