//! What a user sets for a chart, and where each value came from.

use std::fmt;
use std::sync::Arc;

use pintle_value::{Data, DataMap, Origin, Step, ValuePath};

use crate::node::{close, open};
use crate::origins::{Effect, Padding, spoken};
use crate::set_flags::{self, Kind};
use crate::{ChartError, values_file};

/// The values that a user sets, merged from files and flags, and who set what.
#[derive(Clone, Default, PartialEq)]
pub struct Values {
    data: DataMap,
    layers: Arc<[Layer]>,
}

/// What values are called that come without a file or flag.
const GIVEN: &str = "the given values";

/// One file or flag.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    origin: Origin,
    /// What it alone sets.
    data: Data,
    /// A file's bytes, to find lines in.
    text: Option<Arc<[u8]>>,
}

impl Values {
    /// Values that nobody has a record of.
    pub fn new(data: DataMap) -> Self {
        Self { data, layers: Arc::default() }
    }

    /// Collects values from files and flags.
    pub fn builder() -> ValuesBuilder {
        ValuesBuilder::default()
    }

    /// The merged values.
    pub fn data(&self) -> &DataMap {
        &self.data
    }

    /// These values over others that were there before, such as those of the last revision of a release. `merged` is what
    /// the two give together; who set what is asked of these first.
    #[must_use]
    pub fn over(&self, origin: Origin, before: DataMap, merged: DataMap) -> Self {
        let layer = |origin, data| Layer { origin, data: Data::Map(data), text: None };
        let mut layers = vec![layer(origin, before)];
        if self.layers.is_empty() {
            layers.push(layer(Origin::file(GIVEN), self.data.clone()));
        }
        layers.extend(self.layers.iter().cloned());
        Self { data: merged, layers: layers.into() }
    }

    /// The file or flag that set, or by `null` removed, the value below this path; the last one that spoke. `None`
    /// where none did.
    pub fn origin(&self, path: &[&str]) -> Option<Origin> {
        self.said(&ValuePath::of_keys(path.iter().copied())).map(|(said, _)| said.place)
    }

    /// The same for a path of any kind, and what was done to the value.
    pub(crate) fn said(&self, path: &ValuePath) -> Option<(Said, Effect)> {
        let all = Data::Map(self.data.clone());
        // Where the list is the user's, so is what it has not, and what only fills it up to another item.
        let item = path.steps().iter().position(|step| matches!(step, Step::Item(_)));
        let list: Option<ValuePath> = item.map(|at| path.steps().iter().take(at).cloned().collect());
        if let Some(list) = list.filter(|list| matches!(list.find(&all), Some(Data::List(_)))) {
            let item: ValuePath = path.steps().iter().take(list.steps().len() + 1).cloned().collect();
            if item.find(&all).is_none_or(Data::is_null) {
                return self.said(&list);
            }
        }
        let found = self.layers.iter().rev().find_map(|layer| {
            let padding = if layer.text.is_some() { Padding::Counts } else { Padding::SaysNothing };
            let (depth, effect) = spoken(&layer.data, path.steps(), padding)?;
            Some((layer.place(path, depth), effect))
        });
        found.or_else(|| {
            // Values that nobody has a record of.
            let (depth, effect) = spoken(&all, path.steps(), Padding::Counts)?;
            let origin = Origin::file(GIVEN);
            self.layers.is_empty().then(|| (Said::new(origin, path, depth), effect))
        })
    }
}

impl Layer {
    /// Where the first `depth` steps of the path are set.
    fn place(&self, path: &ValuePath, depth: usize) -> Said {
        let mut said = Said::new(self.origin.clone(), path, depth);
        let position = self.text.as_deref().and_then(|text| values_file::find(text, said.path.steps()));
        if let Some((line, column)) = position {
            said.place = said.place.at(line, column);
        }
        said
    }
}

/// What somebody said of a value.
pub(crate) struct Said {
    /// The value, or one that holds it and is no map or list.
    pub(crate) path: ValuePath,
    /// Where.
    pub(crate) place: Origin,
}

impl Said {
    pub(crate) fn new(origin: Origin, path: &ValuePath, depth: usize) -> Self {
        let path: ValuePath = path.steps().iter().take(depth).cloned().collect();
        Self { place: origin.value(path.to_string()), path }
    }
}

impl fmt::Debug for Values {
    /// Names who set values, not the values: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<String> = self.layers.iter().map(|layer| layer.origin.to_string()).collect();
        f.debug_struct("Values").field("origins", &origins).finish_non_exhaustive()
    }
}

impl From<DataMap> for Values {
    fn from(data: DataMap) -> Self {
        Self::new(data)
    }
}

/// Collects values: first files in their order, then the flags in Helm's order (`--set-json`, `--set`,
/// `--set-string`, `--set-file`, `--set-literal`), whatever the order of the calls
/// (Helm: `pkg/cli/values/options.go`, `MergeValues`). What comes later wins; maps are merged.
///
/// ```
/// use pintle_chart::Values;
///
/// let values = Values::builder()
///     .file("prod.yaml", "image:\n  tag: v1\nreplicas: 1\n")
///     .set("image.tag=v2")
///     .build()?;
/// assert_eq!(values.data().get("image").and_then(|image| image.get("tag")?.as_str()), Some("v2"));
/// assert_eq!(values.origin(&["image", "tag"]).unwrap().to_string(), "--set (image.tag)");
/// assert_eq!(values.origin(&["replicas"]).unwrap().to_string(), "prod.yaml:3:1 (replicas)");
/// # Ok::<(), pintle_chart::ChartError>(())
/// ```
#[derive(Default)]
pub struct ValuesBuilder {
    files: Vec<Source>,
    json: Vec<String>,
    typed: Vec<String>,
    text: Vec<String>,
    content: Vec<String>,
    literal: Vec<String>,
    reader: Option<Reader>,
}

type Reader = Box<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

enum Source {
    File { name: Arc<str>, bytes: Arc<[u8]> },
    Data { origin: Origin, data: DataMap },
}

impl ValuesBuilder {
    /// A values file (`-f`): its name for messages, and its bytes.
    #[must_use]
    pub fn file(mut self, name: impl Into<Arc<str>>, bytes: impl AsRef<[u8]>) -> Self {
        self.files.push(Source::File { name: name.into(), bytes: bytes.as_ref().into() });
        self
    }

    /// Values that are no YAML text, in the row of the files.
    #[must_use]
    pub fn data(mut self, origin: Origin, data: DataMap) -> Self {
        self.files.push(Source::Data { origin, data });
        self
    }

    /// `--set`: numbers, booleans and null are what they look like.
    #[must_use]
    pub fn set(mut self, text: impl Into<String>) -> Self {
        self.typed.push(text.into());
        self
    }

    /// `--set-string`: every value is a string.
    #[must_use]
    pub fn set_string(mut self, text: impl Into<String>) -> Self {
        self.text.push(text.into());
        self
    }

    /// `--set-json`: every value is JSON, or the whole is a JSON object.
    #[must_use]
    pub fn set_json(mut self, text: impl Into<String>) -> Self {
        self.json.push(text.into());
        self
    }

    /// `--set-literal`: the value is all that follows the `=`.
    #[must_use]
    pub fn set_literal(mut self, text: impl Into<String>) -> Self {
        self.literal.push(text.into());
        self
    }

    /// `--set-file`: the value is the content of the file of that name, which [`reader`](Self::reader) reads.
    #[must_use]
    pub fn set_file(mut self, text: impl Into<String>) -> Self {
        self.content.push(text.into());
        self
    }

    /// What reads the files of [`set_file`](Self::set_file). Without it no file can be read.
    #[must_use]
    pub fn reader(mut self, read: impl Fn(&str) -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Self {
        self.reader = Some(Box::new(read));
        self
    }

    /// Reads and merges everything.
    pub fn build(self) -> Result<Values, ChartError> {
        let mut data = DataMap::default();
        let mut layers = Vec::new();
        for source in self.files {
            let (origin, own, text) = match source {
                Source::File { name, bytes } => {
                    let data = values_file::read(&bytes).map_err(|failure| ChartError::Yaml {
                        file: name.to_string(),
                        line: failure.line,
                        message: format!("failed to parse {name}: {}", failure.message),
                    })?;
                    (Origin::file(name), data, Some(bytes))
                }
                Source::Data { origin, data } => (origin, data, None),
            };
            data = if data.is_empty() { own.clone() } else { values_file::merge(&data, &own) };
            layers.push(Layer { origin, data: Data::Map(own), text });
        }
        let no_reader: Reader = Box::new(|name| Err(format!("open {name}: files cannot be read here")));
        let read = self.reader.unwrap_or(no_reader);
        let mut places = 0;
        let flags = [
            ("--set-json", Kind::Json, self.json),
            ("--set", Kind::Typed, self.typed),
            ("--set-string", Kind::Text, self.text),
            ("--set-file", Kind::File(&*read), self.content),
            ("--set-literal", Kind::Literal, self.literal),
        ];
        for (flag, kind, texts) in flags {
            for text in texts {
                let is_json = matches!(kind, Kind::Json);
                // Helm shows the flag's text for JSON, and the reason for all others. The text may be secret, but it
                // is the caller's own.
                let refused = |separator, message| ChartError::Flag { flag, separator, message };
                let trimmed = text.trim();
                let own = if is_json && trimmed.starts_with('{') {
                    let object = serde_json::from_str::<DataMap>(trimmed)
                        .map_err(|_| refused(" JSON: ", text.clone()))?;
                    let Data::Map(object) = set_flags::floats(Data::Map(object)) else { continue };
                    data = values_file::merge(&data, &object);
                    object
                } else {
                    let mut tree = open(&data);
                    set_flags::parse_into(&text, kind, &mut tree, &mut places).map_err(|reason| {
                        if is_json { refused(" ", text.clone()) } else { refused(": ", reason) }
                    })?;
                    data = close(tree);
                    // The same once more on nothing gives what the flag alone sets.
                    let mut own = open(&DataMap::default());
                    let _ = set_flags::parse_into(&text, kind, &mut own, &mut places);
                    close(own)
                };
                layers.push(Layer { origin: Origin::file(flag), data: Data::Map(own), text: None });
            }
        }
        Ok(Values { data, layers: layers.into() })
    }
}

impl fmt::Debug for ValuesBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValuesBuilder").field("files", &self.files.len()).finish_non_exhaustive()
    }
}
