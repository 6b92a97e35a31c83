//! The values of a release, put together from `values` and `valuesFrom`.
//!
//! The rule is the one that Flux documents, in three layers: the files of `valuesFrom` in their order, `values` over
//! them, and what has a `targetPath` over all of that, in its order. (Flux's code merges `values` more than once, and
//! lets them win over some target paths and not over others.)

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client};
use pintle::Sensitive;
use pintle_value::{Data, DataMap};

use crate::api::{ValuesKind, ValuesReference};

/// The key that is read where a reference names none.
const DEFAULT_KEY: &str = "values.yaml";

/// Largest content of one reference that is read, in bytes; no Secret or ConfigMap holds more.
const LARGEST: usize = 1 << 20;

/// How text becomes values: a file of YAML, and an assignment as `--set` takes it.
pub trait Syntax: Send + Sync {
    /// Reads a file of values. An empty one has none.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, in words that do not quote it: it may come from a Secret.
    fn file(&self, text: &str) -> Result<DataMap, String>;

    /// Carries out the assignment `path=value` on `values`.
    ///
    /// # Errors
    ///
    /// What is wrong with the assignment, in words that do not quote its value.
    fn assign(&self, values: DataMap, assignment: &str, kind: Assignment) -> Result<DataMap, String>;
}

/// What the right side of an assignment can be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Assignment {
    /// Anything, as with `--set`: `true`, `3`, `{a,b}`, text.
    Typed,
    /// Text alone, as with `--set-string`.
    Text,
}

/// Why the values could not be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValuesError {
    /// `values` is not a table.
    #[error("spec.values is no table of names and values")]
    NotATable,
    /// A referenced object does not exist.
    #[error("spec.valuesFrom[{index}]: there is no {kind} {name} in namespace {namespace}; waiting for it")]
    NoObject {
        /// Position of the reference.
        index: usize,
        /// Kind of the object.
        kind: &'static str,
        /// Name of the object.
        name: String,
        /// Namespace of the object.
        namespace: String,
    },
    /// A referenced object has not the key.
    #[error("spec.valuesFrom[{index}]: the {kind} {namespace}/{name} has no key {key}")]
    NoKey {
        /// Position of the reference.
        index: usize,
        /// Kind of the object.
        kind: &'static str,
        /// Name of the object.
        name: String,
        /// Namespace of the object.
        namespace: String,
        /// The key.
        key: String,
    },
    /// The content of a key cannot be used.
    #[error("spec.valuesFrom[{index}]: key {key} of the {kind} {name}: {problem}")]
    Content {
        /// Position of the reference.
        index: usize,
        /// Kind of the object.
        kind: &'static str,
        /// Name of the object.
        name: String,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A referenced object could not be read.
    #[error("spec.valuesFrom[{index}]: the {kind} {namespace}/{name} could not be read")]
    Read {
        /// Position of the reference.
        index: usize,
        /// Kind of the object.
        kind: &'static str,
        /// Name of the object.
        name: String,
        /// Namespace of the object.
        namespace: String,
        /// What the API server answered.
        #[source]
        source: Box<kube::Error>,
    },
}

/// A reference and what it led to; nothing where it is optional and led nowhere.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// The reference.
    pub reference: &'a ValuesReference,
    /// Content of the key.
    pub content: Option<String>,
}

/// Reads what `references` point to, in `namespace` of the management cluster.
pub async fn resolve<'a>(
    client: &Client,
    namespace: &str,
    references: &'a [ValuesReference],
) -> Result<Vec<Resolved<'a>>, ValuesError> {
    let mut resolved = Vec::with_capacity(references.len());
    for (index, reference) in references.iter().enumerate() {
        let kind = kind(reference);
        let (name, namespace) = (reference.name.clone(), namespace.to_owned());
        let found = match reference.kind {
            ValuesKind::Secret => {
                Api::<Secret>::namespaced(client.clone(), &namespace).get_opt(&name).await.map(|secret| {
                    secret.map(|secret| {
                        secret.data.unwrap_or_default().remove(key(reference)).map(|data| data.0)
                    })
                })
            }
            ValuesKind::ConfigMap => {
                Api::<ConfigMap>::namespaced(client.clone(), &namespace).get_opt(&name).await.map(|map| {
                    map.map(|map| map.data.unwrap_or_default().remove(key(reference)).map(String::into_bytes))
                })
            }
        };
        let optional = reference.optional == Some(true);
        let content = match found {
            Ok(Some(Some(bytes))) => Some(text(bytes, index, reference)?),
            Ok(None | Some(None)) if optional => None,
            Ok(None) => return Err(ValuesError::NoObject { index, kind, name, namespace }),
            Ok(Some(None)) => {
                return Err(ValuesError::NoKey {
                    index,
                    kind,
                    name,
                    namespace,
                    key: key(reference).to_owned(),
                });
            }
            Err(source) => {
                return Err(ValuesError::Read { index, kind, name, namespace, source: Box::new(source) });
            }
        };
        resolved.push(Resolved { reference, content });
    }
    Ok(resolved)
}

/// Puts the layers together.
pub fn compose(
    inline: Option<&Data>,
    references: &[Resolved<'_>],
    syntax: &dyn Syntax,
) -> Result<DataMap, ValuesError> {
    let inline = match inline {
        None | Some(Data::Null) => DataMap::default(),
        Some(Data::Map(map)) => map.clone(),
        Some(_) => return Err(ValuesError::NotATable),
    };
    let contents = || {
        references.iter().enumerate().filter_map(|(index, resolved)| {
            resolved.content.as_deref().map(|content| (index, resolved.reference, content))
        })
    };
    let mut values = DataMap::default();
    for (index, reference, content) in contents().filter(|(_, reference, _)| path(reference).is_none()) {
        let file = syntax.file(content).map_err(|problem| refused(index, reference, problem))?;
        values = merge(&values, &file);
    }
    values = merge(&values, &inline);
    for (index, reference, content) in contents() {
        let Some(path) = path(reference) else { continue };
        let (value, kind) = right_side(content, reference.literal == Some(true));
        values = syntax
            .assign(values, &format!("{path}={value}"), kind)
            .map_err(|problem| refused(index, reference, problem))?;
    }
    Ok(values)
}

/// The texts that come from Secrets, which nothing may show.
pub fn sensitive(references: &[Resolved<'_>], syntax: &dyn Syntax) -> Sensitive {
    let secret = references.iter().filter(|resolved| resolved.reference.kind == ValuesKind::Secret);
    secret.fold(Sensitive::default(), |all, resolved| {
        let Some(content) = &resolved.content else { return all };
        all.and(&match (path(resolved.reference), syntax.file(content)) {
            (None, Ok(values)) => Sensitive::of_values(&values),
            _ => Sensitive::of_texts([content.as_str()]),
        })
    })
}

/// Lays `over` on `below`: tables are merged, anything else takes the place of what was there.
fn merge(below: &DataMap, over: &DataMap) -> DataMap {
    let kept = below.iter().map(|(key, old)| {
        let merged = match (old, over.get_bytes(key)) {
            (_, None) => old.clone(),
            (Data::Map(old), Some(Data::Map(new))) => Data::Map(merge(old, new)),
            (_, Some(new)) => new.clone(),
        };
        (key.clone(), merged)
    });
    let added = over.iter().filter(|(key, _)| below.get_bytes(key).is_none()).cloned();
    kept.chain(added).collect()
}

/// What stands right of the `=` (Flux: `pkg/chartutil/values.go`, `ReplacePathValue`, `ReplacePathLiteralValue`):
/// quoted content is text, literal content is escaped so that all of it is text.
fn right_side(content: &str, literal: bool) -> (String, Assignment) {
    if literal {
        let mut escaped = String::with_capacity(content.len());
        for letter in content.chars() {
            if matches!(letter, '\\' | ',' | '[' | ']' | '{' | '}') {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        return (escaped, Assignment::Text);
    }
    let quoted = |quote: char| content.starts_with(quote) && content.ends_with(quote);
    if quoted('\'') || quoted('"') {
        return (content.trim_matches(['\'', '"']).to_owned(), Assignment::Text);
    }
    (content.to_owned(), Assignment::Typed)
}

fn path(reference: &ValuesReference) -> Option<&str> {
    reference.target_path.as_deref().filter(|path| !path.is_empty())
}

fn key(reference: &ValuesReference) -> &str {
    reference.values_key.as_deref().filter(|key| !key.is_empty()).unwrap_or(DEFAULT_KEY)
}

fn kind(reference: &ValuesReference) -> &'static str {
    match reference.kind {
        ValuesKind::Secret => "Secret",
        ValuesKind::ConfigMap => "ConfigMap",
    }
}

fn text(bytes: Vec<u8>, index: usize, reference: &ValuesReference) -> Result<String, ValuesError> {
    if bytes.len() > LARGEST {
        return Err(refused(index, reference, format!("it is larger than {LARGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| refused(index, reference, "it is not UTF-8".to_owned()))
}

fn refused(index: usize, reference: &ValuesReference, problem: String) -> ValuesError {
    ValuesError::Content {
        index,
        kind: kind(reference),
        name: reference.name.clone(),
        key: key(reference).to_owned(),
        problem,
    }
}
