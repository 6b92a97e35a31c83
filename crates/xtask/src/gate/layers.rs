//! A crate depends only on crates of the floors below it.

use super::metadata::Workspace;
use super::step::Fault;

/// The house from the ground up. Chores, suites and benchmarks stand outside of it.
const FLOORS: &[&str] = &[
    "pintle-value",
    "pintle-yaml",
    "pintle-template",
    "pintle-functions",
    "pintle-chart",
    "pintle-render",
    "pintle-expressions",
    "pintle-registry",
    "pintle-release",
    "pintle-cluster",
    "pintle",
    "pintle-controller",
    "pintle-cli",
];

/// May use everything.
const OUTSIDE: &[&str] = &["pintle-xtask", "pintle-tests", "pintle-benches"];

/// For tests; depends on no crate of the house.
const TESTKIT: &str = "pintle-testkit";

/// Which crates must not pull in what.
const WITHOUT: &[(&str, &[&str])] =
    &[("pintle-template", &["tokio", "kube", "reqwest"]), ("pintle-render", &["tokio", "kube", "reqwest"])];

/// Fails on the first crate that is on no floor, or that depends on a floor above its own.
pub(super) fn check(workspace: &Workspace) -> Result<(), Fault> {
    for package in workspace.members() {
        let name = package.name.as_str();
        if OUTSIDE.contains(&name) {
            continue;
        }
        let floor = FLOORS.iter().position(|floor| *floor == name);
        if floor.is_none() && name != TESTKIT {
            return Err(format!("{name} has no floor; give it one in the gate's list").into());
        }
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let below = FLOORS.iter().position(|floor| *floor == dependency.name);
            let allowed = match (floor, below) {
                (Some(own), Some(below)) => below < own,
                (Some(_), None) => dependency.name == TESTKIT && dependency.kind.as_deref() == Some("dev"),
                (None, _) => false,
            };
            if !allowed {
                return Err(format!("{name} must not depend on {}", dependency.name).into());
            }
        }
    }
    for (name, forbidden) in WITHOUT {
        let closure = workspace.closure(name);
        if let Some(found) = forbidden.iter().find(|forbidden| closure.contains(forbidden)) {
            return Err(format!("{name} is built with {found}, which it must do without").into());
        }
    }
    Ok(())
}
