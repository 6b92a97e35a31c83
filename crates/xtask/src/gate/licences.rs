//! Everything that is built in may be given on under the licences that `deny.toml` allows.

use serde::Deserialize;

use super::metadata::Workspace;
use super::step::Fault;

/// The part of `deny.toml` that is checked here, so that the gate needs no tool of its own; `cargo deny check` reads the
/// same file and checks more.
#[derive(Debug, Deserialize)]
struct Deny {
    licenses: Licences,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Debug, Deserialize)]
struct Banned {
    name: String,
    reason: String,
}

/// Fails on the first package with another licence, or that is banned.
pub(super) fn check(workspace: &Workspace) -> Result<(), Fault> {
    let text = std::fs::read_to_string(workspace.root.join("deny.toml"))?;
    let deny: Deny = toml::from_str(&text)?;
    for package in &workspace.packages {
        if let Some(banned) = deny.bans.deny.iter().find(|banned| banned.name == package.name) {
            return Err(format!("{} is banned: {}", package.name, banned.reason).into());
        }
        let Some(licence) = &package.license else {
            return Err(format!("{} {} does not say its licence", package.name, package.version).into());
        };
        // Old packages write `/` for OR, which SPDX does not know.
        let parsed = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
            .map_err(|error| format!("{}: the licence {licence:?} cannot be read: {error}", package.name))?;
        let allowed = parsed.evaluate(|requirement| {
            deny.licenses.allow.iter().any(|allowed| requirement.to_string() == *allowed)
        });
        if !allowed {
            return Err(format!(
                "{} {} is under {licence}, which is not allowed",
                package.name, package.version
            )
            .into());
        }
    }
    Ok(())
}
