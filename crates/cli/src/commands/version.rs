//! `pintle version`.

use super::Context;
use crate::Failure;
use crate::arguments::{Switch, VersionArguments};

/// The release of Helm whose behaviour this program has.
const HELM: &str = "v4.3.1";

pub(super) fn run(context: &mut Context<'_>, arguments: &VersionArguments) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if Switch::is_on(arguments.short) {
        return Ok(writeln!(context.out, "v{version}")?);
    }
    Ok(writeln!(context.out, "pintle v{version} (compatible with helm {HELM})")?)
}
