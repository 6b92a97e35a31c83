//! Rendered files into hooks and documents, in Helm's order
//! (Helm: `pkg/release/v1/util/manifest_sorter.go`, `SortManifests`).

use std::collections::BTreeMap;
use std::sync::Arc;

use pintle_chart::Warning;
use pintle_value::{Data, Origin};

use crate::document::{Trail, Written};
use crate::head::Head;
use crate::input::Objects;
use crate::rendered::append;
use crate::{Document, Hidden, Hook, INSTALL_ORDER, RenderError, compare_kinds, split_manifests};

/// A rendered file.
pub(crate) struct RenderedFile {
    pub(crate) text: Arc<str>,
    /// Where its bytes came from; not known behind a post-renderer.
    pub(crate) written: Option<Arc<Written>>,
}

/// The rendered files by path.
pub(crate) type RenderedFiles = BTreeMap<String, RenderedFile>;

/// The hooks and the other documents, each sorted by kind, otherwise in the order of files and places.
pub(crate) fn sort(
    files: &RenderedFiles,
    objects: Objects,
    warnings: &mut Vec<Warning>,
) -> Result<(Vec<Hook>, Vec<Document>), RenderError> {
    let mut hooks: Vec<Hook> = Vec::new();
    let mut others = Vec::new();
    for document in documents(files, objects) {
        let document = document?; // what was said of hooks before an error stays said
        match Hook::of(&document) {
            Ok(None) => others.push(document),
            Ok(Some(hook)) => hooks.push(hook),
            Err(events) => warnings.push(Warning::info("skipping unknown hooks").with("hookTypes", events)),
        }
    }
    hooks.sort_by(|a, b| compare_kinds(INSTALL_ORDER, a.document.kind(), b.document.kind()));
    others.sort_by(|a, b| compare_kinds(INSTALL_ORDER, a.kind(), b.kind()));
    Ok((hooks, others))
}

/// All documents in the order of files and places; an error is the last.
pub(crate) fn documents(files: &RenderedFiles, objects: Objects) -> Vec<Result<Document, RenderError>> {
    let mut documents = Vec::new();
    for (path, file) in files {
        let base = path.rsplit('/').next().unwrap_or(path);
        if base.starts_with('_') || file.text.trim().is_empty() {
            continue;
        }
        let source: Arc<str> = path.as_str().into();
        for (start, text) in split_manifests(&file.text) {
            let document = read(&source, start, text, file).map(|mut document| {
                if objects == Objects::Drop {
                    document.object = Data::Null;
                }
                document
            });
            let is_error = document.is_err();
            documents.push(document.map_err(|error| with_all(error, files)));
            if is_error {
                return documents;
            }
        }
    }
    documents
}

/// The error with all that was rendered, as Helm gives it back beside the error.
fn with_all(error: RenderError, files: &RenderedFiles) -> RenderError {
    let RenderError::Manifest { file, message, place, .. } = error else { return error };
    let mut text = String::new();
    for (path, file) in files.iter().filter(|(_, file)| !file.text.trim().is_empty()) {
        append(&mut text, path, &file.text);
    }
    RenderError::Manifest { file, message, place, rendered: Hidden::new(text) }
}

/// Reads one document.
fn read(source: &Arc<str>, start: usize, text: &str, file: &RenderedFile) -> Result<Document, RenderError> {
    let written = file.written.as_ref();
    let trail = written.map(|written| Trail::new(written, start));
    let object = pintle_yaml::parse(text.as_bytes(), &pintle_yaml::Limits::default()).map_err(|error| {
        let place = error.position().and_then(|position| {
            let document = Document {
                head: Head::default(),
                object: Data::Null,
                source: Arc::clone(source),
                text: text.into(),
                trail: trail.clone(),
            };
            document.origin_of_line(position.line)
        });
        RenderError::Manifest {
            file: source.to_string(),
            message: error.to_string(),
            place,
            rendered: Hidden::default(),
        }
    })?;
    let head = Head::of(&object).map_err(|message| {
        let place: Option<Origin> = written.and_then(|written| written.origin(start));
        RenderError::Manifest { file: source.to_string(), message, place, rendered: Hidden::default() }
    })?;
    // Most files are one document.
    let text = if text.len() == file.text.len() { Arc::clone(&file.text) } else { text.into() };
    Ok(Document { head, object, source: Arc::clone(source), text, trail })
}
