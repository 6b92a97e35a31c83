//! Calls of functions, right and wrong, made from `signatures.txt` and `pools.txt`.

use std::collections::BTreeMap;

use super::texts::{self, Error};
use crate::random::{Random, Seed};

/// The functions of text/template itself, which Helm's map does not hold.
pub(super) const BUILT_IN: [&str; 18] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print",
    "printf", "println", "urlquery",
];

/// How the functions are called.
#[derive(Debug)]
pub(super) struct Signatures {
    functions: BTreeMap<String, Function>,
    pools: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default)]
struct Function {
    ways: Vec<Vec<Parameter>>,
    cost: Cost,
}

/// How many cases a function can bear.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Cost {
    #[default]
    Little,
    /// Each call takes long.
    Much,
    /// The result differs from run to run: only faulty calls are made here.
    Random,
}

#[derive(Debug, Clone)]
struct Parameter {
    kind: String,
    times: Times,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    Optional,
    Repeated,
}

/// What a result goes through, so that its type shows as well as its text.
const WRAPPERS: [&str; 8] = [
    "{{ CALL }}",
    "{{ CALL | toJson }}",
    "{{ CALL | printf \"%T|%[1]v\" }}",
    "PIPED",
    "{{ CALL | quote }}",
    "{{ CALL }}",
    "{{ CALL | toYaml }}",
    "{{ with CALL }}{{ . }}{{ else }}nothing{{ end }}",
];

/// Faults that any call can have; `F` is the function, `CALL` a right call.
const FAULTS: [&str; 8] = [
    "{{ F (fail \"argument\") }}",
    "{{ F .Values.text.sub }}",
    "{{ (CALL).Missing.More }}",
    "{{ CALL | nosuch }}",
    "{{ CALL | index (list 1) 9 }}",
    "{{ F (index .Values.list 9) }}",
    "{{ F $undefined }}",
    "{{ F ) }}",
];

impl Signatures {
    /// Reads both files and checks that they fit together.
    pub(super) fn read() -> Result<Self, Error> {
        let pools = texts::pools()?;
        let mut functions: BTreeMap<String, Function> = BTreeMap::new();
        for line in include_str!("signatures.txt").lines() {
            let mut words = line.split_whitespace().peekable();
            let cost = match words.peek() {
                Some(&"slow") => Cost::Much,
                Some(&"random") => Cost::Random,
                _ => Cost::Little,
            };
            if cost != Cost::Little {
                words.next();
            }
            let Some(name) = words.next().filter(|name| !name.starts_with('#')) else { continue };
            let way: Vec<Parameter> = words.map(Parameter::read).collect();
            for parameter in &way {
                if !pools.contains_key(&parameter.kind) {
                    return Err(Error::Pool { function: name.to_owned(), kind: parameter.kind.clone() });
                }
            }
            let function = functions.entry(name.to_owned()).or_default();
            function.cost = cost;
            function.ways.push(way);
        }
        Ok(Self { functions, pools })
    }

    /// The templates that call a function.
    pub(super) fn cases(&self, name: &str, seed: Seed) -> Result<Vec<String>, Error> {
        let function = self.functions.get(name).ok_or_else(|| Error::Signature(name.to_owned()))?;
        let mut random = seed.random(name);
        let mut cases = Vec::new();
        let (right, wrong) = match function.cost {
            Cost::Little => (40, 20),
            Cost::Much => (10, 16),
            Cost::Random => (0, 24),
        };
        for round in 0..right {
            let arguments = self.arguments(function, &mut random);
            cases.push(wrapped(name, &arguments, round));
        }
        for round in 0..wrong {
            let mut arguments = self.arguments(function, &mut random);
            match round % 4 {
                0 => arguments.truncate(arguments.len().saturating_sub(1)),
                1 => arguments.extend(self.any(&mut random)),
                _ => {
                    let index = random.below(arguments.len());
                    if let (Some(argument), Some(other)) = (arguments.get_mut(index), self.any(&mut random)) {
                        *argument = other;
                    }
                }
            }
            // A call of a random function that goes well is left out later, because its results differ.
            cases.push(wrapped(name, &arguments, round));
        }
        for fault in FAULTS {
            let arguments = self.arguments(function, &mut random);
            cases.push(
                fault.replace("CALL", &call(name, &arguments)).replace("{{ F ", &format!("{{{{ {name} ")),
            );
        }
        Ok(cases)
    }

    /// A call of a function with the arguments that `make` gives for their kinds; `None` for a function that is not
    /// known, or whose result differs from run to run.
    pub(super) fn call_with(
        &self,
        name: &str,
        random: &mut Random,
        make: &mut dyn FnMut(&str, &mut Random) -> Option<String>,
    ) -> Option<String> {
        let function = self.functions.get(name).filter(|function| function.cost == Cost::Little)?;
        Some(call(name, &Self::arguments_with(function, random, make)))
    }

    /// Arguments for one of the ways to call a function.
    fn arguments(&self, function: &Function, random: &mut Random) -> Vec<String> {
        Self::arguments_with(function, random, &mut |kind, random| self.of_kind(kind, random))
    }

    fn arguments_with(
        function: &Function,
        random: &mut Random,
        make: &mut dyn FnMut(&str, &mut Random) -> Option<String>,
    ) -> Vec<String> {
        let mut arguments = Vec::new();
        for parameter in random.pick(&function.ways).into_iter().flatten() {
            let times = match parameter.times {
                Times::Once => 1,
                Times::Optional => random.below(2),
                Times::Repeated => random.below(4),
            };
            for _ in 0..times {
                arguments.extend(make(&parameter.kind, random));
            }
        }
        arguments
    }

    fn any(&self, random: &mut Random) -> Option<String> {
        self.of_kind("any", random)
    }

    /// A plain argument of a kind.
    pub(super) fn of_kind(&self, kind: &str, random: &mut Random) -> Option<String> {
        random.pick(self.pools.get(kind)?).cloned()
    }
}

impl Parameter {
    fn read(word: &str) -> Self {
        let (kind, times) = match (word.strip_suffix('?'), word.strip_suffix('*')) {
            (Some(kind), _) => (kind, Times::Optional),
            (_, Some(kind)) => (kind, Times::Repeated),
            _ => (word, Times::Once),
        };
        Self { kind: kind.to_owned(), times }
    }
}

fn call(name: &str, arguments: &[String]) -> String {
    std::iter::once(name).chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn wrapped(name: &str, arguments: &[String], round: usize) -> String {
    match (WRAPPERS.get(round % WRAPPERS.len()), arguments.split_last()) {
        (Some(&"PIPED"), Some((last, others))) => format!("{{{{ {last} | {} }}}}", call(name, others)),
        (Some(&"PIPED") | None, _) => format!("{{{{ {} }}}}", call(name, arguments)),
        (Some(wrapper), _) => wrapper.replace("CALL", &call(name, arguments)),
    }
}
