//! What rendering a chart gives.

use std::borrow::Cow;
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
        let pieces: Vec<(&str, Cow<'_, str>)> = self.pieces(crds).collect();
        let length = pieces.iter().map(|(source, text)| HEADER + source.len() + text.len()).sum();
        let mut manifest = String::with_capacity(length);
        for (source, text) in pieces {
            append(&mut manifest, source, &text);
        }
        manifest
    }

    /// What the manifest is made of: the file that a piece came from, and its text.
    pub(crate) fn pieces(&self, crds: Crds) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let crds = if crds == Crds::Include { self.crds.as_slice() } else { &[] };
        let crds = crds.iter().map(|crd| (crd.path.as_str(), String::from_utf8_lossy(&crd.file.data)));
        let documents = self.documents.iter();
        crds.chain(documents.map(|document| (&*document.source, Cow::Borrowed(&*document.text))))
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

/// How long Helm's header and the line end behind a document are, without the file's name.
const HEADER: usize = "---\n# Source: \n\n".len();

/// Appends a document with Helm's header.
pub(crate) fn append(text: &mut String, source: &str, document: &str) {
    for part in ["---\n# Source: ", source, "\n", document, "\n"] {
        text.push_str(part);
    }
}
