//! Text to data: Helm's ways to read a document.

use pintle_value::{Data, DataList, DataMap};

use crate::decode::{Duplicates, Numbers, decode, decode_into};
use crate::{Document, Error, ErrorKind, Limits, Target, direct};

const CONVERTING: &str = "error converting YAML to JSON";
const UNMARSHALING: &str = "error unmarshaling JSON";

/// Reads the first document of a text as `sigs.k8s.io/yaml.Unmarshal` into an `interface{}` does.
///
/// Every number becomes a [`Data::Float`]; keys that are booleans or numbers become strings; of two equal keys the
/// later one counts. A text without a document is [`Data::Null`]; what stands behind the first document is not
/// looked at, as Helm does not either.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Data, Error> {
    read(bytes, limits, Duplicates::LastWins, Numbers::Floats)
}

/// Reads as [`parse`] does, but refuses a key that stands twice in a map
/// (`sigs.k8s.io/yaml.UnmarshalStrict`).
pub fn parse_strict(bytes: &[u8], limits: &Limits) -> Result<Data, Error> {
    read(bytes, limits, Duplicates::Refuse, Numbers::Floats)
}

/// Reads as [`parse`] does, but whole numbers within `i64` stay [`Data::Int`] (`sigs.k8s.io/yaml.YAMLToJSON`).
pub fn parse_typed(bytes: &[u8], limits: &Limits) -> Result<Data, Error> {
    read(bytes, limits, Duplicates::LastWins, Numbers::Typed)
}

/// Reads as [`parse_typed`] does, with texts in the place of numbers and booleans where the target wants some
/// (`sigs.k8s.io/yaml.Unmarshal` into a struct).
///
/// ```
/// use pintle_value::Data;
/// use pintle_yaml::{Limits, Target, parse_into};
///
/// let target = Target::Struct(&[("version", Target::Text)]);
/// let data = parse_into(b"{version: 1.10, other: 1.10}", &Limits::default(), target)?;
/// assert_eq!(data.at(&["version"]), Some(&Data::from("1.1")));
/// assert_eq!(data.at(&["other"]), Some(&Data::Float(1.1)));
/// # Ok::<(), pintle_yaml::Error>(())
/// ```
pub fn parse_into(bytes: &[u8], limits: &Limits, target: Target) -> Result<Data, Error> {
    if let Some(data) = direct::read(bytes, limits, Numbers::Typed)
        && let Some(texts) = direct::read(bytes, limits, Numbers::Texts)
    {
        return Ok(target.choose(&data, &texts));
    }
    read_into(bytes, limits, Duplicates::LastWins, target)
}

/// Reads as [`parse_into`] does, but refuses a key that stands twice in a map
/// (`sigs.k8s.io/yaml.UnmarshalStrict`).
pub fn parse_into_strict(bytes: &[u8], limits: &Limits, target: Target) -> Result<Data, Error> {
    read_into(bytes, limits, Duplicates::Refuse, target)
}

fn read_into(bytes: &[u8], limits: &Limits, duplicates: Duplicates, target: Target) -> Result<Data, Error> {
    let document = Document::first(bytes, limits).map_err(|error| error.while_at(CONVERTING))?;
    match document {
        Some(document) => {
            decode_into(&document, duplicates, target).map_err(|error| error.while_at(CONVERTING))
        }
        None => Ok(Data::Null),
    }
}

/// Reads a document that is a map, as Helm's `fromYaml` does; `null` and a text without a document are an empty map.
///
/// ```
/// use pintle_yaml::{Limits, parse_map};
///
/// assert!(parse_map(b"# nothing", &Limits::default())?.is_empty());
/// assert_eq!(
///     parse_map(b"[1]", &Limits::default()).unwrap_err().to_string(),
///     "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type \
///      map[string]interface {}",
/// );
/// # Ok::<(), pintle_yaml::Error>(())
/// ```
pub fn parse_map(bytes: &[u8], limits: &Limits) -> Result<DataMap, Error> {
    match parse(bytes, limits)? {
        Data::Map(map) => Ok(map),
        Data::Null => Ok(DataMap::default()), // Go: encoding/json leaves the target as it is
        other => Err(mismatch(&other, "map[string]interface {}")),
    }
}

/// Reads a document that is a list, as Helm's `fromYamlArray` does; `null` and a text without a document are an empty
/// list.
pub fn parse_list(bytes: &[u8], limits: &Limits) -> Result<DataList, Error> {
    match parse(bytes, limits)? {
        Data::List(list) => Ok(list),
        Data::Null => Ok(DataList::default()),
        other => Err(mismatch(&other, "[]interface {}")),
    }
}

fn read(bytes: &[u8], limits: &Limits, duplicates: Duplicates, numbers: Numbers) -> Result<Data, Error> {
    if let Some(data) = direct::read(bytes, limits, numbers) {
        return Ok(data);
    }
    read_any(bytes, limits, duplicates, numbers)
}

/// Reads a text of any shape.
pub(crate) fn read_any(
    bytes: &[u8],
    limits: &Limits,
    duplicates: Duplicates,
    numbers: Numbers,
) -> Result<Data, Error> {
    let document = Document::first(bytes, limits).map_err(|error| error.while_at(CONVERTING))?;
    match document {
        Some(document) => decode(&document, duplicates, numbers).map_err(|error| error.while_at(CONVERTING)),
        None => Ok(Data::Null),
    }
}

/// Go: `encoding/json`, `UnmarshalTypeError`.
fn mismatch(found: &Data, wanted: &str) -> Error {
    let found = found.json_kind();
    Error::new(
        ErrorKind::Type,
        format!("while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"),
    )
    .while_at(UNMARSHALING)
}
