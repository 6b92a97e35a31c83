//! YAML of a chart into its types, by the rules of `sigs.k8s.io/yaml` and Go's `encoding/json`: keys match whatever
//! their case, numbers and booleans become texts where a text is asked for, `null` leaves a field as it is, and the
//! first field of a wrong type is the error.

use std::collections::BTreeMap;

use pintle_value::{Data, DataMap, pointer_token};
use pintle_yaml::Target;

use crate::{ChartError, Dependency, Lock, Maintainer, Metadata};

/// A Chart.yaml as it is written, before its rules are checked: what linters look at.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChartFile {
    /// What it says.
    pub metadata: Metadata,
    /// Whether an entry of `maintainers` is `null`.
    pub empty_maintainer: bool,
}

impl ChartFile {
    /// Reads the text. The error is Helm's text (Helm: `pkg/chart/v2/util/chartfile.go`, `LoadChartfile`).
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let data = yaml(bytes, METADATA).map_err(|failure| failure.message)?;
        let mut draft = Draft::default();
        draft.decode(&data, Decoder::default()).map_err(|failure| failure.message)?;
        Ok(Self { metadata: draft.metadata, empty_maintainer: draft.null_maintainer })
    }

    /// Refuses keys that stand twice and fields that Helm does not know (Helm: `StrictLoadChartfile`).
    pub fn check_strictly(bytes: &[u8]) -> Result<(), String> {
        let target = Target::Struct(METADATA);
        let data = pintle_yaml::parse_into_strict(bytes, &pintle_yaml::Limits::default(), target)
            .map_err(|error| error.to_string())?;
        let decoder = Decoder { strict: true, ..Decoder::default() };
        Draft::default().decode(&data, decoder).map_err(|failure| failure.message)
    }
}

/// Metadata while its files are read, with what can only be judged when all are.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) metadata: Metadata,
    null_maintainer: bool,
    null_dependency: bool,
    lists_dependencies: bool,
}

impl Draft {
    /// Reads a Chart.yaml or requirements.yaml into what is there already.
    pub(crate) fn read(&mut self, file: &str, bytes: &[u8]) -> Result<(), ChartError> {
        let data = yaml(bytes, METADATA).map_err(|error| error.into_error(file))?;
        self.decode(&data, Decoder::default()).map_err(|error| error.into_error(file))
    }

    fn decode(&mut self, data: &Data, mut decoder: Decoder) -> Result<(), Failure> {
        if let Some(map) = decoder.root(data, "v2.Metadata") {
            self.fill(&mut decoder, map);
        }
        decoder.finish()
    }

    fn fill(&mut self, decoder: &mut Decoder, map: &DataMap) {
        let metadata = &mut self.metadata;
        let (mut null_maintainer, mut null_dependency) = (self.null_maintainer, self.null_dependency);
        let mut lists_dependencies = self.lists_dependencies;
        decoder.fields(
            map,
            &mut |decoder, field, value| match field {
                "name" => decoder.text(value, &mut metadata.name),
                "home" => decoder.text(value, &mut metadata.home),
                "sources" => decoder.texts(value, &mut metadata.sources),
                "version" => decoder.text(value, &mut metadata.version),
                "description" => decoder.text(value, &mut metadata.description),
                "keywords" => decoder.texts(value, &mut metadata.keywords),
                "maintainers" => {
                    null_maintainer |= decoder.structs(
                        value,
                        "v2.Maintainer",
                        &mut metadata.maintainers,
                        &mut |decoder, map, item| maintainer(decoder, map, item),
                    );
                }
                "icon" => decoder.text(value, &mut metadata.icon),
                "apiVersion" => decoder.text(value, &mut metadata.api_version),
                "condition" => decoder.text(value, &mut metadata.condition),
                "tags" => decoder.text(value, &mut metadata.tags),
                "appVersion" => decoder.text(value, &mut metadata.app_version),
                "deprecated" => decoder.flag(value, &mut metadata.deprecated),
                "annotations" => decoder.text_map(value, &mut metadata.annotations),
                "kubeVersion" => decoder.text(value, &mut metadata.kube_version),
                "dependencies" => {
                    lists_dependencies |= matches!(value, Data::List(_));
                    null_dependency |= decoder.structs(
                        value,
                        "v2.Dependency",
                        &mut metadata.dependencies,
                        &mut |decoder, map, item| dependency(decoder, map, item),
                    );
                }
                "type" => decoder.text(value, &mut metadata.chart_type),
                _ => {}
            },
            METADATA,
        );
        self.null_maintainer = null_maintainer;
        self.null_dependency = null_dependency;
        self.lists_dependencies = lists_dependencies;
    }

    /// Whether there is a list of dependencies with nothing in it, which is another thing than no list
    /// (Helm: `processDependencyEnabled` compares with nil).
    pub(crate) fn has_empty_list_of_dependencies(&self) -> bool {
        self.lists_dependencies && self.metadata.dependencies.is_empty()
    }

    /// Checks the rules for metadata and gives it.
    pub(crate) fn finish(mut self) -> Result<Metadata, ChartError> {
        self.metadata.validate()?;
        for (null, list) in [(self.null_maintainer, "maintainers"), (self.null_dependency, "dependencies")] {
            if null {
                return Err(ChartError::Validation(format!("{list} must not contain empty or null nodes")));
            }
        }
        Ok(self.metadata)
    }
}

/// Reads a Chart.lock or requirements.lock.
pub(crate) fn lock(file: &str, bytes: &[u8]) -> Result<Lock, ChartError> {
    let data = yaml(bytes, LOCK).map_err(|error| error.into_error(file))?;
    let mut decoder = Decoder::default();
    let mut lock = Lock::default();
    if let Some(map) = decoder.root(&data, "v2.Lock") {
        decoder.fields(
            map,
            &mut |decoder, field, value| match field {
                "generated" => decoder.time(value, &mut lock.generated),
                "digest" => decoder.text(value, &mut lock.digest),
                "dependencies" => {
                    let mut dependencies = Vec::new();
                    decoder.structs(value, "v2.Dependency", &mut dependencies, &mut |decoder, map, item| {
                        dependency(decoder, map, item);
                    });
                    lock.dependencies = matches!(value, Data::List(_)).then_some(dependencies);
                }
                _ => {}
            },
            LOCK,
        );
    }
    decoder.finish().map_err(|error| error.into_error(file))?;
    Ok(lock)
}

const TEXTS: Target = Target::List(&Target::Text);

const METADATA: &[(&str, Target)] = &[
    ("name", Target::Text),
    ("home", Target::Text),
    ("sources", TEXTS),
    ("version", Target::Text),
    ("description", Target::Text),
    ("keywords", TEXTS),
    ("maintainers", Target::List(&Target::Struct(MAINTAINER))),
    ("icon", Target::Text),
    ("apiVersion", Target::Text),
    ("condition", Target::Text),
    ("tags", Target::Text),
    ("appVersion", Target::Text),
    ("deprecated", Target::Any),
    ("annotations", Target::Map(&Target::Text)),
    ("kubeVersion", Target::Text),
    ("dependencies", DEPENDENCIES),
    ("type", Target::Text),
];

const MAINTAINER: &[(&str, Target)] =
    &[("name", Target::Text), ("email", Target::Text), ("url", Target::Text)];

const DEPENDENCIES: Target = Target::List(&Target::Struct(DEPENDENCY));

const DEPENDENCY: &[(&str, Target)] = &[
    ("name", Target::Text),
    ("version", Target::Text),
    ("repository", Target::Text),
    ("condition", Target::Text),
    ("tags", TEXTS),
    ("enabled", Target::Any),
    ("import-values", Target::Any),
    ("alias", Target::Text),
];

const LOCK: &[(&str, Target)] =
    &[("generated", Target::Any), ("digest", Target::Text), ("dependencies", DEPENDENCIES)];

/// What is looked at to find out by which rules a chart is read (Helm: `pkg/chart/loader/load.go`, `chartBase`).
const BASE: &[(&str, Target)] = &[("apiVersion", Target::Text)];

/// The `apiVersion` of a Chart.yaml, whatever else it says.
pub(crate) fn api_version(file: &str, bytes: &[u8]) -> Result<String, ChartError> {
    let data = yaml(bytes, BASE).map_err(|error| error.into_error(file))?;
    let mut version = String::new();
    let mut decoder = Decoder::default();
    if let Some(map) = decoder.root(&data, "loader.chartBase") {
        decoder.fields(map, &mut |decoder, _, value| decoder.text(value, &mut version), BASE);
    }
    decoder.finish().map_err(|error| error.into_error(file))?;
    Ok(version)
}

fn maintainer(decoder: &mut Decoder, map: &DataMap, item: &mut Maintainer) {
    decoder.fields(
        map,
        &mut |decoder, field, value| match field {
            "name" => decoder.text(value, &mut item.name),
            "email" => decoder.text(value, &mut item.email),
            "url" => decoder.text(value, &mut item.url),
            _ => {}
        },
        MAINTAINER,
    );
}

fn dependency(decoder: &mut Decoder, map: &DataMap, item: &mut Dependency) {
    decoder.fields(
        map,
        &mut |decoder, field, value| match field {
            "name" => decoder.text(value, &mut item.name),
            "version" => decoder.text(value, &mut item.version),
            "repository" => decoder.text(value, &mut item.repository),
            "condition" => decoder.text(value, &mut item.condition),
            "tags" => decoder.texts(value, &mut item.tags),
            "enabled" => decoder.flag(value, &mut item.enabled),
            "import-values" => decoder.list(value, &mut item.import_values),
            "alias" => decoder.text(value, &mut item.alias),
            _ => {}
        },
        DEPENDENCY,
    );
}

/// Why YAML did not become what was asked for: Helm's text, and the line where it is known.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) line: u32,
    pub(crate) message: String,
}

impl Failure {
    fn into_error(self, file: &str) -> ChartError {
        let Self { line, message } = self;
        ChartError::Yaml { file: file.to_owned(), line, message: format!("cannot load {file}: {message}") }
    }
}

/// The YAML of one document, with texts for the fields that want some.
fn yaml(bytes: &[u8], fields: &'static [(&'static str, Target)]) -> Result<Data, Failure> {
    pintle_yaml::parse_into(bytes, &pintle_yaml::Limits::default(), Target::Struct(fields))
        .map_err(Failure::from)
}

/// The YAML of one document that has to be a map; an empty document is an empty one.
pub(crate) fn yaml_map(bytes: &[u8]) -> Result<DataMap, Failure> {
    pintle_yaml::parse_map(bytes, &pintle_yaml::Limits::default()).map_err(Failure::from)
}

impl From<pintle_yaml::Error> for Failure {
    fn from(error: pintle_yaml::Error) -> Self {
        Self { line: error.position().map_or(0, |position| position.line), message: error.to_string() }
    }
}

/// Go's decoder: goes on behind the first error, which it keeps.
#[derive(Default)]
struct Decoder {
    path: Vec<String>,
    error: Option<String>,
    /// Whether fields that nobody asks for are an error (Go: `DisallowUnknownFields`).
    strict: bool,
}

type Field<'a> = &'a mut dyn FnMut(&mut Decoder, &str, &Data);

impl Decoder {
    fn finish(self) -> Result<(), Failure> {
        match self.error {
            None => Ok(()),
            Some(error) => Err(Failure {
                line: 0,
                message: format!("error unmarshaling JSON: while decoding JSON: {error}"),
            }),
        }
    }

    fn root<'a>(&mut self, data: &'a Data, go_type: &str) -> Option<&'a DataMap> {
        match data {
            Data::Map(map) => Some(map),
            Data::Null => None,
            _ => {
                self.mismatch(data, go_type);
                None
            }
        }
    }

    /// Go: `encoding/json/v2_decode.go`, `UnmarshalTypeError.Error`.
    fn mismatch(&mut self, data: &Data, go_type: &str) {
        if self.error.is_some() {
            return;
        }
        let value = data.json_kind();
        let place = match self.path.last() {
            None => "Go value".to_owned(),
            Some(last) => {
                let is_index = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
                let path: Vec<_> = self.path.iter().map(|step| pointer_token(step)).collect();
                format!("{}.{}", if is_index { "" } else { "Go struct field " }, path.join("."))
            }
        };
        self.error = Some(format!("json: cannot unmarshal {value} into {place} of type {go_type}"));
    }

    fn fields(&mut self, map: &DataMap, field: Field<'_>, known: &[(&str, Target)]) {
        for (key, value) in map {
            let key = key.to_str_lossy();
            let mut names = known.iter().map(|(name, _)| *name);
            let name = names
                .clone()
                .find(|name| *name == key)
                .or_else(|| names.find(|name| name.eq_ignore_ascii_case(&key)));
            if let Some(name) = name {
                self.path.push(key.into_owned());
                field(self, name, value);
                self.path.pop();
            } else if self.strict && self.error.is_none() {
                self.error = Some(format!("json: unknown field {}", pintle_value::quoted(&*key)));
            }
        }
    }

    fn text(&mut self, data: &Data, into: &mut String) {
        match data {
            Data::Null => {}
            Data::String(text) => *into = text.to_str_lossy().into_owned(),
            _ => self.mismatch(data, "string"),
        }
    }

    fn texts(&mut self, data: &Data, into: &mut Vec<String>) {
        match data {
            Data::Null => {}
            Data::List(list) => {
                into.clear();
                for (index, item) in list.iter().enumerate() {
                    let mut text = String::new();
                    self.path.push(index.to_string());
                    self.text(item, &mut text);
                    self.path.pop();
                    into.push(text);
                }
            }
            _ => self.mismatch(data, "[]string"),
        }
    }

    fn text_map(&mut self, data: &Data, into: &mut BTreeMap<String, String>) {
        match data {
            Data::Null => {}
            Data::Map(map) => {
                for (key, value) in map {
                    let key = key.to_str_lossy().into_owned();
                    let mut text = String::new();
                    self.path.push(key.clone());
                    self.text(value, &mut text);
                    self.path.pop();
                    into.insert(key, text);
                }
            }
            _ => self.mismatch(data, "map[string]string"),
        }
    }

    fn flag(&mut self, data: &Data, into: &mut bool) {
        match data {
            Data::Null => {}
            Data::Bool(value) => *into = *value,
            _ => self.mismatch(data, "bool"),
        }
    }

    fn list(&mut self, data: &Data, into: &mut Vec<Data>) {
        match data {
            Data::Null => {}
            Data::List(list) => *into = list.iter().cloned().collect(),
            _ => self.mismatch(data, "[]interface {}"),
        }
    }

    fn time(&mut self, data: &Data, into: &mut String) {
        match data {
            Data::Null => {}
            Data::String(text) => {
                let text = text.to_str_lossy();
                if text.parse::<crate::Timestamp>().is_ok() {
                    *into = text.into_owned();
                } else if self.error.is_none() {
                    self.error = Some(format!(
                        "parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse it as RFC 3339",
                        pintle_value::quoted(&*text)
                    ));
                }
            }
            _ if self.error.is_none() => {
                self.error = Some("Time.UnmarshalJSON: input is not a JSON string".to_owned());
            }
            _ => {}
        }
    }

    /// Reads a list of structs; gives whether one of them is `null`.
    fn structs<T: Default>(
        &mut self,
        data: &Data,
        go_type: &str,
        into: &mut Vec<T>,
        fill: &mut dyn FnMut(&mut Self, &DataMap, &mut T),
    ) -> bool {
        let mut null = false;
        match data {
            Data::Null => {}
            Data::List(list) => {
                into.clear();
                for (index, item) in list.iter().enumerate() {
                    let mut value = T::default();
                    self.path.push(index.to_string());
                    match item {
                        Data::Null => null = true,
                        Data::Map(map) => fill(self, map, &mut value),
                        _ => self.mismatch(item, go_type),
                    }
                    self.path.pop();
                    into.push(value);
                }
            }
            _ => self.mismatch(data, &format!("[]*{go_type}")),
        }
        null
    }
}
