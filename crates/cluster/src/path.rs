//! Paths of requests.

use std::fmt::Write as _;

use crate::{ObjectRef, Resource};

/// A path with its query, built piece by piece.
#[derive(Clone, Debug)]
pub(crate) struct UrlPath {
    path: String,
    query: String,
}

impl UrlPath {
    /// A path that needs no escaping.
    pub(crate) fn fixed(path: &str) -> Self {
        Self { path: path.to_owned(), query: String::new() }
    }

    /// All objects of a kind, in one namespace or in all.
    pub(crate) fn collection(resource: &Resource, namespace: Option<&str>) -> Self {
        let gvk = &resource.gvk;
        let mut path = Self::fixed(if gvk.group.is_empty() { "/api" } else { "/apis" });
        if !gvk.group.is_empty() {
            path.push(&gvk.group);
        }
        path.push(&gvk.version);
        if let Some(namespace) = namespace.filter(|_| resource.is_namespaced()) {
            path.push("namespaces");
            path.push(namespace);
        }
        path.push(&resource.plural);
        path
    }

    /// One object.
    pub(crate) fn object(resource: &Resource, object: &ObjectRef) -> Self {
        let mut path = Self::collection(resource, object.namespace.as_deref());
        path.push(&object.name);
        path
    }

    /// Appends one segment.
    pub(crate) fn push(&mut self, segment: &str) {
        self.path.push('/');
        escape(segment, &mut self.path);
    }

    /// Appends one segment.
    pub(crate) fn segment(mut self, segment: &str) -> Self {
        self.push(segment);
        self
    }

    /// Adds a parameter.
    pub(crate) fn param(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        escape(value, &mut self.query);
        self
    }

    /// Adds a parameter where there is a value.
    pub(crate) fn param_opt(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.param(name, value),
            None => self,
        }
    }

    /// The path without its query.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The whole.
    pub(crate) fn uri(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 §2.3) and the colon, which names of RBAC hold.
fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
        }
    }
}
