//! Texts that must not be shown.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_cluster::REDACTED;
use pintle_value::{Data, DataMap};

/// Shorter texts are hidden only where they are the whole of a value: `a` or `80` stand in every manifest.
const SHORTEST: usize = 4;

/// Shorter pieces of base64 say nothing about where they come from.
const SHORTEST_ENCODED: usize = 8;

/// Texts that must not be shown, such as values that come from a Secret: plans and failures have [`REDACTED`] wherever
/// they stand, by themselves, within other texts, encoded as base64 or as JSON, or with their lines indented.
///
/// Texts of fewer than 4 characters are hidden only where they are a whole value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sensitive {
    /// The texts as whole values.
    whole: Arc<Vec<String>>,
    /// All forms that are looked for within texts, the longest first.
    within: Arc<Vec<String>>,
}

impl Sensitive {
    /// Every text and number in these values.
    pub fn of_values(values: &DataMap) -> Self {
        let mut whole = Vec::new();
        for (_, value) in values {
            collect(value, &mut whole);
        }
        Self::of_texts(whole)
    }

    /// These texts.
    pub fn of_texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut whole: Vec<String> =
            texts.into_iter().map(Into::into).filter(|text| !text.is_empty()).collect();
        whole.sort_unstable();
        whole.dedup();
        let mut within: Vec<String> = whole.iter().flat_map(|text| forms(text)).collect();
        within.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        within.dedup();
        Self { whole: Arc::new(whole), within: Arc::new(within) }
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::of_texts(self.whole.iter().chain(other.whole.iter()).cloned())
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    /// A text without what must not be shown.
    pub fn mask(&self, text: &str) -> String {
        if self.is_whole(text) {
            return REDACTED.to_owned();
        }
        let mut masked = text.to_owned();
        for form in self.within.iter() {
            if masked.contains(form.as_str()) {
                masked = masked.replace(form.as_str(), REDACTED);
            }
        }
        masked
    }

    /// The same with all texts and numbers of a tree, names of members included.
    pub fn mask_data(&self, data: &Data) -> Data {
        if self.is_empty() {
            return data.clone();
        }
        match data {
            Data::Map(map) => Data::Map(
                map.iter()
                    .map(|(name, value)| (self.mask(&name.to_str_lossy()), self.mask_data(value)))
                    .collect(),
            ),
            Data::List(list) => Data::List(list.iter().map(|item| self.mask_data(item)).collect()),
            Data::Null | Data::Bool(_) => data.clone(),
            scalar => match written(scalar) {
                Some(text) => {
                    let masked = self.mask(&text);
                    if masked == text { scalar.clone() } else { Data::from(masked) }
                }
                None => scalar.clone(),
            },
        }
    }

    fn is_whole(&self, text: &str) -> bool {
        self.whole.binary_search_by(|known| known.as_str().cmp(text)).is_ok()
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sensitive({} texts)", self.whole.len())
    }
}

fn collect(value: &Data, texts: &mut Vec<String>) {
    match value {
        Data::Map(map) => map.iter().for_each(|(_, value)| collect(value, texts)),
        Data::List(list) => list.iter().for_each(|item| collect(item, texts)),
        Data::Null | Data::Bool(_) => {}
        scalar => texts.extend(written(scalar)),
    }
}

/// A text, or a number as it is written.
fn written(scalar: &Data) -> Option<String> {
    match scalar.as_str() {
        Some(text) => Some(text.to_owned()),
        None => serde_json::to_string(scalar).ok(),
    }
}

/// What a text looks like within others.
fn forms(text: &str) -> Vec<String> {
    if text.chars().count() < SHORTEST {
        return Vec::new();
    }
    let mut forms = vec![text.to_owned()];
    // As `indent` and YAML's blocks write it.
    if text.contains('\n') {
        let lines = text.lines().map(str::trim).filter(|line| line.chars().count() >= SHORTEST);
        forms.extend(lines.map(str::to_owned));
    }
    // As JSON within a text.
    if let Ok(quoted) = serde_json::to_string(text)
        && let Some(inner) = quoted.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"'))
        && inner != text
    {
        forms.push(inner.to_owned());
    }
    forms.push(STANDARD.encode(text));
    // What base64 makes of it within a longer text: three bytes become four letters, so there are three ways, and the
    // letters at both ends depend on the neighbours.
    for before in 0..3_usize {
        let mut padded = vec![0; before];
        padded.extend_from_slice(text.as_bytes());
        let whole = padded.len() / 3 * 4;
        let encoded = STANDARD.encode(&padded);
        let from = if before == 0 { 0 } else { 4 };
        if let Some(inner) = encoded.get(from..whole)
            && inner.len() >= SHORTEST_ENCODED
        {
            forms.push(inner.to_owned());
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_hidden_wherever_they_stand() {
        let values: DataMap =
            serde_json::from_str(r#"{"password":"hunter2-and-more","short":"abc","port":5432,"on":true,"key":"first line\nsecond line\n"}"#)
                .unwrap();
        let sensitive = Sensitive::of_values(&values);
        let masked = |text: &str| sensitive.mask(text);
        assert_eq!(
            masked("url: postgres://u:hunter2-and-more@db:5432/x"),
            "url: postgres://u:(redacted)@db:(redacted)/x"
        );
        assert_eq!((masked("abc"), masked("abcdef")), ("(redacted)".to_owned(), "abcdef".to_owned()));
        assert_eq!(masked("    first line\n    second line"), "    (redacted)\n    (redacted)");
        assert_eq!(masked(r#"{"k":"first line\nsecond line\n"}"#), r#"{"k":"(redacted)"}"#);
        assert_eq!(masked(&STANDARD.encode("hunter2-and-more")), "(redacted)");
        for before in ["", "a", "ab", "abc"] {
            let encoded = STANDARD.encode(format!("{before}password=hunter2-and-more;"));
            let shown = masked(&encoded);
            assert!(shown.contains(REDACTED) && shown.len() < encoded.len(), "{shown}");
        }
        assert_eq!(masked("true"), "true");
        let tree: Data = serde_json::from_str(r#"{"a":[5432,"x",{"hunter2-and-more":null}]}"#).unwrap();
        let shown = serde_json::to_string(&sensitive.mask_data(&tree)).unwrap();
        assert_eq!(shown, r#"{"a":["(redacted)","x",{"(redacted)":null}]}"#);
        assert_eq!(format!("{sensitive:?}"), "Sensitive(4 texts)");
    }
}
