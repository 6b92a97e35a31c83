//! Everything that a release is made from, or why it cannot be had.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt as _};
use pintle::cluster::DriftRules;
use pintle::registry::RegistryError;
use pintle::value::DataMap;
use pintle::{Chart, Sensitive};
use sha2::{Digest as _, Sha256};

use super::options::{Actions, drift_rules};
use super::{After, Blocked, Work, drift_mode, snapshot};
use crate::api::DriftMode;
use crate::conditions::Reason;
use crate::context::{CrossNamespace, Tenant};
use crate::key::{ObjectName, kubeconfig_location};
use crate::kubeconfig::{KubeconfigError, TenantKubeconfig};
use crate::naming::ReleaseName;
use crate::syntax::HelmSyntax;
use crate::tenant::ConnectError;
use crate::unsupported;
use crate::values::{ValuesError, compose, resolve, sensitive};

/// Everything that a release is made from.
pub(super) struct Inputs {
    pub(super) place: ReleaseName,
    pub(super) chart: Chart,
    pub(super) chart_name: String,
    pub(super) chart_version: String,
    pub(super) values: DataMap,
    /// What of them comes from Secrets.
    pub(super) sensitive: Sensitive,
    pub(super) config_digest: String,
    pub(super) tenant: Arc<Tenant>,
    pub(super) actions: Actions,
    pub(super) rules: DriftRules,
    pub(super) mode: DriftMode,
    /// Of all of it.
    pub(super) fingerprint: [u8; 32],
}

impl Inputs {
    pub(super) fn handle(&self) -> pintle::ReleaseHandle {
        handle(&self.tenant, &self.place)
    }
}

/// A release in its cluster.
pub(super) fn handle(tenant: &Tenant, place: &ReleaseName) -> pintle::ReleaseHandle {
    tenant.target.release(&place.name).in_namespace(&place.namespace).stored_in(&place.storage_namespace)
}

/// Why there is no way to a release's cluster.
pub(super) enum NoTenant {
    /// The Secret does not exist.
    NoSecret(KubeconfigError),
    /// The Secret could not be read.
    Unread(String),
    /// What it holds is of no use.
    Kubeconfig(KubeconfigError),
    /// No client could be made of it.
    Connect(String),
}

impl From<NoTenant> for Blocked {
    fn from(error: NoTenant) -> Self {
        let message = match error {
            NoTenant::NoSecret(error) | NoTenant::Kubeconfig(error) => error.to_string(),
            NoTenant::Unread(message) | NoTenant::Connect(message) => message,
        };
        Self::new(Reason::KubeConfigError, message)
    }
}

impl Work<'_> {
    pub(super) async fn inputs(&self) -> Result<Inputs, Blocked> {
        let spec = &self.release.spec;
        let fields = unsupported::in_release(spec);
        if !fields.is_empty() {
            return Err(Blocked::new(Reason::UnsupportedField, unsupported::message(&fields)).lasting());
        }
        let invalid = |message: String| Blocked::new(Reason::InvalidSpec, message).lasting();
        spec.interval.get().map_err(|error| invalid(format!("spec.interval: {error}")))?;
        let actions =
            Actions::of(spec).map_err(|error| invalid(format!("{}: {}", error.field, error.problem)))?;

        let (tenant, kubeconfig) = self.tenant().await?;
        let (chart, chart_name, chart_version) = self.chart().await?;
        let (values, sensitive) = self.values().await?;
        let config_digest = snapshot::of_values(&values);
        let place = ReleaseName::of(self.release);
        let rules = drift_rules(spec, &self.context.settings.scale_managers);
        let mode = drift_mode(self.release);

        let mut digest = Sha256::new();
        digest.update(kubeconfig);
        for part in [
            format!("{place:?}"),
            chart.digest().to_string(),
            config_digest.clone(),
            format!("{actions:?}"),
            format!("{rules:?} {mode:?}"),
        ] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let fingerprint = digest.finalize().into();
        Ok(Inputs {
            place,
            chart,
            chart_name,
            chart_version,
            values,
            sensitive,
            config_digest,
            tenant,
            actions,
            rules,
            mode,
            fingerprint,
        })
    }

    /// The release's cluster, and the digest of the way to it. Nothing is sent to the cluster.
    pub(super) async fn tenant(&self) -> Result<(Arc<Tenant>, [u8; 32]), NoTenant> {
        let context = self.context;
        let reference = self.release.spec.kube_config.as_ref().and_then(|config| config.secret_ref.as_ref());
        let (Some(reference), Some(location)) = (reference, kubeconfig_location(self.release)) else {
            return Ok((Arc::clone(&context.management), [0; 32]));
        };
        let secret = format!("{}/{}", location.namespace, location.name);
        let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &location.namespace);
        let found = secrets.get_opt(&location.name).await;
        let Some(found) = found.map_err(|error| {
            NoTenant::Unread(format!("the Secret {secret} of the kubeconfig could not be read: {error}"))
        })?
        else {
            context.tenants.forget(&location).await;
            return Err(NoTenant::NoSecret(KubeconfigError::NoSecret { secret }));
        };
        let kubeconfig = TenantKubeconfig::from_secret(&found, reference).map_err(NoTenant::Kubeconfig)?;
        let settings = &context.settings;
        let tenant = context
            .tenants
            .get(&location, &kubeconfig, |client| {
                let about = (kubeconfig.server(), settings.tenant_timeout);
                Tenant::new(&context.engine, client, about, &context.metrics)
            })
            .await
            .map_err(|error: ConnectError| {
                NoTenant::Connect(format!("the kubeconfig in the Secret {secret} cannot be used: {error}"))
            })?;
        Ok((tenant, kubeconfig.digest()))
    }

    async fn chart(&self) -> Result<(Chart, String, String), Blocked> {
        let context = self.context;
        let own = self.release.namespace().unwrap_or_default();
        let spec = self.release.spec.chart.as_ref().map(|chart| &chart.spec);
        let (Some(spec), Some(source)) = (spec, spec.and_then(|spec| spec.source_ref.as_ref())) else {
            let message = "spec.chart.spec.sourceRef is needed".to_owned();
            return Err(Blocked::new(Reason::InvalidSpec, message).lasting());
        };
        let namespace = source.namespace.clone().filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or_else(|| own.clone());
        if namespace != own && context.settings.cross_namespace == CrossNamespace::Refused {
            let message = format!(
                "spec.chart.spec.sourceRef names the namespace {namespace}; the controller was started with \
                 --no-cross-namespace-refs"
            );
            return Err(Blocked::new(Reason::AccessDenied, message).lasting());
        }
        let name = ObjectName::new(namespace, &source.name);
        // Whoever waits for a repository is woken up when it changes.
        let not_ready = |why: String| Blocked::new(Reason::SourceNotReady, why).after(After::Interval);
        let Some(repository) = context.repository(&name) else {
            return Err(not_ready(format!("there is no HelmRepository {name}; waiting for it")));
        };
        let reading = context.reading(&name);
        let index = reading
            .index(&repository)
            .map_err(|why| not_ready(format!("the HelmRepository {name} is not ready: {why}")))?;
        let wanted = spec.chart.clone().unwrap_or_default();
        let version = spec.version.clone().unwrap_or_default();
        let refused = |error: &RegistryError| {
            let after = match error.class() {
                pintle::registry::Class::Retry => After::Pause,
                // A new index wakes it up.
                _ => After::Interval,
            };
            Blocked::new(Reason::ArtifactFailed, error.to_string()).after(after)
        };
        let source = &index.source;
        let found = source.repository().choose(&index.fetched.index, &wanted, &version);
        let found = found.map_err(|error| refused(&error))?;
        let chart = context.sources.chart(source, &found).await.map_err(|error| refused(&error))?;
        Ok((chart, found.name, found.version))
    }

    async fn values(&self) -> Result<(DataMap, Sensitive), Blocked> {
        let spec = &self.release.spec;
        let namespace = self.release.namespace().unwrap_or_default();
        let blocked = |error: ValuesError| {
            let message = match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            let after = match error {
                ValuesError::Read { .. } => After::Pause,
                ValuesError::NotATable => After::Change,
                // Watched.
                _ => After::Interval,
            };
            Blocked::new(Reason::ValuesError, message).after(after)
        };
        let resolved = resolve(&self.context.client, &namespace, &spec.values_from).await.map_err(blocked)?;
        let values = compose(spec.values.as_ref(), &resolved, &HelmSyntax).map_err(blocked)?;
        Ok((values, sensitive(&resolved, &HelmSyntax)))
    }
}
