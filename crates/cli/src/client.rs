//! The cluster that the command line and the environment name.

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::arguments::GlobalFlags;
use crate::{Failure, connection};

/// A connection to the cluster, and the namespace to work in.
pub(crate) struct Cluster {
    /// The client; nothing has been asked yet.
    pub(crate) client: Client,
    /// What it is called in errors and spans: the kubeconfig's context, else `in-cluster`.
    pub(crate) name: String,
    /// `--namespace`, else the context's, else `default`.
    pub(crate) namespace: String,
}

impl Cluster {
    /// The cluster that the flags name.
    pub(crate) async fn of(flags: &GlobalFlags) -> Result<Self, Failure> {
        let (config, name) =
            config(flags).await.map_err(|failure| failure.within("kubernetes cluster unreachable"))?;
        let namespace = flags.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = connection::client(config)
            .map_err(|error| Failure::new(error.to_string()).within("kubernetes cluster unreachable"))?;
        Ok(Self { client, name, namespace })
    }
}

/// The namespace where no cluster is asked: `--namespace`, else that of the kubeconfig's context, else `default`.
pub(crate) fn offline_namespace(flags: &GlobalFlags) -> String {
    let of_context = || {
        let kubeconfig = kubeconfig(flags).ok()??;
        let name = flags.kube_context.as_ref().or(kubeconfig.current_context.as_ref())?;
        let context = kubeconfig.contexts.iter().find(|context| context.name == *name)?;
        context.context.as_ref()?.namespace.clone()
    };
    flags.namespace.clone().or_else(of_context).unwrap_or_else(|| "default".to_owned())
}

/// How the cluster is reached, and its name.
async fn config(flags: &GlobalFlags) -> Result<(Config, String), Failure> {
    let unusable = |error: kube::config::KubeconfigError| Failure::new(error.to_string());
    let options = KubeConfigOptions { context: flags.kube_context.clone(), ..KubeConfigOptions::default() };
    match kubeconfig(flags)? {
        Some(kubeconfig) => {
            let context = flags.kube_context.clone().or_else(|| kubeconfig.current_context.clone());
            let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(unusable)?;
            Ok((config, context.unwrap_or_default()))
        }
        None => Config::incluster().map(|config| (config, "in-cluster".to_owned())).map_err(|_| {
            Failure::new("there is no kubeconfig: give one with --kubeconfig or the variable KUBECONFIG")
        }),
    }
}

/// The kubeconfig by Helm's rules: the flag, else the files of `KUBECONFIG`, else `~/.kube/config` where it exists.
fn kubeconfig(flags: &GlobalFlags) -> Result<Option<Kubeconfig>, Failure> {
    let unusable = |error: kube::config::KubeconfigError| Failure::new(error.to_string());
    if let Some(path) = &flags.kubeconfig {
        std::fs::metadata(path).map_err(|error| {
            Failure::new(format!("stat {}: {}", path.display(), crate::source::reason(&error)))
        })?;
        return Kubeconfig::read_from(path).map(Some).map_err(unusable);
    }
    if let Some(files) = std::env::var_os("KUBECONFIG").filter(|files| !files.is_empty()) {
        let mut merged: Option<Kubeconfig> = None;
        // A file of the list that is not there is passed over (client-go: ClientConfigLoadingRules).
        for path in std::env::split_paths(&files).filter(|path| path.exists()) {
            let next = Kubeconfig::read_from(&path).map_err(unusable)?;
            merged = Some(match merged {
                Some(first) => first.merge(next).map_err(unusable)?,
                None => next,
            });
        }
        return Ok(merged);
    }
    let path = std::env::home_dir().map(|home| home.join(".kube").join("config"));
    match path.filter(|path| path.exists()) {
        Some(path) => Kubeconfig::read_from(path).map(Some).map_err(unusable),
        None => Ok(None),
    }
}
