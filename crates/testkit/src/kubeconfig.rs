//! The text of a kubeconfig, as kubeadm and Kamaji write it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::pki::Identity;

/// The kubeconfig of one user of one cluster. The namespace of the context is left to the reader's default.
pub(crate) fn text(cluster: &str, server: &str, authority: &str, user: &str, identity: &Identity) -> String {
    let authority = BASE64_STANDARD.encode(authority);
    let certificate = BASE64_STANDARD.encode(&identity.certificate);
    let key = BASE64_STANDARD.encode(&identity.key);
    // Names are written as JSON strings, which YAML reads as they are.
    let [cluster, server, context, user] = [cluster, server, &format!("{user}@{cluster}"), user]
        .map(|text| serde_json::Value::from(text).to_string());
    format!(
        "apiVersion: v1\n\
         clusters:\n\
         - cluster:\n\
         \x20   certificate-authority-data: {authority}\n\
         \x20   server: {server}\n\
         \x20 name: {cluster}\n\
         contexts:\n\
         - context:\n\
         \x20   cluster: {cluster}\n\
         \x20   user: {user}\n\
         \x20 name: {context}\n\
         current-context: {context}\n\
         kind: Config\n\
         preferences: {{}}\n\
         users:\n\
         - name: {user}\n\
         \x20 user:\n\
         \x20   client-certificate-data: {certificate}\n\
         \x20   client-key-data: {key}\n"
    )
}
