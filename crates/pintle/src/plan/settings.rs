//! The settings that several builders share, written once.
//!
//! The groups: `run` is what every run can be told, `revision` what those that make a revision can, `inputs` what a chart
//! is rendered with, `chart` what else those that render one can be told, `look` and `sensitive` how closely a plan looks
//! and what it hides.

/// Gives a builder the setters of these groups.
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
    (@ look) => {
        /// How much the plan finds out. Default: what can be told without asking the server; with
        /// [`Detail::Fields`] the server is asked by a dry run of every object that is created or changed.
        pub fn detail(mut self, detail: Detail) -> Self {
            self.look.detail = detail;
            self
        }
    };
    (@ sensitive) => {
        /// Texts that plan and failures must not show, beside the contents of Secrets. Default: none.
        pub fn sensitive(mut self, sensitive: Sensitive) -> Self {
            self.look.sensitive = sensitive;
            self
        }
    };
    (@ inputs) => {
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
    };
    (@ chart) => {
        /// Takes what was rendered when a plan was sealed ([`Plan::seal_with`]) instead of rendering again. Chart and values
        /// have to be the same all the same.
        pub fn rendered(mut self, by: &SealedPlan, key: &PlanKey, sealing: &dyn Sealing) -> Result<Self, Error> {
            self.inputs.rendered = Some(by.open(key, sealing)?);
            Ok(self)
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

pub(crate) use settings;
