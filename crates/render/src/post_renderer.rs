//! Programs that change rendered documents before they are sorted and applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use pintle_chart::Warning;
use pintle_value::Data;

use crate::RenderError;
use crate::document::Document;
use crate::input::Objects;
use crate::manifest::{self, RenderedFile, RenderedFiles, documents};

/// Changes rendered documents before they are sorted; [`PostRenderStrategy`] says whether hooks are among them.
pub trait PostRenderer: Send + Sync {
    /// Gets all documents in the order of their files, and gives back what shall be in their place. The error's text
    /// ends the render.
    fn run(&self, documents: Vec<PostDocument>) -> Result<Vec<PostDocument>, String>;
}

/// A document on its way through a [`PostRenderer`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PostDocument {
    /// The template file that it came from; empty for one that the post-renderer made.
    pub source: String,
    /// The object.
    pub object: Data,
    /// Its YAML text; a post-renderer that changes the object clears this.
    pub text: Option<Arc<str>>,
}

impl PostDocument {
    /// A document with this object.
    pub fn new(source: impl Into<String>, object: Data) -> Self {
        Self { source: source.into(), object, text: None }
    }
}

/// A post-renderer that reads and writes a stream of YAML documents, as Helm's plugins and Kustomize do.
pub struct StreamPostRenderer<F>(F);

impl<F> StreamPostRenderer<F>
where
    F: Fn(Vec<u8>) -> Result<Vec<u8>, String> + Send + Sync,
{
    /// Hands the stream to `run`, which gives back the changed one.
    pub fn new(run: F) -> Self {
        Self(run)
    }
}

impl<F> std::fmt::Debug for StreamPostRenderer<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamPostRenderer")
    }
}

/// The annotation by which Helm knows a document's file behind a post-renderer
/// (Helm: `pkg/action/action.go`, filenameAnnotation).
const FILE_ANNOTATION: &str = "postrenderer.helm.sh/postrender-filename";

impl<F> PostRenderer for StreamPostRenderer<F>
where
    F: Fn(Vec<u8>) -> Result<Vec<u8>, String> + Send + Sync,
{
    fn run(&self, documents: Vec<PostDocument>) -> Result<Vec<PostDocument>, String> {
        let mut stream = String::new();
        for document in documents {
            if !stream.is_empty() {
                stream.push_str("---\n");
            }
            let object = annotate(&document.object, Some(&document.source));
            let text = pintle_yaml::emit_data(&object, pintle_yaml::Flavour::V3)
                .map_err(|error| error.to_string())?;
            stream.push_str(&text);
        }
        let output = (self.0)(stream.into_bytes())?;
        let output = String::from_utf8(output).map_err(|_| "the output is not UTF-8".to_owned())?;
        let mut changed = Vec::new();
        for (_, text) in crate::split_manifests(&output) {
            let object = pintle_yaml::parse(text.as_bytes(), &pintle_yaml::Limits::default())
                .map_err(|error| error.to_string())?;
            if object.is_null() {
                continue;
            }
            let source = object
                .at(&["metadata", "annotations", FILE_ANNOTATION])
                .and_then(Data::as_str)
                .unwrap_or_default()
                .to_owned();
            changed.push(PostDocument { source, object: annotate(&object, None), text: None });
        }
        Ok(changed)
    }
}

/// The object with its file noted down, or without the note.
fn annotate(object: &Data, source: Option<&str>) -> Data {
    let Data::Map(map) = object else { return object.clone() };
    let empty = Data::Map(pintle_value::DataMap::default());
    let Data::Map(metadata) = map.get("metadata").unwrap_or(&empty) else { return object.clone() };
    let annotations = match metadata.get("annotations") {
        Some(Data::Map(annotations)) => annotations.clone(),
        _ => pintle_value::DataMap::default(),
    };
    let annotations = match source {
        Some(source) => annotations.with(FILE_ANNOTATION, Data::from(source)),
        None => annotations.without(FILE_ANNOTATION),
    };
    let metadata = if annotations.is_empty() {
        metadata.without("annotations")
    } else {
        metadata.with("annotations", Data::Map(annotations))
    };
    Data::Map(map.with("metadata", Data::Map(metadata)))
}

/// How hooks go through a post-renderer (Helm: `pkg/action/action.go`, `PostRenderStrategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PostRenderStrategy {
    /// Together with the other documents, in one call.
    #[default]
    Combined,
    /// In a call of their own, before the other documents: for post-renderers that refuse an object which is a hook
    /// and a document as well.
    Separate,
    /// Not at all, as with Helm 3.
    NoHooks,
}

/// Sends rendered files through a post-renderer (Helm: `pkg/action/action.go`, renderResources).
pub(crate) fn apply(
    files: &RenderedFiles,
    post_renderer: &dyn PostRenderer,
    strategy: PostRenderStrategy,
    warnings: &mut Vec<Warning>,
) -> Result<RenderedFiles, RenderError> {
    if strategy == PostRenderStrategy::Combined {
        return Ok(run(files, post_renderer, "")?.into_iter().map(file).collect());
    }
    let (hooks, others) = manifest::sort(files, Objects::Drop, warnings)?;
    let hooks = grouped(hooks.iter().map(|hook| &hook.document));
    let others = grouped(others.iter());
    let mut texts = match strategy {
        PostRenderStrategy::NoHooks => {
            hooks.into_iter().map(|(path, file)| (path, file.text.to_string())).collect()
        }
        _ if hooks.is_empty() => Texts::new(),
        _ => run(&hooks, post_renderer, "-hooks")?,
    };
    if !others.is_empty() {
        for (path, text) in run(&others, post_renderer, "-manifests")? {
            join(texts.entry(path).or_default(), &text);
        }
    }
    Ok(texts.into_iter().map(file).collect())
}

type Texts = BTreeMap<String, String>;

fn file((path, text): (String, String)) -> (String, RenderedFile) {
    (path, RenderedFile { text: text.into(), written: None })
}

/// Documents as the files that they came from.
fn grouped<'a>(documents: impl Iterator<Item = &'a Document>) -> RenderedFiles {
    let mut texts = Texts::new();
    for document in documents {
        join(texts.entry(document.source.to_string()).or_default(), &document.text);
    }
    texts.into_iter().map(file).collect()
}

/// Appends a document to a file.
fn join(text: &mut String, document: &str) {
    if !text.is_empty() {
        text.push_str(if text.ends_with('\n') { "---\n" } else { "\n---\n" });
    }
    text.push_str(document);
}

/// The files that one call of a post-renderer gives; documents without a file get a name with `infix` in it.
fn run(files: &RenderedFiles, post_renderer: &dyn PostRenderer, infix: &str) -> Result<Texts, RenderError> {
    let documents: Vec<Document> = documents(files, Objects::Keep).collect::<Result<_, _>>()?;
    let sent = documents
        .into_iter()
        .filter(|document| !document.object.is_null())
        .map(|Document { source, object, text, .. }| PostDocument {
            source: source.to_string(),
            object,
            text: Some(Arc::from(&*text)),
        })
        .collect();
    let received = post_renderer.run(sent).map_err(RenderError::PostRender)?;
    let mut texts = Texts::new();
    for (index, document) in received.into_iter().enumerate() {
        let source = if document.source.is_empty() {
            format!("generated-by-postrender{infix}-{index}.yaml")
        } else {
            document.source
        };
        let text = match document.text {
            Some(text) => text.to_string(),
            None => pintle_yaml::emit_data(&document.object, pintle_yaml::Flavour::V3)
                .map_err(|error| RenderError::PostRendered(error.to_string()))?,
        };
        join(texts.entry(source).or_default(), &text);
    }
    Ok(texts)
}
