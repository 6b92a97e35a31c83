//! Who set each value that a chart's templates see: the user's files and flags, the chart's own `values.yaml`, that of
//! a chart around it, or one that values are imported from.

use std::fmt;

use pintle_value::{Data, Origin, Step, ValuePath};

use crate::values::Said;
use crate::{Chart, Values, values_file};

/// Who set each value that a chart's templates see.
///
/// ```
/// use pintle_chart::{Chart, File, Limits, Origins, Values};
/// use pintle_value::ValuePath;
///
/// let chart = Chart::from_files(vec![
///     File::new("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
///     File::new("values.yaml", "image:\n  repo: web\n  tag: v1\n"),
/// ], &Limits::default())?;
/// let values = Values::builder().set("image.tag=v2").build()?;
/// let origins = Origins::new(&chart, &values);
/// let said = |key| origins.of(&ValuePath::of_keys(["image", key])).map(|origin| origin.to_string());
/// assert_eq!(said("tag").as_deref(), Some("set by --set"));
/// assert_eq!(said("repo").as_deref(), Some("set by web/values.yaml:2:3"));
/// assert_eq!(said("none"), None);
/// # Ok::<(), pintle_chart::ChartError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Origins {
    values: Values,
    root: Level,
}

/// Who set a value, or removed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueOrigin {
    /// The path under which it was set, from the root of all values: another one than was asked for where it is a
    /// global of a chart around, or imported, or where something that is no map was set above it.
    pub path: ValuePath,
    /// Who set it.
    pub setter: Setter,
    /// Whether it was set or removed.
    pub effect: Effect,
    /// The file or flag, and the line where there is one.
    pub place: Origin,
}

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setter {
    /// The user, by a file or a flag; the caller of the library, where there is neither.
    User,
    /// The `values.yaml` of a chart, named by its path such as `web/charts/db`.
    Chart(String),
}

/// What a file or flag does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else to do to it")]
pub enum Effect {
    /// It sets it.
    Set,
    /// It removes it, by `null`.
    Removed,
}

/// One chart: its own values, and the charts inside it.
#[derive(Clone, Debug)]
struct Level {
    name: String,
    path: String,
    text: Option<Vec<u8>>,
    own: Data,
    imports: Vec<Import>,
    children: Vec<Level>,
}

/// Values of a chart inside that the chart takes among its own.
#[derive(Clone, Debug)]
struct Import {
    chart: String,
    from: ValuePath,
    to: ValuePath,
}

impl Origins {
    /// For a chart whose dependencies were processed ([`Chart::process_dependencies`]), with these values of the user.
    pub fn new(chart: &Chart, values: &Values) -> Self {
        Self { values: values.clone(), root: Level::of(chart, chart.name().to_owned()) }
    }

    /// Who set the value at this path from the root of all values: that of a chart inside is below its name
    /// (`db.image.tag`). `None` where nobody did.
    pub fn of(&self, path: &ValuePath) -> Option<ValueOrigin> {
        candidates(path).into_iter().find_map(|path| self.said(&path))
    }

    fn said(&self, path: &ValuePath) -> Option<ValueOrigin> {
        if let Some((said, effect)) = self.values.said(path) {
            return Some(ValueOrigin { path: said.path, setter: Setter::User, effect, place: said.place });
        }
        self.root.said(path, path)
    }
}

/// The paths that a value may have been set under, the winning one first: what a chart calls global is set by the
/// charts around it, the outermost first (Helm: `pkg/chart/common/util/coalesce.go`, coalesceGlobals).
fn candidates(path: &ValuePath) -> Vec<ValuePath> {
    let steps = path.steps();
    let is_global = |step: &Step| matches!(step, Step::Key(key) if *key == "global");
    let Some(at) = steps.iter().position(is_global) else { return vec![path.clone()] };
    let (above, below) = steps.split_at(at);
    (0..=above.len()).map(|count| above.iter().take(count).chain(below).cloned().collect()).collect()
}

impl Level {
    fn of(chart: &Chart, path: String) -> Self {
        let text = chart.raw_values().map(<[u8]>::to_vec);
        // A chart from a release record has no file, and its values hold those of the charts inside it too.
        let own = text.as_deref().and_then(|text| values_file::read(text).ok()).map(Data::Map);
        let imports = chart.metadata().dependencies.iter().flat_map(|dependency| {
            dependency.import_values.iter().filter_map(|import| Import::read(&dependency.name, import))
        });
        Self {
            name: chart.name().to_owned(),
            own: own.unwrap_or_else(|| chart.values().clone()),
            text,
            imports: imports.collect(),
            children: chart
                .dependencies()
                .iter()
                .map(|child| Self::of(child, format!("{path}/charts/{}", child.name())))
                .collect(),
            path,
        }
    }

    /// `path` is seen from this chart, `whole` from the root.
    fn said(&self, path: &ValuePath, whole: &ValuePath) -> Option<ValueOrigin> {
        if let Some((depth, effect)) = spoken(&self.own, path.steps(), Padding::Counts) {
            let Said { path: told, mut place } =
                Said::new(Origin::file(format!("{}/values.yaml", self.path)), path, depth);
            let position = self.text.as_deref().and_then(|text| values_file::find(text, told.steps()));
            if let Some((line, column)) = position {
                place = place.at(line, column);
            }
            let setter = Setter::Chart(self.path.clone());
            let above = whole.steps().len() - path.steps().len();
            let path = whole.steps().iter().take(above + depth).cloned().collect();
            return Some(ValueOrigin { path, setter, effect, place });
        }
        let imported = self.imports.iter().find_map(|import| {
            let child = self.children.iter().find(|child| child.name == import.chart)?;
            let inside = import.from.join(&path.behind(&import.to)?);
            let above = whole.steps().len() - path.steps().len();
            let root: ValuePath = whole.steps().iter().take(above).cloned().collect();
            child.said(&inside, &root.key(import.chart.as_str()).join(&inside))
        });
        imported.or_else(|| {
            let (first, rest) = path.steps().split_first()?;
            let child = self
                .children
                .iter()
                .find(|child| matches!(first, Step::Key(key) if *key == child.name.as_str()))?;
            child.said(&rest.iter().cloned().collect(), whole)
        })
    }
}

impl Import {
    /// Helm: `pkg/chart/v2/util/dependencies.go`, processImportValues.
    fn read(chart: &str, import: &Data) -> Option<Self> {
        let dotted = |text: &str| match text {
            "." => ValuePath::root(),
            text => ValuePath::of_keys(text.split('.')),
        };
        let (from, to) = match import {
            Data::Map(pair) => {
                let text = |key| pair.get(key).and_then(Data::as_str);
                (dotted(text("child")?), dotted(text("parent")?))
            }
            Data::String(name) => (ValuePath::of_keys(["exports", &name.to_str_lossy()]), ValuePath::root()),
            _ => return None,
        };
        Some(Self { chart: chart.to_owned(), from, to })
    }
}

/// Whether a `null` in a list is something that was said: `--set list[1]=x` says nothing of item 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    Counts,
    SaysNothing,
}

/// Whether `data` alone sets the value at a path, or removes it, and how many steps of the path it says that of: a
/// value that is no map covers everything below it.
pub(crate) fn spoken(data: &Data, path: &[Step], padding: Padding) -> Option<(usize, Effect)> {
    let mut data = data;
    for (depth, step) in path.iter().enumerate() {
        data = match (data, step) {
            (Data::Map(map), Step::Key(key)) => map.get_bytes(key)?,
            (Data::List(list), Step::Item(index)) => match list.get(*index) {
                None | Some(Data::Null) if padding == Padding::SaysNothing => return None,
                Some(item) => item,
                None => return Some((depth, Effect::Set)),
            },
            (Data::Map(_), Step::Item(_)) => return None,
            (Data::Null, _) => return Some((depth, Effect::Removed)),
            _ => return Some((depth, Effect::Set)),
        };
    }
    Some((path.len(), if data.is_null() { Effect::Removed } else { Effect::Set }))
}

impl fmt::Display for ValueOrigin {
    /// Says who set it and where: `set by prod.yaml:3:1`. The value itself is not in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.clone().value("");
        match self.effect {
            Effect::Set => write!(f, "set by {place}"),
            Effect::Removed => write!(f, "removed by {place}"),
        }
    }
}
