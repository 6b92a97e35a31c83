//! Nothing that a template passes in makes a function panic: it gives a value or an error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they share")]

use pintle_functions::{Constraint, Helm, HelmHost, Moment, SeededRandom, Version};
use pintle_template::{Execution, Limits, Output, Program, Templates};
use pintle_value::{Map, Str, Value};
use proptest::prelude::*;

fn program(text: &str) -> Program {
    let mut templates = Templates::new("gotpl", Helm::functions());
    templates.parse("t", text).unwrap();
    templates.finish()
}

/// Runs `text` with the fields `a`, `b` and `c`; what it gives does not matter.
fn run(program: &Program, fields: [Value; 3]) {
    let mut host =
        HelmHost::new().clock(Moment { seconds: 1_700_000_000, nanos: 0 }).random(SeededRandom::new([1; 32]));
    let dot: Map = ["a", "b", "c"].into_iter().zip(fields).collect();
    let limits = Limits::default().steps(20_000_000).memory(1 << 30);
    let mut run = Execution::new(&mut host).limits(limits);
    let _ = program.execute("t", &Value::Map(dot), &mut Output::new(), &mut run);
}

fn bytes(alphabet: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let letters: Vec<char> = alphabet.chars().collect();
    let letter = prop_oneof![
        20 => proptest::sample::select(letters).prop_map(|letter| letter.to_string().into_bytes()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(letter, 0..24).prop_map(|parts| parts.concat())
}

fn text(bytes: &[u8]) -> Value {
    Value::String(Str::from(bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn regular_expressions(
        pattern in bytes("ab.*+?()[]{}|^$\\-:<>PQEpLdwsbAzZxi0129,'_é\n"),
        subject in bytes("ab01 é\n_-"),
        replacement in bytes("$a{}10_x"),
    ) {
        let program = program(
            "{{ regexMatch .a .b }}{{ regexQuoteMeta .a | regexMatch .b }}\
             {{ if regexMatch .a \"\" }}{{ end }}{{ mustRegexFindAll .a .b -1 }}\
             {{ mustRegexReplaceAll .a .b .c }}{{ mustRegexSplit .a .b 3 }}",
        );
        run(&program, [text(&pattern), text(&subject), text(&replacement)]);
    }

    #[test]
    fn versions(version in bytes("0123456789.-+vxX*|alpha é"), constraint in bytes("0129.-+vxX*|<>=!~^, é")) {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let version = Version::parse(&lossy(&version));
        let constraint = Constraint::parse(&lossy(&constraint));
        if let (Ok(version), Ok(constraint)) = (&version, &constraint) {
            let _ = constraint.allows(version);
            prop_assert_eq!(version.cmp(version), std::cmp::Ordering::Equal);
        }
        if let Ok(version) = version {
            let again = Version::parse(&version.to_string());
            prop_assert_eq!(again.map(|again| again.to_string()), Ok(version.to_string()));
        }
    }

    #[test]
    fn dates(
        layout in bytes("20061503450_.,Z-:07MSTJanMonPMpm 9"),
        value in bytes("0123456789-:.,TZ+ JanMonPMpmGMTUTC"),
        seconds in any::<i64>(),
    ) {
        let program = program(
            "{{ toDate .a .b }}{{ date .a .c }}{{ dateInZone .a .c \"America/New_York\" }}\
             {{ (toDate .a .b).AddDate 1000 1 -400 }}{{ durationRound .b }}{{ durationSeconds .b }}\
             {{ dateModify .b now }}{{ ago .c }}{{ duration .c }}{{ mustToDate .a .b }}",
        );
        run(&program, [text(&layout), text(&value), Value::int64(seconds)]);
    }

    #[test]
    fn documents(toml in bytes("ab.=[]{},\"'\\\n #_-+0123456789:TZxeinft"), json in bytes("{}[],:\"\\u0aeE+-.12tnrfls é\n")) {
        let program = program(
            "{{ fromToml .a | toToml }}{{ fromJson .b | toToml }}{{ fromYaml .a | toYaml }}\
             {{ fromJsonArray .b | toJson }}{{ fromYamlArray .b }}{{ urlParse .a }}",
        );
        run(&program, [text(&toml), text(&json), Value::Nil]);
    }

    #[test]
    fn numbers_as_arguments(a in any::<i64>(), b in -40_i64..40, c in bytes("ab cd-E_é1")) {
        for call in [
            "{{ trunc (int .a) .c }}{{ trunc (int .b) .c }}{{ substr (int .b) (int .a) .c }}",
            "{{ substr (int .a) (int .b) .c }}",
            "{{ wrap (int .b) .c }}{{ wrapWith (int .a) .c .c }}{{ abbrev (int .a) .c }}",
            "{{ abbrevboth (int .b) (int .a) .c }}{{ abbrevboth (int .a) (int .b) .c }}",
            "{{ repeat (int .a) .c }}",
            "{{ indent (int .a) .c }}",
            "{{ until (int .a) }}",
            "{{ untilStep (int .a) (int .b) (int .b) }}",
            "{{ seq (int .a) (int .b) }}",
            "{{ seq (int .b) (int .b) (int .a) }}",
            "{{ chunk (int .b) (splitList \"\" .c) }}",
            "{{ chunk (int .a) (splitList \"\" .c) }}",
            "{{ slice (splitList \"\" .c) .b .a }}",
            "{{ splitn \"\" (int .a) .c }}",
            "{{ round .a (int .b) }}{{ round .b (int .a) }}{{ div .a .b }}{{ mod .a .b }}",
            "{{ divf .a .b }}{{ mulf .a .a .a .b }}",
            "{{ randAlphaNum (int .a) }}",
            "{{ randBytes (int .a) }}",
            "{{ randInt (int .a) (int .b) }}",
        ] {
            run(&program(call), [Value::int64(a), Value::int64(b), text(&c)]);
        }
    }
}

#[test]
fn maps_that_hold_themselves_end() {
    for call in [
        "deepCopy $d",
        "toYaml $d",
        "toJson $d",
        "toToml $d",
        "quote $d",
        "merge $d (deepCopy $d)",
        "deepEqual $d $e",
    ] {
        let text = format!(
            "{{{{ $d := dict \"a\" 1 }}}}{{{{ $_ := set $d \"d\" $d }}}}{{{{ $e := dict \"a\" 1 }}}}\
             {{{{ $_ := set $e \"d\" $e }}}}{{{{ {call} }}}}"
        );
        run(&program(&text), [Value::Nil, Value::Nil, Value::Nil]);
    }
}

#[test]
fn deep_expressions_end() {
    for pattern in [
        "(".repeat(1_200) + &")".repeat(1_200),
        "(".repeat(900) + "a" + &")*".repeat(900),
        "((a{100}){100}){100}".into(),
        "\\pL{1000}".into(),
    ] {
        run(&program("{{ mustRegexMatch .a .b }}"), [text(pattern.as_bytes()), text(b"aaa"), Value::Nil]);
    }
}
