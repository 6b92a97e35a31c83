//! What real Go made of the templates in `fixtures/template` (recorded by `tests/gotemplate`) is what this crate makes
//! of them, output and errors.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails should panic"
)]

mod stand_ins;

use std::fmt::Write as _;
use std::path::Path;

use pintle_template::{Execution, MissingKey, Output, Templates};
use pintle_value::{Data, Value};

/// A line of a fixture.
struct Case {
    text: String,
    data: Data,
    missing_key: MissingKey,
    /// The output, or the error with the texts that it wraps.
    expected: Result<Vec<u8>, Vec<String>>,
}

impl Case {
    fn read(line: &str) -> Self {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str);
        let strings = |name: &str| match json.get(name) {
            Some(serde_json::Value::Array(items)) => {
                items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
            }
            _ => Vec::new(),
        };
        let expected = match (text("out"), text("hex"), text("err")) {
            (Some(out), ..) => Ok(out.as_bytes().to_vec()),
            (_, Some(hex), _) => Ok((0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect()),
            (.., error) => Err([vec![error.expect("an outcome").to_owned()], strings("chain")].concat()),
        };
        Self {
            text: text("t").unwrap().to_owned(),
            data: floats(json.get("d").cloned().unwrap_or_default()),
            missing_key: match text("m") {
                Some("error") => MissingKey::Error,
                Some("default") => MissingKey::Invalid,
                _ => MissingKey::Zero,
            },
            expected,
        }
    }

    fn run(&self) -> Result<Vec<u8>, Vec<String>> {
        let mut templates = Templates::new("set", stand_ins::functions());
        templates.parse("t", self.text.as_str()).map_err(|error| error.chain())?;
        let program = templates.finish();
        let mut out = Output::new();
        let mut host = ();
        let mut run = Execution::new(&mut host).missing_key(self.missing_key);
        program.execute("t", &Value::from(&self.data), &mut out, &mut run).map_err(|error| error.chain())?;
        Ok(out.into_bytes())
    }
}

/// `encoding/json` reads every number as a float64.
fn floats(json: serde_json::Value) -> Data {
    match json {
        serde_json::Value::Number(number) => Data::Float(number.as_f64().unwrap()),
        serde_json::Value::Array(items) => items.into_iter().map(floats).collect(),
        serde_json::Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, floats(value))).collect()
        }
        other => serde_json::from_value(other).unwrap(),
    }
}

fn replay(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/template/{name}.jsonl"));
    let content =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut report = String::new();
    let (mut count, mut wrong) = (0, 0);
    for line in content.lines() {
        let case = Case::read(line);
        let got = case.run();
        count += 1;
        if got == case.expected {
            continue;
        }
        wrong += 1;
        if wrong <= 40 {
            let show = |outcome: &Result<Vec<u8>, Vec<String>>| match outcome {
                Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Err(chain) => format!("error {chain:#?}"),
            };
            _ = writeln!(
                report,
                "--- {name}: {:?} ({:?})\nGo:  {}\nour: {}",
                case.text,
                case.missing_key,
                show(&case.expected),
                show(&got)
            );
        }
    }
    assert!(count > 0, "{name} has no cases");
    assert!(wrong == 0, "{wrong} of {count} cases of {name} differ:\n{report}");
}

macro_rules! replay {
    ($($test:ident $name:literal)*) => {$(
        #[test]
        fn $test() {
            replay($name);
        }
    )*};
}

replay! {
    arguments "arguments"
    compare "compare"
    execution "execution"
    printf_formats "printf-formats"
    printf_verbs "printf-verbs"
    syntax "syntax"
    values "values"
}
