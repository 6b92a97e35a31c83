//! Which fields of an object a server refuses.
//!
//! Validation lists them (`details.causes`); what fails before it, while the object is read, has them in its text alone
//! (Kubernetes: `sigs.k8s.io/json`, strict errors; `sigs.k8s.io/structured-merge-diff`, `typed`; Go: `encoding/json`).

use crate::Refusal;

/// The most fields that are taken of one answer.
const MOST: usize = 64;

impl Refusal {
    /// The fields of the object that the server names as wrong or unknown, such as `spec.ports[0].port`; without a dot
    /// before them and without doubles. Empty where it names none.
    pub fn fields(&self) -> Vec<String> {
        let mut fields = Vec::new();
        let mut add = |field: &str| {
            let field = field.trim_start_matches('.');
            if !field.is_empty() && fields.len() < MOST && !fields.iter().any(|known| known == field) {
                fields.push(field.to_owned());
            }
        };
        for cause in &self.causes {
            // Where an object cannot be read the cause's field is the text's part before a colon, and none.
            if !cause.field.contains(char::is_whitespace) {
                add(&cause.field);
            }
        }
        for text in std::iter::once(&self.message).chain(self.causes.iter().map(|cause| &cause.message)) {
            unknown(text, &mut add);
            unfit(text, &mut add);
            untyped(text, &mut add);
        }
        fields
    }
}

/// `strict decoding error: unknown field "spec.replica", unknown field "spec.x"`.
fn unknown(text: &str, add: &mut impl FnMut(&str)) {
    for kind in ["unknown field \"", "duplicate field \""] {
        for behind in text.split(kind).skip(1) {
            if let Some((field, _)) = behind.split_once('"') {
                add(field);
            }
        }
    }
}

/// `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`.
fn unfit(text: &str, add: &mut impl FnMut(&str)) {
    for behind in text.split("into Go struct field ").skip(1) {
        let field = behind.split(" of type ").next().unwrap_or(behind);
        // The first part is the Go type.
        if let Some((_, path)) = field.split_once('.') {
            add(path);
        }
    }
}

/// `failed to create typed patch object (ns/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema`.
fn untyped(text: &str, add: &mut impl FnMut(&str)) {
    let Some((_, behind)) = text.split_once("typed patch object (") else { return };
    let Some((_, behind)) = behind.split_once("): ") else { return };
    // Several faults come in brackets, between commas or line ends.
    for part in behind.split(['\n', ',']) {
        let part = part.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '[');
        if part.starts_with('.')
            && let Some((field, _)) = part.split_once(": ")
        {
            add(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cause, Verb};

    fn fields(message: &str, causes: &[&str]) -> Vec<String> {
        let cause = |field: &&str| Cause {
            reason: String::new(),
            field: (*field).to_owned(),
            message: String::new(),
            immutable: false,
        };
        let refusal = Refusal {
            verb: Verb::Apply,
            object: None,
            code: 422,
            reason: String::new(),
            message: message.to_owned(),
            causes: causes.iter().map(cause).collect(),
            retry_after: None,
            lasting: false,
        };
        refusal.fields()
    }

    #[test]
    fn fields_are_taken_from_causes_and_texts() {
        for (message, causes, expected) in [
            ("invalid", &["spec.ports[0].port", "spec.ports[0].port"][..], &["spec.ports[0].port"][..]),
            (
                "strict decoding error: unknown field \"spec.replica\", unknown field \"spec.b\"",
                &[],
                &["spec.replica", "spec.b"],
            ),
            (
                "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go \
                 struct field DeploymentSpec.spec.replicas of type int32",
                &[],
                &["spec.replicas"],
            ),
            (
                "failed to create typed patch object (a/web; apps/v1, Kind=Deployment): .spec.replica: field not \
                 declared in schema",
                &[],
                &["spec.replica"],
            ),
            (
                "failed to create typed patch object (a/web; v1, Kind=Service): errors:\n  .spec.a: expected \
                 string, got &{1}\n  .spec.b: expected list",
                &[],
                &["spec.a", "spec.b"],
            ),
            ("namespaces \"a\" not found", &[], &[]),
        ] {
            assert_eq!(fields(message, causes), expected, "{message}");
        }
    }
}
