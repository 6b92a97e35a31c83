//! Where errors are explained, and that they are not where another program reads them.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

use std::process::{Command, Output};

use pintle_testkit::fixtures;

fn template(case: &str, flags: &[&str], variable: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
    command.args(["template", "rel"]).arg(format!("faults/{case}")).args(flags);
    command.current_dir(fixtures::root()).env_clear().env("HOME", "/no/such/home");
    if let Some(when) = variable {
        command.env("PINTLE_EXPLAIN", when);
    }
    command.output().expect("runs")
}

#[test]
fn an_error_is_helms_alone_unless_asked() {
    let cases = fixtures::suite_cases("faults").expect("are read");
    let case = cases.iter().find(|case| case.name == "03-colon").expect("is there");
    let helm = &case.expected.as_ref().expect("is recorded").stderr;
    let explanation = "\n --> colon/templates/config.yaml:6:13\n  |\n6 |   title: {{ .Values.title }}\n  |             ^\n  = \
                       value title, set by colon/values.yaml:2:1\n";
    for (flags, variable, explained) in [
        (&[][..], None, false),
        (&["--explain=auto"], None, false),
        (&["--explain"], None, true),
        (&["--explain=always"], None, true),
        (&[], Some("always"), true),
        (&["--explain=never"], Some("always"), false),
    ] {
        let output = template("03-colon", flags, variable);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut expected = String::from_utf8_lossy(helm).into_owned();
        if explained {
            expected.push_str(explanation);
        }
        assert_eq!(stderr, expected, "{flags:?} {variable:?}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn what_works_is_not_explained() {
    let output = template("31-unknown-field", &["--explain"], None);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
