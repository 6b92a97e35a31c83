//! Each of Helm's functions with any arguments: the first byte chooses the function, the second how many arguments it
//! gets, and the rest are these.

use std::sync::LazyLock;

use pintle_functions::Helm;
use pintle_template::{Program, Templates};
use pintle_value::{Map, Value};

use crate::Target;
use crate::input::Input;

/// The target.
pub const TARGET: Target = Target { name: "functions", run, seeds, words: WORDS, max_len: 120 };

const WORDS: &[&str] = &[
    "a b",
    "1.2.3",
    ">=1.0",
    "2006-01-02",
    "2023-11-14T22:13:20Z",
    "1h30m",
    "http://a.b/c?d#e",
    "{\"a\":1}",
    "a: [1]",
    "[a]\nb = 1",
    "a.b",
    "(a|b)+",
    "$1",
    "%v",
    "UTC",
    "rsa",
    "ecdsa",
    "-1",
    "0x1F",
    "MTIz",
    "\u{e9}",
    "{{ . }}",
    ",",
];

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

struct Table {
    functions: usize,
    program: Program,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let functions = Helm::functions();
    let mut names: Vec<String> = functions.names().map(ToString::to_string).collect();
    names.extend(
        ["html", "js", "urlquery", "print", "println", "printf", "index", "slice", "len", "eq", "lt"]
            .map(str::to_owned),
    );
    names.sort();
    let mut templates = Templates::new("gotpl", functions);
    for (number, name) in names.iter().enumerate() {
        for count in 0..=NAMES.len() {
            let arguments: String = NAMES.iter().take(count).flat_map(|argument| [" .", argument]).collect();
            // `include` would look for a template; the one that there is.
            let call = format!("{{{{ define \"d\" }}}}{{{{ . }}}}{{{{ end }}}}{{{{ {name}{arguments} }}}}");
            templates.parse(format!("{number}/{count}"), call).expect("it is a template");
        }
    }
    Table { functions: names.len(), program: templates.finish() }
});

fn seeds() -> Vec<Vec<u8>> {
    (0..TABLE.functions)
        .flat_map(|number| {
            let number = u8::try_from(number).unwrap_or_default();
            [
                vec![number, 1, 9, b'a', 0],
                vec![number, 2, 9, b'1', 0, 9, b'b', 0],
                vec![number, 3, 2, 5, 9, b'a', 0, 2, 1],
            ]
        })
        .collect()
}

/// Calls a function.
pub fn run(bytes: &[u8]) {
    let table = &*TABLE;
    let mut input = Input::new(bytes);
    let number = usize::from(input.byte()) % table.functions;
    let count = usize::from(input.byte()) % (NAMES.len() + 1);
    let dot: Map = NAMES.iter().take(count).map(|name| (*name, input.value(3))).collect();
    super::run::run(&table.program, &format!("{number}/{count}"), &Value::Map(dot));
}
