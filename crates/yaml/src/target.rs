//! What a document is decoded into, as far as `sigs.k8s.io/yaml` looks at it.

use pintle_value::{Data, DataList, DataMap};

/// The Go type that a value of a document goes into: where that is a string, numbers and booleans become one
/// (`sigs.k8s.io/yaml`: `convertToJSONableObject`, `jsonTarget`).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Target {
    /// Everything stays what it is.
    Any,
    /// A string.
    Text,
    /// A slice of these.
    List(&'static Self),
    /// A map whose values are these.
    Map(&'static Self),
    /// A struct with these fields, by their names in JSON. They match whatever their case; all others stay what they are.
    Struct(&'static [(&'static str, Self)]),
}

impl Target {
    /// The data, with a text wherever one is wanted: `texts` is the same data in which numbers and booleans are texts.
    pub(crate) fn choose(&self, data: &Data, texts: &Data) -> Data {
        match (self, data, texts) {
            (Self::Text, Data::Bool(_) | Data::Int(_) | Data::Float(_), text) => text.clone(),
            (Self::List(target), Data::List(data), Data::List(texts)) => {
                let items = data.iter().zip(texts.iter()).map(|(data, text)| target.choose(data, text));
                Data::List(items.collect::<DataList>())
            }
            (Self::Map(target), Data::Map(data), Data::Map(texts)) => choose(data, texts, |_| target),
            (Self::Struct(fields), Data::Map(data), Data::Map(texts)) => {
                choose(data, texts, |name| field(fields, name))
            }
            (_, data, _) => data.clone(),
        }
    }
}

fn choose(data: &DataMap, texts: &DataMap, target: impl Fn(&str) -> &'static Target) -> Data {
    let members = data.iter().zip(texts.iter());
    let chosen = members
        .map(|((key, value), (_, text))| (key.clone(), target(&key.to_str_lossy()).choose(value, text)));
    Data::Map(chosen.collect::<DataMap>())
}

/// The field of this name, else the first that differs only in case.
fn field(fields: &'static [(&'static str, Target)], name: &str) -> &'static Target {
    fields
        .iter()
        .find(|(field, _)| *field == name)
        .or_else(|| fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)))
        .map_or(&Target::Any, |(_, target)| target)
}
