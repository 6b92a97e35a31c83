//! The repositories that were added with `helm repo add`.

use std::path::PathBuf;

use serde::Deserialize;

use crate::Failure;
use crate::arguments::GlobalFlags;

/// A repository that has a name on this machine (Helm: `pkg/repo/v1/chartrepo.go`, `Entry`).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    #[serde(rename = "certFile")]
    pub(crate) cert_file: Option<PathBuf>,
    #[serde(rename = "keyFile")]
    pub(crate) key_file: Option<PathBuf>,
    #[serde(rename = "caFile")]
    pub(crate) ca_file: Option<PathBuf>,
    #[serde(rename = "pass_credentials_all")]
    pub(crate) pass_credentials: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    repositories: Option<Vec<Known>>,
}

/// The repository of this name.
pub(crate) fn find(name: &str, flags: &GlobalFlags) -> Result<Known, Failure> {
    let unknown = || Failure::new(format!("repo {name} not found"));
    let path = flags.repository_config.clone().or_else(default_path).ok_or_else(unknown)?;
    let Ok(bytes) = std::fs::read(&path) else { return Err(unknown()) };
    let file: File = pintle::yaml::from_slice(&bytes, &pintle::yaml::Limits::default())
        .map_err(|error| Failure::from(error).within(path.display()))?;
    let mut known = file
        .repositories
        .unwrap_or_default()
        .into_iter()
        .find(|known| known.name == name)
        .ok_or_else(unknown)?;
    if known.url.is_empty() {
        return Err(Failure::new(format!("no URL found for repository {name}")));
    }
    for file in [&mut known.cert_file, &mut known.key_file, &mut known.ca_file] {
        file.take_if(|file| file.as_os_str().is_empty());
    }
    for text in [&mut known.username, &mut known.password] {
        text.take_if(|text| text.is_empty());
    }
    Ok(known)
}

/// Where Helm keeps the file (Helm: `pkg/helmpath/lazypath.go`).
fn default_path() -> Option<PathBuf> {
    let folder =
        |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let helm = folder("HELM_CONFIG_HOME")
        .or_else(|| folder("XDG_CONFIG_HOME").map(|config| config.join("helm")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".config").join("helm")))?;
    Some(helm.join("repositories.yaml"))
}
