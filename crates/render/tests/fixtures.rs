//! Every chart of `fixtures/`, with the command lines recorded from the real Helm.

mod command_line;

use pintle_testkit::fixtures;

/// Cases whose recorded output is not what it should be, each with the reason; `COMPATIBILITY.md` says the same.
const KNOWN: &[(&str, &str)] = &[
    (
        "schema-draft6/names",
        "santhosh-tekuri/jsonschema names the last sibling that it looked at, in random order",
    ),
    ("charts-bad/yaml-after-rendering-debug", "standard error holds Helm's debug log"),
];

#[test]
fn renders_the_fixtures_as_helm_does() {
    let root = fixtures::root();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in fixtures::cases().expect("the fixtures can be read") {
        let Some(expected) = &case.expected else { continue };
        if !case.is_template() {
            continue; // `helm show` is the command line's
        }
        count += 1;
        let words = &case.argv[1..];
        if let Some((id, reason)) = KNOWN.iter().find(|(id, _)| *id == case.id()) {
            println!("skipped {id}: {reason}");
            continue;
        }
        match command_line::run(&root, words) {
            Err(unknown) => println!("skipped {}, which is the command line's: {unknown}", case.id()),
            Ok(printed) => {
                if let Some(difference) =
                    expected.difference(printed.exit, printed.stdout.as_bytes(), printed.stderr.as_bytes())
                {
                    wrong.push(format!("{}: {difference}", case.id()));
                }
            }
        }
    }
    assert!(count > 100, "only {count} cases were found");
    assert!(wrong.is_empty(), "{} of {count} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}
