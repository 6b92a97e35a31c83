//! The schemas of schemas: the documents that <https://json-schema.org> publishes under the Academic Free License 3.0 or
//! the BSD licence.

use std::sync::OnceLock;

use super::compile::{Compiled, Formats};
use super::resource::{Document, Draft};

/// Documents by their addresses, each with its scheme apart.
macro_rules! documents {
    ($($scheme:literal $path:literal)*) => {
        &[$(($scheme, $path, include_str!(concat!("metaschemas/", $path, ".json")))),*]
    };
}

const DOCUMENTS: &[(&str, &str, &str)] = documents! {
    "http" "draft-04/schema"
    "http" "draft-06/schema"
    "http" "draft-07/schema"
    "https" "draft/2019-09/schema"
    "https" "draft/2019-09/meta/applicator"
    "https" "draft/2019-09/meta/content"
    "https" "draft/2019-09/meta/core"
    "https" "draft/2019-09/meta/format"
    "https" "draft/2019-09/meta/meta-data"
    "https" "draft/2019-09/meta/validation"
    "https" "draft/2020-12/schema"
    "https" "draft/2020-12/meta/applicator"
    "https" "draft/2020-12/meta/content"
    "https" "draft/2020-12/meta/core"
    "https" "draft/2020-12/meta/format-annotation"
    "https" "draft/2020-12/meta/format-assertion"
    "https" "draft/2020-12/meta/meta-data"
    "https" "draft/2020-12/meta/unevaluated"
    "https" "draft/2020-12/meta/validation"
};

const HOST: &str = "://json-schema.org/";

/// The document at this address; the error is Helm's text for one that cannot be had.
pub(super) fn document(address: &str) -> Result<Document, String> {
    let wanted = address.split_once(HOST).map(|(_, path)| path);
    match DOCUMENTS.iter().find(|(_, path, _)| Some(*path) == wanted) {
        Some((scheme, path, text)) => {
            let data = serde_json::from_str(text).map_err(|error| error.to_string())?;
            Document::new(&format!("{scheme}{HOST}{path}"), &data)
        }
        None => Err(format!(
            "failing loading {}: schemas are not fetched; write it into the chart's schema",
            pintle_value::quoted(address)
        )),
    }
}

/// What the schemas of a draft must fit; compiled once for all charts.
pub(super) fn compiled(draft: Draft) -> Result<&'static Compiled, String> {
    static COMPILED: [OnceLock<Result<Compiled, String>>; Draft::ALL.len()] =
        [const { OnceLock::new() }; Draft::ALL.len()];
    let make = || Compiled::compile(document(draft.metaschema())?, Formats::Assert);
    let place = Draft::ALL.iter().position(|one| *one == draft);
    match place.and_then(|place| COMPILED.get(place)) {
        Some(cell) => cell.get_or_init(make).as_ref().map_err(Clone::clone),
        None => Err(format!("{draft:?} has no metaschema")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draft_has_its_metaschema() {
        for draft in Draft::ALL {
            compiled(draft).unwrap();
        }
    }

    #[test]
    fn every_document_can_be_read_by_either_scheme() {
        for (_, path, _) in DOCUMENTS {
            for scheme in ["http", "https"] {
                document(&format!("{scheme}{HOST}{path}")).unwrap();
            }
        }
    }
}
