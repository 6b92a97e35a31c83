//! How plans are asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use pintle_chart::{Chart, Values};
use pintle_cluster::Detail;
use pintle_render::{NameResolver, PostRenderStrategy, PostRenderer};

use super::{PlanKey, Rendered, SealedPlan, Sealing};
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

/// The settings that several builders share, written once.
macro_rules! settings {
    ($builder:ident: $($setting:ident),* $(,)?) => {
        impl $builder {
            $(settings!(@ $setting);)*
        }
    };
    (@ run) => {
        /// How the action is run, all of it at once; what was set before is forgotten.
        pub fn options(mut self, options: RunOptions) -> Self {
            self.settings = options;
            self
        }

        /// How much the plan finds out. Default: what can be told without asking the server; with
        /// [`Detail::Fields`] the server is asked by a dry run of every object that is created or changed.
        pub fn detail(mut self, detail: Detail) -> Self {
            self.look.detail = detail;
            self
        }

        /// Texts that plan and failures must not show, beside the contents of Secrets. Default: none.
        pub fn sensitive(mut self, sensitive: Sensitive) -> Self {
            self.look.sensitive = sensitive;
            self
        }

        /// Whether hooks run. Default: they do.
        pub fn hooks(mut self, hooks: Hooks) -> Self {
            self.settings.hooks = hooks;
            self
        }

        /// How long each single wait may take. Default: 5 minutes.
        pub fn timeout(mut self, step: Duration) -> Self {
            self.settings.timeouts.step = step;
            self
        }

        /// How long the whole run may take, a rollback after its failure not included. Default: no bound.
        pub fn deadline(mut self, overall: Duration) -> Self {
            self.settings.timeouts.overall = Some(overall);
            self
        }

        /// How old a pending record that `helm` wrote must be before whoever wrote it is taken for dead. Default: 5
        /// minutes. A record of this engine needs no age: its lock tells.
        pub fn pending_timeout(mut self, age: Duration) -> Self {
            self.settings.pending_timeout = age;
            self
        }

        /// What is waited for. Default: hooks alone.
        pub fn wait(mut self, wait: Wait) -> Self {
            self.settings.wait = wait;
            self
        }

        /// What stands in the record when the run succeeded, instead of Helm's words.
        pub fn description(mut self, description: impl Into<String>) -> Self {
            self.settings.description = Some(description.into());
            self
        }
    };
    (@ revision) => {
        /// Who decides about fields that others manage. Default: the run fails and names them.
        pub fn conflicts(mut self, conflicts: Conflicts) -> Self {
            self.settings.conflicts = conflicts;
            self
        }

        /// What happens to objects whose fields would change though they cannot be changed. Default: the run fails.
        pub fn immutable(mut self, immutable: Immutable) -> Self {
            self.settings.immutable = immutable;
            self
        }

        /// Where changes are merged. Default: where the release's last changes were, for an install in the server.
        pub fn merging(mut self, merging: Merging) -> Self {
            self.settings.merging = merging;
            self
        }

        /// What happens to objects that exist, where the client merges. Default: they are changed.
        pub fn updates(mut self, updates: Updates) -> Self {
            self.settings.updates = updates;
            self
        }

        /// What happens to objects that a failed run created. Default: they stay.
        pub fn cleanup(mut self, cleanup: Cleanup) -> Self {
            self.settings.cleanup = cleanup;
            self
        }

        /// How many revisions are kept. Default: 10.
        pub fn history_limit(mut self, limit: HistoryLimit) -> Self {
            self.settings.history_limit = limit;
            self
        }
    };
    (@ chart) => {
        /// The user's values. Default: none. Where they are [`Values`], errors say which file or flag set them.
        pub fn values(mut self, values: impl Into<Values>) -> Self {
            self.inputs.values = values.into();
            self
        }

        /// Whether values are checked against the chart's schema. Default: they are.
        pub fn schema_validation(mut self, validation: SchemaValidation) -> Self {
            self.inputs.schema = validation;
            self
        }

        /// Whether the notes of subcharts are rendered. Default: they are not.
        pub fn subchart_notes(mut self, notes: SubchartNotes) -> Self {
            self.inputs.subchart_notes = notes;
            self
        }

        /// Takes what was rendered when a plan was sealed ([`Plan::seal_with`]) instead of rendering again. Chart and values
        /// have to be the same all the same.
        pub fn rendered(mut self, by: &SealedPlan, key: &PlanKey, sealing: &dyn Sealing) -> Result<Self, Error> {
            self.inputs.rendered = Some(by.open(key, sealing)?);
            Ok(self)
        }

        /// A program that changes what was rendered before it is planned, and how hooks go through it. Default: none.
        pub fn post_renderer(
            mut self,
            post_renderer: Arc<dyn PostRenderer>,
            strategy: PostRenderStrategy,
        ) -> Self {
            self.inputs.post_renderer = Some((post_renderer, strategy));
            self
        }

        /// Who answers `getHostByName` (`--enable-dns`). Default: nobody, and no name has an address.
        pub fn resolver(mut self, resolver: Arc<dyn NameResolver>) -> Self {
            self.inputs.resolver = Some(resolver);
            self
        }

        /// What happens when the run fails. Default: the release stays as it is, recorded as failed.
        pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
            self.settings.on_failure = on_failure;
            self
        }

        /// What happens to objects that exist and are not the release's. Default: the plan fails.
        pub fn ownership(mut self, ownership: Ownership) -> Self {
            self.settings.ownership = ownership;
            self
        }

        /// What happens to the objects in `crds/`. Default: an install creates missing ones, an upgrade leaves them.
        pub fn crds(mut self, crds: Crds) -> Self {
            self.settings.crds = crds;
            self
        }

        /// Labels of the stored record. An upgrade adds them to those of the last revision; an empty value takes one
        /// away.
        pub fn labels(mut self, labels: BTreeMap<String, String>) -> Self {
            self.settings.labels = labels;
            self
        }

        /// Whether the release's namespace is made when it is missing. Default: never.
        pub fn create_namespace(mut self, create: CreateNamespace) -> Self {
            self.settings.create_namespace = create;
            self
        }

        /// Whether the namespace of the records is made when it is missing. Default: never.
        pub fn create_storage_namespace(mut self, create: CreateNamespace) -> Self {
            self.settings.create_storage_namespace = create;
            self
        }
    };
}

settings!(PlanInstall: run, revision, chart);
settings!(PlanUpgrade: run, revision, chart);
settings!(PlanRollback: run, revision);
settings!(PlanUninstall: run);

impl PlanInstall {
    /// Whether the name of a release that was uninstalled with its history kept, or that failed, is used again.
    /// Default: it is not.
    pub fn name_reuse(mut self, reuse: NameReuse) -> Self {
        self.name_reuse = reuse;
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
    ($($builder:ident),*) => {$(
        impl IntoFuture for $builder {
            type Output = Result<Plan, Error>;
            type IntoFuture = BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.plan())
            }
        }
    )*};
}

awaitable!(PlanInstall, PlanUpgrade, PlanRollback, PlanUninstall);
