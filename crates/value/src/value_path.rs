//! The way to a value inside a tree of values.

use std::fmt;

use crate::{Data, Str};

/// The way to a value: the keys of maps and the places in lists that lead to it from the root.
///
/// Printed it is what `--set` takes on its left side: `image.tag`, `hosts[0].name`, `annotations.example\.com/a`.
///
/// ```
/// use pintle_value::ValuePath;
///
/// let path = ValuePath::root().key("hosts").item(0).key("a.b");
/// assert_eq!(path.to_string(), r"hosts[0].a\.b");
/// assert!(path.starts_with(&ValuePath::root().key("hosts")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValuePath(Vec<Step>);

/// One step of a [`ValuePath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "values have no other containers")]
pub enum Step {
    /// The member of a map.
    Key(Str),
    /// The item of a list, from 0.
    Item(usize),
}

impl ValuePath {
    /// The root itself.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The value below the root by these keys of maps.
    pub fn of_keys<K: Into<Str>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self(keys.into_iter().map(|key| Step::Key(key.into())).collect())
    }

    /// The member `key` of the value here.
    #[must_use]
    pub fn key(&self, key: impl Into<Str>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// The item at `index` of the list here, from 0.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.step(Step::Item(index))
    }

    /// One step further.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// This path, and the other one from there.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// Where the value lies that holds this one; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, above)| Self(above.to_vec()))
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the other path leads here or to something that holds this.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// What is left of the path behind `other`; `None` where it does not lead through there.
    pub fn behind(&self, other: &Self) -> Option<Self> {
        self.0.strip_prefix(other.0.as_slice()).map(|rest| Self(rest.to_vec()))
    }

    /// What lies here in `data`.
    pub fn find<'d>(&self, data: &'d Data) -> Option<&'d Data> {
        self.0.iter().try_fold(data, |data, step| match (data, step) {
            (Data::Map(map), Step::Key(key)) => map.get_bytes(key),
            (Data::List(list), Step::Item(index)) => list.get(*index),
            _ => None,
        })
    }
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    if index > 0 {
                        f.write_str(".")?;
                    }
                    for letter in key.to_str_lossy().chars() {
                        if matches!(letter, '.' | ',' | '=' | '[' | '\\') {
                            f.write_str("\\")?;
                        }
                        fmt::Write::write_char(f, letter)?;
                    }
                }
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl FromIterator<Step> for ValuePath {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}
