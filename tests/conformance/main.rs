//! What is recorded from Helm 4.3.1 in `fixtures/` is what Pintle does: command lines over charts, and expressions.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails the test")]

#[path = "../../crates/render/tests/command_line/mod.rs"]
mod command_line;
#[path = "../../crates/render/tests/expression/mod.rs"]
mod expression;
mod expressions;

use std::collections::BTreeMap;

use pintle_testkit::fixtures;

/// Flags and mistakes that only a command line meets; the tests of the command line replay their cases.
const OF_THE_COMMAND_LINE: [&str; 13] = [
    "minimal/bad-name",
    "minimal/broken-flag",
    "minimal/long-name",
    "minimal/missing-chart",
    "minimal/name-template",
    "minimal/name-template-broken",
    "minimal/no-name",
    "minimal/too-many",
    "minimal/two-names",
    "minimal/unknown-flag",
    "namespaces/create-namespace",
    "charts-bad/yaml-after-rendering-debug",
    "charts-bad/no-chart-yaml",
];

#[test]
fn every_recorded_template_command() {
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let (mut replayed, mut left) = (0, 0);
    for case in fixtures::cases().unwrap() {
        if !case.is_template() || OF_THE_COMMAND_LINE.contains(&case.id().as_str()) {
            left += 1;
            continue;
        }
        replayed += 1;
        let expected = case.expected.as_ref().unwrap();
        let difference = match command_line::run(&fixtures::root(), case.argv.get(1..).unwrap_or_default()) {
            Ok(printed) => {
                expected.difference(printed.exit, printed.stdout.as_bytes(), printed.stderr.as_bytes())
            }
            Err(reason) => Some(reason),
        };
        if let Some(difference) = difference {
            wrong.insert(case.id(), difference);
        }
    }
    println!("{replayed} commands replayed; {left} are the command line's own");
    let report: Vec<String> =
        wrong.iter().map(|(case, difference)| format!("{case}: {difference}")).collect();
    assert!(wrong.is_empty(), "{} of {replayed} commands differ:\n{}", wrong.len(), report.join("\n"));
}
