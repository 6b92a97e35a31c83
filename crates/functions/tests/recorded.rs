//! What Helm 4.3.1 made of the templates in `fixtures/expressions` is what this crate makes of them, output and errors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they share")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pintle_functions::{Helm, HelmHost, Moment, SeededRandom};
use pintle_template::{Execution, Limits, MissingKey, Output, Templates};
use pintle_value::{DataMap, Map, Value, types};
use pintle_yaml::parse_map;

const TEMPLATE: &str = "c/templates/t.yaml";

/// What these cases ask for is `pintle-render`'s; it replays them.
const ELSEWHERE: [&str; 4] = [".Capabilities", ".Files", ".Chart", ".Subcharts"];

/// What the names of the files begin with whose functions need the feature `crypto-functions`.
const CRYPTOGRAPHY: [&str; 7] =
    ["bcrypt", "build-custom-cert", "decrypt-a-e-s", "derive-password", "encrypt-a-e-s", "gen-", "htpasswd"];

/// A line of a fixture.
struct Case {
    text: String,
    /// The output, or text/template's error.
    expected: Result<Vec<u8>, String>,
}

impl Case {
    fn read(line: &str) -> Self {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str);
        let expected = match (text("out"), text("out64"), text("raw").or(text("err"))) {
            (.., Some(error)) => Err(error.to_owned()),
            (Some(out), ..) => Ok(out.as_bytes().to_vec()),
            (_, Some(out), _) => Ok(base64(out)),
            _ => panic!("no outcome: {line}"),
        };
        Self { text: text("in").unwrap().to_owned(), expected }
    }
}

fn base64(text: &str) -> Vec<u8> {
    let mut templates = Templates::new("gotpl", Helm::functions());
    templates.parse("t", "{{ . | b64dec }}").unwrap();
    let mut out = Output::new();
    templates.finish().execute("t", &Value::from(text), &mut out, &mut Execution::new(&mut ())).unwrap();
    out.into_bytes()
}

struct Chart {
    values: DataMap,
    helpers: Vec<u8>,
}

impl Chart {
    fn read() -> Self {
        let chart = fixtures().join("chart");
        let values = std::fs::read(chart.join("values.yaml")).unwrap();
        let helpers = std::fs::read(chart.join("templates/_helpers.tpl")).unwrap();
        Self { values: parse_map(&values, &pintle_yaml::Limits::default()).unwrap(), helpers }
    }

    fn dot(&self) -> Value {
        let release = [
            ("Name", Value::from("rel")),
            ("Namespace", Value::from("ns")),
            ("Service", Value::from("Helm")),
            ("Revision", Value::Int(1)),
            ("IsInstall", Value::Bool(true)),
            ("IsUpgrade", Value::Bool(false)),
        ];
        let chart = [("Name", Value::from("c")), ("Version", Value::from("0.1.0"))];
        let template = [("Name", Value::from(TEMPLATE)), ("BasePath", Value::from("c/templates"))];
        let dot = Map::typed(&types::VALUES);
        dot.insert("Values", Value::Map(Map::view_as(&types::VALUES, self.values.clone())));
        dot.insert("Release", Value::Map(release.into_iter().collect()));
        dot.insert("Chart", Value::Map(chart.into_iter().collect()));
        dot.insert("Template", Value::Map(template.into_iter().collect()));
        Value::Map(dot)
    }

    fn run(&self, text: &str) -> Result<Vec<u8>, String> {
        let mut templates = Templates::new("gotpl", Helm::functions());
        templates.parse("c/templates/_helpers.tpl", self.helpers.as_slice()).unwrap();
        templates.parse(TEMPLATE, text).map_err(|error| error.to_string())?;
        let program = templates.finish();
        let mut host = HelmHost::new()
            .clock(Moment { seconds: 1_795_435_200, nanos: 123_456_789 })
            .random(SeededRandom::new([3; 32]));
        let mut out = Output::new();
        let limits = Limits::default().steps(400_000_000);
        let mut run = Execution::new(&mut host).missing_key(MissingKey::Zero).limits(limits);
        program.execute(TEMPLATE, &self.dot(), &mut out, &mut run).map_err(|error| error.to_string())?;
        let mut bytes = out.into_bytes();
        while let Some(at) = find(&bytes, b"<no value>") {
            bytes.drain(at..at + "<no value>".len());
        }
        Ok(bytes)
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/expressions")
}

/// The files of recorded calls; `PINTLE_EXPRESSIONS` may name a folder with more of them.
fn files() -> Vec<PathBuf> {
    let folders = match std::env::var_os("PINTLE_EXPRESSIONS") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => vec![fixtures().join("functions")],
    };
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn every_recorded_call() {
    let chart = Chart::read();
    let mut report = String::new();
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    let (mut count, mut elsewhere) = (0, 0);
    for file in files() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if !cfg!(feature = "crypto-functions") && CRYPTOGRAPHY.iter().any(|start| name.starts_with(start)) {
            println!("{name} is left out: this build has no cryptography");
            continue;
        }
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let case = Case::read(line);
            if ELSEWHERE.iter().any(|part| case.text.contains(part)) {
                elsewhere += 1;
                continue;
            }
            count += 1;
            let got = chart.run(&case.text);
            if got == case.expected {
                continue;
            }
            let number = wrong.entry(name.clone()).or_default();
            *number += 1;
            if *number <= 12 {
                let show = |outcome: &Result<Vec<u8>, String>| match outcome {
                    Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    Err(error) => format!("error {error}"),
                };
                _ = writeln!(
                    report,
                    "--- {name}: {}\nHelm: {}\nour:  {}",
                    case.text,
                    show(&case.expected),
                    show(&got)
                );
            }
        }
    }
    println!("{count} calls replayed; {elsewhere} need a chart and are replayed by pintle-render");
    let sum: usize = wrong.values().sum();
    assert!(count > 0, "no cases");
    assert!(sum == 0, "{sum} of {count} calls differ: {wrong:?}\n{report}");
}
