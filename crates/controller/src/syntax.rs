//! How text becomes values, as Helm reads it.

use pintle::chart::Values;
use pintle::value::{DataMap, Origin};

use crate::values::{Assignment, Syntax};

/// Helm's syntax: YAML files, and `--set` and `--set-string` for single values.
#[derive(Clone, Copy, Debug, Default)]
pub struct HelmSyntax;

impl Syntax for HelmSyntax {
    fn file(&self, text: &str) -> Result<DataMap, String> {
        pintle::yaml::parse_map(text.as_bytes(), &pintle::yaml::Limits::default()).map_err(|error| {
            // The reader's own words quote what they could not read, which may be secret.
            let what = match error.kind() {
                pintle::yaml::ErrorKind::Type => "it is no table of names and values",
                pintle::yaml::ErrorKind::Limit => "it is too large or too deep",
                _ => "it is not valid YAML",
            };
            match error.position() {
                Some(position) => format!("{what} ({position})"),
                None => what.to_owned(),
            }
        })
    }

    fn assign(&self, values: DataMap, assignment: &str, kind: Assignment) -> Result<DataMap, String> {
        let builder = Values::builder().data(Origin::default(), values);
        let builder = match kind {
            Assignment::Typed => builder.set(assignment),
            Assignment::Text => builder.set_string(assignment),
        };
        let built = builder.build().map_err(|_| {
            "it cannot be set at the targetPath: path and content must follow the syntax of helm's --set; \
             `literal: true` takes the content as it is"
                .to_owned()
        })?;
        Ok(built.data().clone())
    }
}
