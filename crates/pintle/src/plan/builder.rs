//! How plans are asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use pintle_chart::{Chart, Values};
use pintle_cluster::Detail;
use pintle_render::{NameResolver, Operation, PostRenderStrategy, PostRenderer};

use super::{PlanKey, Rendered, SealedPlan, Sealing, settings};
use crate::{
    Cascade, Cleanup, Conflicts, Crds, CreateNamespace, Error, History, HistoryLimit, Hooks, Immutable,
    Merging, NameReuse, OnFailure, Ownership, Plan, ReleaseHandle, ReuseValues, RunOptions, SchemaValidation,
    Sensitive, Updates, Wait,
};

/// A plan for an install, before it is made: await it to make it.
#[derive(Clone, Debug)]
#[must_use = "awaiting it makes the plan"]
pub struct PlanInstall {
    pub(crate) release: ReleaseHandle,
    pub(crate) chart: Chart,
    pub(crate) inputs: Inputs,
    pub(crate) settings: RunOptions,
    pub(crate) look: Look,
    pub(crate) name_reuse: NameReuse,
}

/// A plan for an upgrade, before it is made: await it to make it.
#[derive(Clone, Debug)]
#[must_use = "awaiting it makes the plan"]
pub struct PlanUpgrade {
    pub(crate) release: ReleaseHandle,
    pub(crate) chart: Chart,
    pub(crate) inputs: Inputs,
    pub(crate) settings: RunOptions,
    pub(crate) look: Look,
    pub(crate) reuse: ReuseValues,
    pub(crate) absent: IfAbsent,
}

/// A plan for a rollback, before it is made: await it to make it.
#[derive(Clone, Debug)]
#[must_use = "awaiting it makes the plan"]
pub struct PlanRollback {
    pub(crate) release: ReleaseHandle,
    pub(crate) to: Option<u32>,
    pub(crate) settings: RunOptions,
    pub(crate) look: Look,
}

/// A plan for an uninstall, before it is made: await it to make it.
#[derive(Clone, Debug)]
#[must_use = "awaiting it makes the plan"]
pub struct PlanUninstall {
    pub(crate) release: ReleaseHandle,
    pub(crate) settings: RunOptions,
    pub(crate) look: Look,
    pub(crate) cascade: Cascade,
    pub(crate) history: History,
}

/// What a chart is rendered with.
#[derive(Clone, Default)]
pub(crate) struct Inputs {
    pub(crate) values: Values,
    pub(crate) post_renderer: Option<(Arc<dyn PostRenderer>, PostRenderStrategy)>,
    pub(crate) resolver: Option<Arc<dyn NameResolver>>,
    /// What templates are told that goes on; `None` for what does.
    pub(crate) operation: Option<Operation>,
    pub(crate) schema: SchemaValidation,
    pub(crate) subchart_notes: SubchartNotes,
    /// What is taken instead of a rendering.
    pub(crate) rendered: Option<Rendered>,
}

/// How closely a plan looks, and what it hides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub(crate) detail: Detail,
    pub(crate) sensitive: Sensitive,
}

impl fmt::Debug for Inputs {
    /// Leaves out the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("schema", &self.schema)
            .field("subchart_notes", &self.subchart_notes)
            .finish_non_exhaustive()
    }
}

/// Whether the notes of subcharts are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubchartNotes {
    /// Only the chart's own are.
    #[default]
    Leave,
    /// They are (`--render-subchart-notes`).
    Render,
}

/// What an upgrade does when there is no release of that name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IfAbsent {
    #[default]
    Fail,
    Install,
}

impl ReleaseHandle {
    /// Plans to install a chart.
    pub fn plan_install(&self, chart: &Chart) -> PlanInstall {
        PlanInstall {
            release: self.clone(),
            chart: chart.clone(),
            inputs: Inputs::default(),
            settings: RunOptions::new(Crds::Create),
            look: Look::default(),
            name_reuse: NameReuse::default(),
        }
    }

    /// Plans to bring the release to another version of its chart, or to other values.
    pub fn plan_upgrade(&self, chart: &Chart) -> PlanUpgrade {
        PlanUpgrade {
            release: self.clone(),
            chart: chart.clone(),
            inputs: Inputs::default(),
            settings: RunOptions::new(Crds::Skip),
            look: Look::default(),
            reuse: ReuseValues::default(),
            absent: IfAbsent::default(),
        }
    }

    /// Plans to bring the release back to an earlier revision: to the one before the newest, unless
    /// [`PlanRollback::to`] says another.
    pub fn plan_rollback(&self) -> PlanRollback {
        PlanRollback {
            release: self.clone(),
            to: None,
            settings: RunOptions::new(Crds::Skip),
            look: Look::default(),
        }
    }

    /// Plans to uninstall the release.
    pub fn plan_uninstall(&self) -> PlanUninstall {
        PlanUninstall {
            release: self.clone(),
            settings: RunOptions::new(Crds::Skip),
            look: Look::default(),
            cascade: Cascade::default(),
            history: History::default(),
        }
    }
}

settings!(PlanInstall: run, look, sensitive, revision, inputs, chart);
settings!(PlanUpgrade: run, look, sensitive, revision, inputs, chart);
settings!(PlanRollback: run, look, sensitive, revision);
settings!(PlanUninstall: run, look, sensitive);

impl PlanInstall {
    /// Whether the name of a release that was uninstalled with its history kept, or that failed, is used again.
    /// Default: it is not.
    pub fn name_reuse(mut self, reuse: NameReuse) -> Self {
        self.name_reuse = reuse;
        self
    }

    /// What `.Release.IsInstall` and `.Release.IsUpgrade` say, for a plan that is read and never run
    /// (`helm template --is-upgrade`). Default: an install.
    pub fn operation(mut self, operation: Operation) -> Self {
        self.inputs.operation = Some(operation);
        self
    }
}

impl PlanUpgrade {
    /// What the last revision's values mean for the new one. Default: they are taken when none are given.
    pub fn reuse_values(mut self, reuse: ReuseValues) -> Self {
        self.reuse = reuse;
        self
    }

    /// Installs the release where there is none of that name, or only one that was uninstalled
    /// (`helm upgrade --install`).
    pub fn install_if_absent(mut self) -> Self {
        self.absent = IfAbsent::Install;
        self
    }
}

impl PlanRollback {
    /// The revision to go back to. Default: the one before the newest.
    pub fn to(mut self, revision: u32) -> Self {
        self.to = Some(revision);
        self
    }
}

impl PlanUninstall {
    /// What becomes of the dependents of deleted objects. Default: they are collected afterwards.
    pub fn cascade(mut self, cascade: Cascade) -> Self {
        self.cascade = cascade;
        self
    }

    /// Whether the records are kept. Default: they are deleted.
    pub fn history(mut self, history: History) -> Self {
        self.history = history;
        self
    }
}

macro_rules! awaitable {
    ($($builder:ident: $action:literal),*) => {$(
        impl IntoFuture for $builder {
            type Output = Result<Plan, Error>;
            type IntoFuture = BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                let release = self.release.clone();
                Box::pin(async move { release.planning($action, self.plan()).await })
            }
        }
    )*};
}

awaitable!(
    PlanInstall: "install", PlanUpgrade: "upgrade", PlanRollback: "rollback", PlanUninstall: "uninstall"
);
