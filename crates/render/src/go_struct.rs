//! Data read into a Go struct, as `encoding/json` does it behind Kubernetes' YAML (Go: `encoding/json/v2_decode.go`).

use pintle_value::Data;

/// The field of a Go struct that a key of JSON goes to: one of exactly that name, else one that differs in case only.
pub(crate) fn field<'a>(key: &str, fields: &[&'a str]) -> Option<&'a str> {
    fields
        .iter()
        .find(|field| **field == key)
        .or_else(|| fields.iter().find(|field| field.eq_ignore_ascii_case(key)))
        .copied()
}

/// Reads the parts of a struct, and keeps the first error, as Go's decoder does. Paths begin with a dot.
#[derive(Debug, Default)]
pub(crate) struct Reader(Option<String>);

impl Reader {
    /// A text, or what YAML takes for a text where one is wanted: a boolean or a number.
    pub(crate) fn text(&mut self, data: &Data, path: &str, into: &mut String) {
        match data {
            Data::Null => {}
            Data::String(text) => *into = text.to_str_lossy().into_owned(),
            Data::Bool(value) => *into = value.to_string(),
            Data::Int(value) => *into = value.to_string(),
            Data::Float(value) => *into = pintle_chart::number_text(*value),
            other => self.mismatch_in(other, path, "string"),
        }
    }

    /// A value of the wrong kind at a path. A path whose last step is a number is no struct's field to Go.
    pub(crate) fn mismatch_in(&mut self, data: &Data, path: &str, go_type: &str) {
        let last = path.rsplit('.').next().unwrap_or(path);
        let is_index = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        self.say(data, &if is_index { path.to_owned() } else { format!("Go struct field {path}") }, go_type);
    }

    /// A whole document of the wrong kind.
    pub(crate) fn mismatch(&mut self, data: &Data, go_type: &str) {
        self.say(data, "Go value", go_type);
    }

    fn say(&mut self, data: &Data, place: &str, go_type: &str) {
        let value = data.json_kind();
        self.0
            .get_or_insert_with(|| format!("json: cannot unmarshal {value} into {place} of type {go_type}"));
    }

    /// What was read, or the first error in the words of `sigs.k8s.io/yaml`.
    pub(crate) fn end<T>(self, read: T) -> Result<T, String> {
        match self.0 {
            None => Ok(read),
            Some(error) => Err(format!("error unmarshaling JSON: while decoding JSON: {error}")),
        }
    }
}
