//! Go's `fmt`: verbs with flags, widths and precisions over values of every kind, and how floats print.

use crate::random::{Random, Seed};

/// How many calls of `printf` there are.
const COUNT: usize = 3000;

const VERBS: [&str; 24] = [
    "v", "d", "s", "q", "x", "X", "t", "c", "U", "e", "E", "f", "F", "g", "G", "b", "o", "O", "T", "w", "z",
    "!", "é", "%",
];

const FLAGS: [&str; 34] = [
    "", "", "", "+", "-", "#", " ", "0", "5", "12", "05", "-5", "-05", ".0", ".2", ".10", "8.3", "+.3", "#x",
    "+#", "# ", "020", "+012", "-12.4", " 8", "[1]", "[2]", "[0]", "[x]", "*", ".*", "1000", "+q", ".",
];

const VALUES: [&str; 44] = [
    "0",
    "1",
    "-1",
    "42",
    "255",
    "9223372036854775807",
    "'x'",
    "'é'",
    "1.5",
    "-0.0",
    "1e21",
    "1e-7",
    "3.14159",
    "100000.0",
    "1234567.0",
    "\"text\"",
    "\"\"",
    "\"é\\n\\x00🚀\"",
    "\"\\xff\"",
    "`back\"quote`",
    "true",
    "false",
    "nil",
    "(list)",
    "(list 1 \"a\" nil 2.5 true)",
    "(list (list 1) (dict \"k\" (list)))",
    "(dict)",
    "(dict \"b\" 1 \"a\" \"x\" \"c\" nil)",
    ".Values.list",
    ".Values.number",
    ".Values.huge",
    ".Values.map",
    ".Values.nothing",
    "(until 3)",
    "(splitList \",\" \"a,b\")",
    "(.Files.GetBytes \"files/b.ini\")",
    "(toDate \"2006-01-02\" \"2026-11-23\")",
    "(mustToDuration \"90s\")",
    "(semver \"1.2.3-x+y\")",
    "1i",
    "1.5+2i",
    "(int64 7)",
    ".Values.unicode",
    "(toDate \"2006-01-02\" \"2026-11-23\").Month",
];

/// Numbers as text, for [`floats`].
const NUMBERS: [&str; 76] = [
    "0",
    "-0",
    "1",
    "-1",
    "0.1",
    "0.2",
    "0.3",
    "1.5",
    "2.5",
    "10",
    "100",
    "1000",
    "10000",
    "100000",
    "999999",
    "1000000",
    "1000001",
    "12345678",
    "123456789",
    "1234567890",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "99999999999999999999",
    "100000000000000000000",
    "999999999999999999999",
    "1e20",
    "1e21",
    "1e22",
    "1e23",
    "1.5e21",
    "1e-1",
    "1e-2",
    "1e-3",
    "1e-4",
    "1e-5",
    "1e-6",
    "1e-7",
    "1.5e-7",
    "0.000001",
    "0.0000015",
    "123.456",
    "-123.456e7",
    "3.141592653589793",
    "2.718281828459045",
    "0.3333333333333333",
    "0.6666666666666666",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072014e-308",
    "4.35",
    "0.49999999999999994",
    "0.5",
    "1.0000000000000002",
    "65504",
    "16777216",
    "16777217",
    "4294967295",
    "4294967296",
    "2147483648",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "1e18",
    "1e19",
    "123456.7",
    "1234567.8",
    "12345678.9",
    "0.00001234",
    "1e100",
    "8.41e21",
    "5.0e-5",
    "1.05",
    "33.3",
    "7.0",
];

/// Calls of `printf`.
pub(super) fn printf(seed: Seed) -> Vec<String> {
    let mut random = seed.random("printf");
    let mut cases = Vec::new();
    let one = |random: &mut Random| {
        let flag = random.pick(&FLAGS).copied().unwrap_or_default();
        let verb = random.pick(&VERBS).copied().unwrap_or_default();
        format!("%{flag}{verb}")
    };
    while cases.len() < COUNT {
        let (mut format, mut values) = (String::new(), String::new());
        // Mostly one verb with one value; now and then more of either.
        let verbs = if random.below(6) == 0 { random.below(4) } else { 1 };
        let count = if random.below(8) == 0 { random.below(4) } else { verbs };
        for _ in 0..verbs {
            format.push_str(&one(&mut random));
            format.push_str(if random.below(3) == 0 { "|" } else { "" });
        }
        for _ in 0..count {
            values.push(' ');
            values.push_str(random.pick(&VALUES).copied().unwrap_or_default());
        }
        cases.push(format!("{{{{ printf \"{format}\"{values} }}}}"));
    }
    cases
}

/// Each number, printed in all the ways that a chart can print one.
pub(super) fn floats() -> Vec<String> {
    let ways = "{{ $f }} {{ toString $f }} {{ toJson $f }} {{ toYaml $f }} {{ toYamlPretty $f }} {{ quote $f }} \
                {{ toToml (dict \"f\" $f) }} {{ printf \"%v %g %e %f %.2f %6.1f %s %d\" $f $f $f $f $f $f $f $f }} \
                {{ print (list $f) }} {{ int64 $f }} {{ int $f }} {{ round $f 2 }} {{ floor $f }} {{ ceil $f }} \
                {{ add $f 1 }} {{ addf $f 1 }} {{ mulf $f 3 }} {{ toRawJson (list $f) }} {{ $f | toString | float64 }}";
    let mut cases: Vec<String> = Vec::new();
    for number in NUMBERS {
        cases.push(format!("{{{{ $f := float64 \"{number}\" }}}}{ways}"));
        cases.push(format!(
            "{{{{ $f := (fromYaml \"f: {number}\").f }}}}{{{{ typeOf $f }}}} {{{{ $f }}}} {{{{ toYaml $f }}}} {{{{ int64 $f }}}}"
        ));
        cases.push(format!(
            "{{{{ $f := (fromJson \"{{\\\"f\\\": {number}}}\").f }}}}{{{{ $f }}}} {{{{ toJson $f }}}}"
        ));
        cases.push(format!("{{{{ $f := (fromToml \"f = {number}\").f }}}}{{{{ typeOf $f }}}} {{{{ $f }}}}"));
        cases.push(format!("{{{{ {number} }}}} {{{{ typeOf {number} }}}}"));
    }
    cases
}
