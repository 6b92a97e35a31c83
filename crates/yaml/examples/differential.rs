//! Compares this crate with Go's YAML libraries on many inputs.
//!
//! ```text
//! (cd tests/yaml-oracle && go build -o ../../target/yaml-oracle .)
//! cargo run -p pintle-yaml --example differential -- target/yaml-oracle files a.yaml b.yaml …
//! cargo run -p pintle-yaml --example differential -- target/yaml-oracle mutate <seed> <count> a.yaml …
//! cargo run -p pintle-yaml --example differential -- target/yaml-oracle values <seed> <count>
//! cargo run -p pintle-yaml --example differential -- target/yaml-oracle record fixtures/yaml/*.jsonl
//! ```
//!
//! `files` cuts each file into documents at its `---` lines too. What differs is printed, and counted at the end. `record` writes Go's
//! answers into the fixtures that the tests replay.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a tool, not a library"
)]

use std::io::{BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use fastrand::Rng;
use pintle_value::{Data, Json};
use pintle_yaml::{Flavour, Limits, emit_data, parse, parse_map, parse_strict};
use serde::Deserialize as _;

struct Oracle {
    child: Child,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
}

type Answer = Result<Vec<u8>, String>;

impl Oracle {
    fn start(program: &str) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle starts");
        let to = BufWriter::new(child.stdin.take().unwrap());
        let from = BufReader::new(child.stdout.take().unwrap());
        Self { child, to, from }
    }

    fn ask(&mut self, verb: &str, data: &[u8]) -> Answer {
        writeln!(self.to, "{verb} {}", data.len()).unwrap();
        self.to.write_all(data).unwrap();
        self.to.flush().unwrap();
        let mut head = Vec::new();
        loop {
            let mut byte = [0];
            self.from.read_exact(&mut byte).expect("the oracle lives");
            if byte[0] == b'\n' {
                break;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let (state, length) = head.split_once(' ').unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.from.read_exact(&mut body).unwrap();
        if state == "ok" { Ok(body) } else { Err(String::from_utf8_lossy(&body).into_owned()) }
    }
}

#[derive(Default)]
struct Tally {
    compared: usize,
    failed: usize,
    different: usize,
}

impl Tally {
    fn compare(&mut self, verb: &str, input: &[u8], theirs: Answer, ours: Answer) {
        self.compared += 1;
        self.failed += usize::from(theirs.is_err());
        if theirs != ours {
            self.different += 1;
            if self.different <= 40 {
                println!("=== {verb} of {:.600?}", String::from_utf8_lossy(input));
                for (who, answer) in [("theirs", theirs), ("ours", ours)] {
                    match answer {
                        Ok(text) => println!("--- {who}: {:.600?}", String::from_utf8_lossy(&text)),
                        Err(error) => println!("--- {who} fails: {error:.600}"),
                    }
                }
            }
        }
    }
}

fn json(data: &Data) -> Vec<u8> {
    Json::new().data_text(data).expect("data is JSON")
}

fn text(result: Result<Data, pintle_yaml::Error>) -> Answer {
    result.map(|data| json(&data)).map_err(|error| error.to_string())
}

fn compare_text(oracle: &mut Oracle, tally: &mut Tally, input: &[u8], emit: bool) {
    let limits = Limits::default();
    let parsed = parse(input, &limits);
    let theirs = oracle.ask("parse", input);
    tally.compare("parse", input, theirs, text(parsed.clone()));
    if emit {
        let theirs = oracle.ask("strict", input);
        tally.compare("strict", input, theirs, text(parse_strict(input, &limits)));
        let theirs = oracle.ask("map", input);
        let ours = parse_map(input, &limits).map(Data::Map);
        tally.compare("map", input, theirs, text(ours));
        if let Ok(data) = &parsed {
            compare_data(oracle, tally, data);
        }
    }
}

fn compare_data(oracle: &mut Oracle, tally: &mut Tally, data: &Data) {
    let request = json(data);
    for (verb, flavour) in [("v2", Flavour::V2), ("v3", Flavour::V3)] {
        let theirs = oracle.ask(verb, &floats_marked(data));
        let ours = emit_data(data, flavour).map(String::into_bytes).map_err(|error| error.to_string());
        tally.compare(verb, &request, theirs, ours);
    }
}

/// JSON in which a float has a point or an exponent, so that the oracle knows it from an integer.
fn floats_marked(data: &Data) -> Vec<u8> {
    let mut out = Vec::new();
    mark(data, &mut out);
    out
}

fn mark(data: &Data, out: &mut Vec<u8>) {
    match data {
        Data::Float(value) => out.extend(format!("{value:e}").bytes()),
        Data::List(list) => {
            out.push(b'[');
            for (at, item) in list.iter().enumerate() {
                out.extend((at > 0).then_some(b','));
                mark(item, out);
            }
            out.push(b']');
        }
        Data::Map(map) => {
            out.push(b'{');
            for (at, (key, item)) in map.iter().enumerate() {
                out.extend((at > 0).then_some(b','));
                Json::new().string(out, key);
                out.push(b':');
                mark(item, out);
            }
            out.push(b'}');
        }
        scalar => out.extend(json(scalar)),
    }
}

/// The number as data: what is written without point and exponent is an integer.
fn to_data(value: &serde_json::Value) -> Data {
    Data::deserialize(value).expect("JSON is data")
}

/// Writes Go's answers for each line's `text` or `value` behind it.
fn record(oracle: &mut Oracle, file: &str) {
    let mut out = String::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let mut case: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).expect(line);
        case.retain(|key, _| matches!(key.as_str(), "text" | "hex" | "value"));
        let input = serde_json::from_str::<serde_json::Value>(line).unwrap();
        let (bytes, verbs) = match input.get("value") {
            Some(value) => (floats_marked(&to_data(value)), ["v2", "v3"].as_slice()),
            None => (input_bytes(&input), ["parse", "strict", "map"].as_slice()),
        };
        // Go goes through maps in another order each time; what depends on it is no case.
        let answers: Vec<Answer> = verbs.iter().map(|verb| oracle.ask(verb, &bytes)).collect();
        if (0..8)
            .any(|_| verbs.iter().zip(&answers).any(|(verb, answer)| oracle.ask(verb, &bytes) != *answer))
        {
            println!("left out, for Go's answers differ: {line}");
            continue;
        }
        for (at, (verb, answer)) in verbs.iter().zip(&answers).enumerate() {
            if at == 0 || verbs.len() == 2 || *answer != answers[0] {
                let (key, text) = match answer {
                    Ok(bytes) => ((*verb).to_owned(), String::from_utf8(bytes.clone()).unwrap()),
                    Err(error) => (format!("{verb} fails"), error.clone()),
                };
                case.insert(key, text.into());
            }
        }
        out.push_str(&serde_json::to_string(&case).unwrap());
        out.push('\n');
    }
    std::fs::write(file, out).unwrap();
}

fn input_bytes(case: &serde_json::Value) -> Vec<u8> {
    if let Some(text) = case.get("text") {
        return text.as_str().unwrap().as_bytes().to_vec();
    }
    let hex = case["hex"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

const PIECES: &[&str] = &[
    " ",
    "  ",
    "\n",
    "\n  ",
    "\t",
    ":",
    ": ",
    "- ",
    "-",
    "?",
    "? ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "#",
    " #",
    "&a ",
    "*a",
    "!",
    "!!str ",
    "!!int ",
    "!!binary ",
    "!<x>",
    "|",
    "|+",
    ">-",
    "|2",
    "'",
    "\"",
    "\\",
    "\\n",
    "\\u00e9",
    "%YAML 1.1\n",
    "---\n",
    "...\n",
    "<<: ",
    "~",
    "null",
    "yes",
    "0x1F",
    "1e3",
    ".inf",
    "é",
    "\u{85}",
    "\u{2028}",
    "\u{FEFF}",
    "😀",
    "\r\n",
    "\u{7f}",
    "\0",
    "@",
    "`",
    "=",
    "2001-01-01",
    "1_000",
    "a: b\n",
    "- a\n",
    "{a: b}",
    "[a, b]",
    "''",
    "\"\"",
];

fn mutate(random: &mut Rng, document: &[u8]) -> Vec<u8> {
    let mut bytes = document.to_vec();
    for _ in 0..=random.usize(..3) {
        let at = random.usize(..=bytes.len());
        match random.usize(..5) {
            0 if at < bytes.len() => {
                bytes.remove(at);
            }
            1 => {
                let end = (at + random.usize(..12)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 if at < bytes.len() => bytes[at] = random.u8(..),
            3 => {
                let from = random.usize(..=bytes.len());
                let end = (from + random.usize(..40)).min(bytes.len());
                let copied = bytes[from..end].to_vec();
                bytes.splice(at..at, copied);
            }
            _ => {
                bytes.splice(at..at, random.choice(PIECES).unwrap().bytes());
            }
        }
    }
    bytes
}

const WORDS: &[&str] = &[
    "a",
    "b1",
    "b10",
    "b2",
    "b02",
    "word",
    "two words",
    " lead",
    "trail ",
    "x: y",
    "x #y",
    "#z",
    "- d",
    "yes",
    "No",
    "~",
    "null",
    "1",
    "-1",
    "0x1F",
    "1_0",
    "1e3",
    ".5",
    "01:30",
    "190:20:30.15",
    "2001-01-01",
    "<<",
    "=",
    "é",
    "ü b",
    "日本語",
    "😀",
    "\u{85}",
    "\u{2028}",
    "\u{FEFF}",
    "\t",
    "tab\tin",
    "\n",
    "line\nline",
    "line\n",
    "\n\n",
    "\nlead",
    "  two\nlines",
    "\r\n",
    "'",
    "it's",
    "\"q\"",
    "\\",
    "%",
    "@",
    "`",
    "!",
    "&x",
    "*y",
    "[",
    "]",
    "{",
    "}",
    ",",
    "a,b",
    "?",
    "? a",
    "|",
    ">",
    ":",
    "a:",
    "-",
    "--",
    "---",
    "...",
    "--- a",
    "\u{7f}",
    "\u{1}",
    "\0",
    "\u{a0}",
    "\u{300}",
    "١٢",
    "true",
    "y",
    "on",
    "",
    "Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    " \n ",
    "trailing space \nnext",
    "<b>&amp;</b>",
    "0o17",
    "0b11",
    "+1",
    "1.0",
    "1e400",
    "0.",
    "._",
    "_",
];

fn string(random: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..=[0, 0, 1, 2, 5, 20][random.usize(..6)] {
        text.push_str(random.choice(WORDS).unwrap());
        if random.bool() {
            text.push(' ');
        }
    }
    text
}

fn value(random: &mut Rng, depth: usize) -> Data {
    match random.usize(..if depth == 0 { 8 } else { 12 }) {
        0 => Data::Null,
        1 => Data::Bool(random.bool()),
        2 => Data::Int(i64::try_from(random.u64(..) >> random.usize(..64)).unwrap_or(-7)),
        3 => match f64::from_bits(random.u64(..)) {
            float if float.is_finite() => Data::Float(float),
            _ => Data::Float(0.1),
        },
        #[expect(clippy::cast_precision_loss, reason = "any number will do")]
        4 => {
            Data::Float((random.u64(..) >> random.usize(..64)) as f64 / [1.0, 8.0, 1000.0][random.usize(..3)])
        }
        5..8 => Data::from(string(random)),
        8 | 9 => (0..random.usize(..4)).map(|_| value(random, depth - 1)).collect(),
        _ => (0..random.usize(..5)).map(|_| (string(random), value(random, depth - 1))).collect(),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut oracle = Oracle::start(&arguments.next().expect("the oracle's program"));
    let mode = arguments.next().expect("files, mutate or values");
    let mut tally = Tally::default();
    let mut number = || arguments.next().and_then(|number| number.parse::<u64>().ok()).expect("a number");
    match mode.as_str() {
        "files" => {
            for file in arguments {
                let bytes = std::fs::read(&file).unwrap();
                compare_text(&mut oracle, &mut tally, &bytes, true);
                for document in bytes
                    .split(|&byte| byte == b'\n')
                    .collect::<Vec<_>>()
                    .split(|line| line.starts_with(b"---"))
                {
                    compare_text(&mut oracle, &mut tally, &document.join(&b'\n'), true);
                }
            }
        }
        "record" => {
            for file in arguments {
                record(&mut oracle, &file);
            }
        }
        "mutate" => {
            let (seed, count) = (number(), number());
            let files: Vec<Vec<u8>> = arguments.map(|file| std::fs::read(file).unwrap()).collect();
            let mut random = Rng::with_seed(seed);
            for _ in 0..count {
                let file = random.choice(&files).unwrap().clone();
                let start = random.usize(..file.len());
                let start = file[..start].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
                let end = (start + 20 + random.usize(..600)).min(file.len());
                let mutated = mutate(&mut random, &file[start..end]);
                let emit = random.usize(..4) == 0;
                compare_text(&mut oracle, &mut tally, &mutated, emit);
            }
        }
        _ => {
            let (seed, count) = (number(), number());
            let mut random = Rng::with_seed(seed);
            for _ in 0..count {
                compare_data(&mut oracle, &mut tally, &value(&mut random, 4));
            }
        }
    }
    println!("{} compared, {} of them failures, {} different", tally.compared, tally.failed, tally.different);
    drop(oracle.to);
    oracle.child.wait().unwrap();
    std::process::exit(i32::from(tally.different > 0));
}
