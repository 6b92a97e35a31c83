//! Reading what objects say of themselves.

use pintle_value::Data;

/// A condition of an object's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition<'a> {
    /// What it is about (`Available`).
    pub kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub status: &'a str,
    /// The reason in one word.
    pub reason: &'a str,
    /// The reason in a sentence.
    pub message: &'a str,
}

impl Condition<'_> {
    pub(crate) fn is_true(&self) -> bool {
        self.status == "True"
    }

    pub(super) fn is_false(&self) -> bool {
        self.status == "False"
    }
}

/// The conditions of an object's status.
pub(crate) fn conditions(object: &Data) -> impl Iterator<Item = Condition<'_>> {
    list(object, &["status", "conditions"]).map(|condition| Condition {
        kind: text(condition, &["type"]),
        status: text(condition, &["status"]),
        reason: text(condition, &["reason"]),
        message: text(condition, &["message"]),
    })
}

/// The text at a path; empty where there is none.
pub(crate) fn text<'a>(object: &'a Data, path: &[&str]) -> &'a str {
    object.at(path).and_then(Data::as_str).unwrap_or_default()
}

/// The whole number at a path.
pub(crate) fn integer(object: &Data, path: &[&str]) -> Option<i64> {
    object.at(path).and_then(Data::as_i64)
}

/// The items of the list at a path.
pub(crate) fn list<'a>(object: &'a Data, path: &[&str]) -> impl Iterator<Item = &'a Data> {
    object.at(path).and_then(Data::as_list).into_iter().flatten()
}
