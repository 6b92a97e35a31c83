//! Versions and constraints as `Masterminds/semver` 3.5 reads them, which is looser than the specification.

mod constraint;
mod object;
mod version;

use pintle_template::CallError;
use pintle_value::{Str, Value};

pub use constraint::Constraint;
pub(crate) use object::VersionObject;
pub use version::{Version, VersionError};

use crate::table::functions;

functions! {
    TABLE;
    pure {
        "semver" (string) => |text: &Str| {
            let version = Version::parse(&text.to_str_lossy()).map_err(error)?;
            Ok::<_, CallError>(Value::object(VersionObject::pointer(version)))
        };
        "semverCompare" (string string) => |constraint: &Str, version: &Str| {
            let constraint = Constraint::parse(&constraint.to_str_lossy()).map_err(error)?;
            let version = Version::parse(&version.to_str_lossy()).map_err(error)?;
            Ok::<_, CallError>(constraint.allows(&version))
        };
    }
    hosted {}
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn error(error: VersionError) -> CallError {
    CallError::new(error.to_string())
}
