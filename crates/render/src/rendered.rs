//! What rendering a chart gives.

use std::fmt::Write as _;

use pintle_chart::{Chart, CrdFile, Warning};

use crate::{Document, Hook};

/// What rendering a chart gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rendered {
    /// The documents that are no hooks, in install order.
    pub documents: Vec<Document>,
    /// The hooks, in install order of their kinds; within one event they run by weight.
    pub hooks: Vec<Hook>,
    /// The files of `crds/`, which are not rendered.
    pub crds: Vec<CrdFile>,
    /// The text of `NOTES.txt`; empty where there is none.
    pub notes: String,
    /// The chart as its dependencies were processed: what a release record keeps.
    pub chart: Chart,
    /// What Helm warns of.
    pub warnings: Vec<Warning>,
}

/// Whether the files of `crds/` stand before the documents in a manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "they do or they do not")]
pub enum Crds {
    /// They do not; Helm creates them before it installs the release.
    #[default]
    Leave,
    /// They do (`--include-crds`).
    Include,
}

impl Rendered {
    /// All documents but hooks as one text, exactly as it stands in the release record
    /// (Helm: `pkg/action/action.go`, renderResources).
    pub fn manifest(&self, crds: Crds) -> String {
        let mut text = String::new();
        if crds == Crds::Include {
            for crd in &self.crds {
                append(&mut text, &crd.path, &String::from_utf8_lossy(&crd.file.data));
            }
        }
        for document in &self.documents {
            append(&mut text, &document.source, &document.text);
        }
        text
    }

    /// [`manifest`](Self::manifest) without the content of Secrets (`--hide-secret`).
    pub fn manifest_without_secrets(&self, crds: Crds) -> String {
        let mut text = String::new();
        if crds == Crds::Include {
            for crd in &self.crds {
                append(&mut text, &crd.path, &String::from_utf8_lossy(&crd.file.data));
            }
        }
        for document in &self.documents {
            if document.kind() == "Secret" && document.api_version() == "v1" {
                let _ = write!(
                    text,
                    "---\n# Source: {}\n# HIDDEN: The Secret output has been suppressed\n",
                    document.source
                );
            } else {
                append(&mut text, &document.source, &document.text);
            }
        }
        text
    }
}

/// Appends a document with Helm's header.
pub(crate) fn append(text: &mut String, source: &str, document: &str) {
    let _ = write!(text, "---\n# Source: {source}\n{document}\n");
}
