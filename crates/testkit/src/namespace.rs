use std::fmt;
use std::ops::Deref;

use serde_json::json;

use crate::cluster::Cluster;
use crate::error::Error;

/// A namespace of one test. It is deleted when the value is dropped, without waiting for its end.
///
/// It reads as its name: `&*namespace` is a `&str`, and it can be formatted.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    cluster: Cluster,
}

impl Namespace {
    pub(crate) fn create(cluster: Cluster, prefix: &str) -> Result<Self, Error> {
        // RFC 1123 labels, with room for the random part.
        let fits = prefix.len() <= 54
            && prefix.starts_with(|first: char| first.is_ascii_lowercase())
            && prefix
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
        if !fits {
            return Err(Error::Name {
                what: "the namespace prefix",
                name: prefix.to_owned(),
                reason: "it must begin with a lower-case letter, hold only lower-case letters, digits and `-`, \
                         and have at most 54 characters",
            });
        }
        let random = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}-{}", random.get(..8).unwrap_or_default());
        cluster.api().create(
            "/api/v1/namespaces",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        )?;
        cluster.state().wait_for_account(&name)?;
        Ok(Self { name, cluster })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Deref for Namespace {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if self.cluster.state().answers() {
            // The bed goes away with the tests; a namespace that stays until then disturbs nobody.
            let _ = self.cluster.api().delete(&format!("/api/v1/namespaces/{}", self.name));
        }
    }
}
