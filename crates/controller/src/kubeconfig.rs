//! A tenant's kubeconfig: found in its Secret, read, and refused where it would run or read something here.

use std::fmt;

use k8s_openapi::api::core::v1::Secret;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use sha2::{Digest, Sha256};

use crate::api::SecretKeyReference;

/// Keys that are tried, in this order, where the reference names none (Flux: `spec.kubeConfig.secretRef`).
const DEFAULT_KEYS: [&str; 2] = ["value", "value.yaml"];

/// Largest kubeconfig that is read, in bytes; a Secret holds no more.
const LARGEST: usize = 1 << 20;

/// A kubeconfig that holds all it takes to reach its cluster, and nothing that runs or reads anything here.
#[derive(Clone)]
pub struct TenantKubeconfig {
    config: Kubeconfig,
    server: String,
    digest: [u8; 32],
}

/// Why there is no kubeconfig to use. None of these quotes the kubeconfig's content but its names and its server.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KubeconfigError {
    /// The Secret does not exist.
    #[error("there is no Secret {secret}, which spec.kubeConfig.secretRef names; waiting for it")]
    NoSecret {
        /// The Secret, as `namespace/name`.
        secret: String,
    },
    /// The Secret has not the key.
    #[error("the Secret {secret} has no key {key}; it has {present}")]
    NoKey {
        /// The Secret, as `namespace/name`.
        secret: String,
        /// The key, or the keys that were tried.
        key: String,
        /// The keys that the Secret has.
        present: String,
    },
    /// What the Secret holds is no kubeconfig.
    #[error("key {key} of the Secret {secret} is no kubeconfig: {problem}")]
    Malformed {
        /// The Secret, as `namespace/name`.
        secret: String,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The kubeconfig says to run or read something on the controller's machine, or to trust any server.
    #[error("the kubeconfig in key {key} of the Secret {secret} sets {field}, which is refused: {why}")]
    Refused {
        /// The Secret, as `namespace/name`.
        secret: String,
        /// The key.
        key: String,
        /// The field, as a path into the kubeconfig.
        field: String,
        /// Why it is refused, and what to use in its place.
        why: &'static str,
    },
}

/// Where a kubeconfig stands, for error messages.
#[derive(Clone, Copy)]
struct Place<'a> {
    secret: &'a str,
    key: &'a str,
}

impl TenantKubeconfig {
    /// Reads the kubeconfig that `reference` points to in `secret`; without a key, `value` and then `value.yaml`.
    ///
    /// Only the current context counts, with its cluster and its user.
    pub fn from_secret(secret: &Secret, reference: &SecretKeyReference) -> Result<Self, KubeconfigError> {
        let name = format!(
            "{}/{}",
            secret.metadata.namespace.as_deref().unwrap_or_default(),
            secret.metadata.name.as_deref().unwrap_or(&reference.name)
        );
        let data = secret.data.clone().unwrap_or_default();
        let wanted: Vec<&str> = match reference.key.as_deref().filter(|key| !key.is_empty()) {
            Some(key) => vec![key],
            None => DEFAULT_KEYS.to_vec(),
        };
        let found = wanted
            .iter()
            .find_map(|key| data.get(*key).filter(|bytes| !bytes.0.is_empty()).map(|b| (*key, b)));
        let Some((key, bytes)) = found else {
            let present: Vec<_> = data.keys().map(String::as_str).collect();
            return Err(KubeconfigError::NoKey {
                secret: name,
                key: wanted.join(" or "),
                present: if present.is_empty() { "none".to_owned() } else { present.join(", ") },
            });
        };
        Self::parse(&bytes.0, Place { secret: &name, key })
    }

    fn parse(bytes: &[u8], place: Place<'_>) -> Result<Self, KubeconfigError> {
        if bytes.len() > LARGEST {
            return Err(place.malformed(&format!("it is larger than {LARGEST} bytes")));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| place.malformed("it is not UTF-8"))?;
        // The reader's own words may quote the text, which holds keys and tokens.
        let config = Kubeconfig::from_yaml(text).map_err(|_| place.malformed("it is not the YAML of one"))?;
        let server = {
            let (cluster, user) = current(&config, place)?;
            check_cluster(cluster, place)?;
            if let Some(user) = user {
                check_user(user, place)?;
            }
            server(cluster, place)?
        };
        Ok(Self { config, server, digest: Sha256::digest(bytes).into() })
    }

    /// The kubeconfig itself, for [`kube::Config::from_custom_kubeconfig`].
    pub fn config(&self) -> &Kubeconfig {
        &self.config
    }

    /// Address of the cluster's API server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// SHA-256 of the kubeconfig's bytes: equal digests give equal clients.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

impl fmt::Debug for TenantKubeconfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TenantKubeconfig").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Place<'_> {
    fn malformed(self, problem: &str) -> KubeconfigError {
        KubeconfigError::Malformed {
            secret: self.secret.to_owned(),
            key: self.key.to_owned(),
            problem: problem.to_owned(),
        }
    }

    fn refuse(self, field: &str, why: &'static str) -> KubeconfigError {
        KubeconfigError::Refused {
            secret: self.secret.to_owned(),
            key: self.key.to_owned(),
            field: field.to_owned(),
            why,
        }
    }
}

/// The cluster and the user of the current context.
fn current<'a>(
    config: &'a Kubeconfig,
    place: Place<'_>,
) -> Result<(&'a Cluster, Option<&'a AuthInfo>), KubeconfigError> {
    let name = config
        .current_context
        .as_deref()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| place.malformed("it sets no current-context"))?;
    let context = config
        .contexts
        .iter()
        .find(|context| context.name == name)
        .and_then(|context| context.context.as_ref())
        .ok_or_else(|| place.malformed(&format!("its current-context {name:?} is not among its contexts")))?;
    let cluster = config
        .clusters
        .iter()
        .find(|cluster| cluster.name == context.cluster)
        .and_then(|cluster| cluster.cluster.as_ref())
        .ok_or_else(|| {
            place.malformed(&format!("the context's cluster {:?} is not among its clusters", context.cluster))
        })?;
    let user = match context.user.as_deref().filter(|user| !user.is_empty()) {
        None => None,
        Some(name) => Some(
            config
                .auth_infos
                .iter()
                .find(|user| user.name == name)
                .and_then(|user| user.auth_info.as_ref())
                .ok_or_else(|| {
                    place.malformed(&format!("the context's user {name:?} is not among its users"))
                })?,
        ),
    };
    Ok((cluster, user))
}

fn server(cluster: &Cluster, place: Place<'_>) -> Result<String, KubeconfigError> {
    let server = cluster.server.as_deref().filter(|server| !server.is_empty());
    let server = server.ok_or_else(|| place.malformed("its cluster sets no server"))?;
    let uri: http::Uri =
        server.parse().map_err(|_| place.malformed(&format!("its server {server:?} is no address")))?;
    if !matches!(uri.scheme_str(), Some("https" | "http")) || uri.host().is_none() {
        return Err(place.malformed(&format!("its server {server:?} is no https:// address")));
    }
    Ok(server.to_owned())
}

const READS_A_FILE: &str =
    "it would read a file of the controller's; put the content itself into the kubeconfig";

fn set(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn check_cluster(cluster: &Cluster, place: Place<'_>) -> Result<(), KubeconfigError> {
    if cluster.insecure_skip_tls_verify == Some(true) {
        let why = "anybody could answer in the cluster's name; give its CA as certificate-authority-data";
        return Err(place.refuse("cluster.insecure-skip-tls-verify", why));
    }
    if set(cluster.certificate_authority.as_ref()) {
        return Err(place.refuse("cluster.certificate-authority", READS_A_FILE));
    }
    if set(cluster.proxy_url.as_ref()) {
        return Err(place.refuse("cluster.proxy-url", "proxies are not supported yet"));
    }
    Ok(())
}

fn check_user(user: &AuthInfo, place: Place<'_>) -> Result<(), KubeconfigError> {
    if user.exec.is_some() {
        let why = "it would run a program on the controller's machine; use a client certificate or a token";
        return Err(place.refuse("user.exec", why));
    }
    if user.auth_provider.is_some() {
        let why = "auth providers run programs and read files; use a client certificate or a token";
        return Err(place.refuse("user.auth-provider", why));
    }
    for (field, value) in [
        ("user.tokenFile", user.token_file.as_ref()),
        ("user.client-certificate", user.client_certificate.as_ref()),
        ("user.client-key", user.client_key.as_ref()),
    ] {
        if set(value) {
            return Err(place.refuse(field, READS_A_FILE));
        }
    }
    Ok(())
}
