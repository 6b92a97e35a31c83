//! A version as a template sees it: `semver.Version` and a pointer to one.

use std::any::Any;
use std::cmp::Ordering;

use pintle_value::{Data, Kind, MethodError, Number, Object, Str, Type, Underlying, Value, types};

use super::version::{Version, check_metadata, check_prerelease};

static STRUCT: Type = Type::plain("semver.Version", Kind::Struct);
static POINTER: Type = Type::pointer("*semver.Version", &STRUCT);

/// A version in a template.
#[derive(Clone, Debug)]
pub(crate) struct VersionObject {
    version: Version,
    go_type: &'static Type,
}

impl VersionObject {
    /// A `*semver.Version`, as `semver` gives it.
    pub(crate) fn pointer(version: Version) -> Self {
        Self { version, go_type: &POINTER }
    }

    /// A pointer to the version without anything in it.
    pub(crate) fn zero() -> Value {
        Value::object(Self::pointer(Version::default()))
    }

    fn next(&self, change: impl FnOnce(&mut Version)) -> Value {
        let mut version = self.version.clone();
        change(&mut version);
        let prefix = if self.version.original.starts_with('v') { "v" } else { "" };
        version.original = format!("{prefix}{version}");
        Value::object(Self { version, go_type: &STRUCT })
    }

    fn release(&self, change: impl FnOnce(&mut Version)) -> Value {
        self.next(|version| {
            version.metadata.clear();
            version.prerelease.clear();
            change(version);
        })
    }
}

fn overflow(what: &str) -> MethodError {
    MethodError::Panic(Str::from(format!("{what} version increment would overflow uint64")))
}

fn number(value: u64) -> Value {
    Value::Number(Number::Uint64(value))
}

impl Object for VersionObject {
    fn go_type(&self) -> &'static Type {
        self.go_type
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        let pointer = self.go_type == &POINTER;
        match name {
            "String" | "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "IncPatch" | "IncMinor"
            | "IncMajor" => Some((&[], false)),
            "SetPrerelease" | "SetMetadata" => Some((const { &[&types::STRING] }, false)),
            "Original" if pointer => Some((&[], false)),
            "Compare" | "LessThan" | "LessThanEqual" | "GreaterThan" | "GreaterThanEqual" | "Equal"
                if pointer =>
            {
                Some((const { &[&POINTER] }, false))
            }
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, MethodError> {
        let own = &self.version;
        let text = || match args.first() {
            Some(Value::String(text)) => text.to_str_lossy().into_owned(),
            _ => String::new(),
        };
        let order = || {
            args.first()
                .and_then(Value::downcast::<Self>)
                .map(|other| own.compare(&other.version))
                .ok_or_else(|| MethodError::Panic(Str::from(crate::lists::NIL_DEREFERENCE)))
        };
        let message = |error: super::VersionError| MethodError::Message(Str::from(error.to_string()));
        Ok(match name {
            "Major" => number(own.major),
            "Minor" => number(own.minor),
            "Patch" => number(own.patch),
            "Prerelease" => Value::from(own.prerelease.as_str()),
            "Metadata" => Value::from(own.metadata.as_str()),
            "Original" => Value::from(own.original.as_str()),
            "IncPatch" if own.prerelease.is_empty() => {
                let patch = own.patch.checked_add(1).ok_or_else(|| overflow("patch"))?;
                self.release(|version| version.patch = patch)
            }
            "IncPatch" => self.release(|_| {}),
            "IncMinor" => {
                let minor = own.minor.checked_add(1).ok_or_else(|| overflow("minor"))?;
                self.release(|version| (version.minor, version.patch) = (minor, 0))
            }
            "IncMajor" => {
                let major = own.major.checked_add(1).ok_or_else(|| overflow("major"))?;
                self.release(|version| (version.major, version.minor, version.patch) = (major, 0, 0))
            }
            "SetPrerelease" => {
                let text = text();
                if !text.is_empty() {
                    check_prerelease(&text).map_err(message)?;
                }
                self.next(|version| version.prerelease = text)
            }
            "SetMetadata" => {
                let text = text();
                if !text.is_empty() {
                    check_metadata(&text).map_err(message)?;
                }
                self.next(|version| version.metadata = text)
            }
            "Compare" => Value::Int(order()? as i64),
            "LessThan" => Value::Bool(order()? == Ordering::Less),
            "LessThanEqual" => Value::Bool(order()? != Ordering::Greater),
            "GreaterThan" => Value::Bool(order()? == Ordering::Greater),
            "GreaterThanEqual" => Value::Bool(order()? != Ordering::Less),
            "Equal" => Value::Bool(order().is_ok_and(|order| order == Ordering::Equal)),
            _ => Value::String(self.print()),
        })
    }

    fn print(&self) -> Str {
        Str::from(self.version.to_string())
    }

    fn to_data(&self) -> Data {
        Data::from(self.version.to_string())
    }

    /// Masterminds: `semver.Version`.
    fn underlying(&self) -> Option<Underlying> {
        let own = &self.version;
        let fields = vec![
            ("major", number(own.major)),
            ("minor", number(own.minor)),
            ("patch", number(own.patch)),
            ("pre", Value::from(own.prerelease.as_str())),
            ("metadata", Value::from(own.metadata.as_str())),
            ("original", Value::from(own.original.as_str())),
        ];
        Some(if self.go_type == &POINTER { Underlying::Pointer(fields) } else { Underlying::Struct(fields) })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
