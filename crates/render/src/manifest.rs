//! Rendered files into hooks and documents, in Helm's order
//! (Helm: `pkg/release/v1/util/manifest_sorter.go`, `SortManifests`).

use std::collections::BTreeMap;
use std::sync::Arc;

use pintle_chart::Warning;
use pintle_template::on_cores;
use pintle_value::{Data, Origin};

use crate::document::{Trail, Written};
use crate::head::Head;
use crate::input::Objects;
use crate::rendered::append;
use crate::{Document, Hidden, Hook, INSTALL_ORDER, RenderError, SharedText, compare_kinds, split_manifests};

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

/// All documents in the order of files and places.
pub(crate) fn documents(
    files: &RenderedFiles,
    objects: Objects,
) -> impl Iterator<Item = Result<Document, RenderError>> {
    /// How many bytes a thread must have to read to be worth its start.
    const BYTES_A_THREAD: usize = 128 << 10;
    let mut pieces = Vec::new();
    for (path, file) in files {
        let base = path.rsplit('/').next().unwrap_or(path);
        if base.starts_with('_') || file.text.trim().is_empty() {
            continue;
        }
        let source: Arc<str> = path.as_str().into();
        let documents = split_manifests(&file.text).into_iter();
        pieces.extend(documents.map(|(start, text)| Piece {
            file,
            source: Arc::clone(&source),
            start,
            text,
        }));
    }
    let bytes: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    let read = on_cores(&pieces, bytes / BYTES_A_THREAD, |piece| {
        piece.read().map(|mut document| {
            if objects == Objects::Drop {
                document.object = Data::Null;
            }
            document
        })
    });
    read.into_iter().map(move |document| document.map_err(|error| with_all(error, files)))
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

/// A document that is not read yet.
struct Piece<'a> {
    file: &'a RenderedFile,
    source: Arc<str>,
    /// Where in the file's text it begins.
    start: usize,
    text: &'a str,
}

impl Piece<'_> {
    fn read(&self) -> Result<Document, RenderError> {
        let written = self.file.written.as_ref();
        let document = |head, object| Document {
            head,
            object,
            source: Arc::clone(&self.source),
            text: SharedText::part(&self.file.text, self.start, self.text.len()),
            trail: written.map(|written| Trail::new(written, self.start)),
        };
        let wrong = |message: String, place: Option<Origin>| RenderError::Manifest {
            file: self.source.to_string(),
            message,
            place,
            rendered: Hidden::default(),
        };
        let object = pintle_yaml::parse(self.text.as_bytes(), &pintle_yaml::Limits::default());
        let object = object.map_err(|error| {
            let line = error.position().map(|position| position.line);
            let place = line.and_then(|line| document(Head::default(), Data::Null).origin_of_line(line));
            wrong(error.to_string(), place)
        })?;
        let head = Head::of(&object)
            .map_err(|message| wrong(message, written.and_then(|written| written.origin(self.start))))?;
        Ok(document(head, object))
    }
}
