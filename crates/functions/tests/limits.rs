//! Templates that never end, that print or fill memory for ever, or make much out of little, end in an error within
//! their limits, on a thread with 2 MiB of stack.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests, and what they share")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pintle_functions::{Helm, HelmHost, Moment, Random, SeededRandom};
use pintle_template::{Error, ErrorKind, Execution, Limit, Limits, Output, Templates};
use pintle_value::Value;

/// Small, so that each case takes a moment also where nothing is optimised.
fn limits() -> Limits {
    Limits::default().steps(500_000).memory(4 << 20).output(1 << 18)
}

fn run_with(
    text: &str,
    host: &mut HelmHost,
    limits: Limits,
    cancel: &Arc<AtomicBool>,
) -> Result<Vec<u8>, Error> {
    let mut templates = Templates::new("gotpl", Helm::functions());
    templates.parse("t", text)?;
    let mut out = Output::new();
    let mut run = Execution::new(host).limits(limits).cancel(Arc::clone(cancel));
    templates.finish().execute("t", &Value::Nil, &mut out, &mut run)?;
    Ok(out.into_bytes())
}

fn host() -> HelmHost {
    HelmHost::new().clock(Moment { seconds: 1_700_000_000, nanos: 0 }).random(SeededRandom::new([1; 32]))
}

/// Runs the template on a thread with a small stack.
fn run(text: &str) -> Result<Vec<u8>, Error> {
    run_within(text, limits())
}

fn run_within(text: &str, limits: Limits) -> Result<Vec<u8>, Error> {
    let text = text.to_owned();
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let run = move || run_with(&text, &mut host(), limits, &Arc::default());
    thread.spawn(run).unwrap().join().expect("no panic, no overflow")
}

/// How a case ends.
enum End {
    At(Limit),
    /// In one limit or another: which comes first depends on what is counted how.
    AtAny,
    /// In an error of the function, which names its own limit or Go's.
    Saying(&'static str),
}

use End::{At, AtAny, Saying};

fn check(cases: &[(&str, End)]) {
    check_within(cases, &limits());
}

fn check_within(cases: &[(&str, End)], limits: &Limits) {
    for (text, end) in cases {
        let error = match run_within(text, limits.clone()) {
            Ok(out) => panic!("{text}: gives {} bytes", out.len()),
            Err(error) => error,
        };
        let as_expected = match end {
            At(limit) => error.kind() == ErrorKind::Limit(*limit),
            AtAny => {
                matches!(error.kind(), ErrorKind::Limit(_))
                    || error.to_string().ends_with("longer than allowed")
            }
            Saying(text) => error.to_string().contains(text),
        };
        let message: String = error.to_string().chars().take(300).collect();
        assert!(as_expected, "{text}: {:?}: {message}", error.kind());
        if let ErrorKind::Limit(_) = error.kind() {
            assert!(message.starts_with("limit reached: "), "{text}: {message}");
        }
    }
}

const ENDLESS: &str = "range 9223372036854775807";

#[test]
fn what_never_ends() {
    let each = |inner: &str| format!("{{{{ {ENDLESS} }}}}{inner}{{{{ end }}}}");
    let cases = [
        (each(""), At(Limit::Steps)),
        (each("{{ \"\" }}"), At(Limit::Steps)),
        (each("{{ $x := 1 }}"), At(Limit::Steps)),
        (each("x"), AtAny),
        (each("xxxxxxxxxxxxxxxxxxxxxxxx"), At(Limit::Output)),
        (each("{{ now }}"), AtAny),
        (format!("{{{{ $d := dict }}}}{}", each("{{ $d = dict \"a\" $d }}")), At(Limit::Memory)),
        (format!("{{{{ $d := dict }}}}{}", each("{{ $_ := set $d (printf \"%d\" (len $d)) 1 }}")), AtAny),
        (format!("{{{{ $l := list }}}}{}", each("{{ $l = append $l 1 }}")), At(Limit::Memory)),
        (format!("{{{{ $l := list }}}}{}", each("{{ $l = list $l }}")), At(Limit::Memory)),
        (
            format!(
                "{{{{ $n := 0 }}}}{}",
                each("{{ $n = add1 $n }}{{ $_ := tpl (printf \"{{ %d }}\" $n) . }}")
            ),
            AtAny,
        ),
        (
            format!(
                "{{{{ define \"big\" }}}}{}{{{{ end }}}}{}",
                "x".repeat(100_000),
                each("{{ $_ := include \"big\" . }}")
            ),
            At(Limit::Memory),
        ),
        (each("{{ $_ := regexMatch (printf \"a{%d}\" 900) \"b\" }}"), At(Limit::Steps)),
        (each("{{ $_ := bcrypt \"x\" }}"), At(Limit::Steps)),
        (each("{{ $_ := genPrivateKey \"ecdsa\" }}"), At(Limit::Steps)),
        (each("{{ $_ := randAlphaNum 100 }}"), AtAny),
        (each("{{ $_ := fromYaml \"a: [1, 2, 3, {b: c}]\" }}"), AtAny),
        (each("{{ $_ := regexFind \"a+\" \"aaa\" }}"), At(Limit::Steps)),
    ];
    for (text, end) in cases {
        check(&[(&text, end)]);
    }
}

#[test]
fn recursion_ends_in_gos_errors() {
    // Go's own limits are far.
    let limits = limits().steps(3_000_000).memory(1 << 30);
    let cases = [
        (
            r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
            Saying("nested reference name: a"),
        ),
        (
            r#"{{ define "a" }}{{ upper (include "a" .) }}{{ end }}{{ include "a" . }}"#,
            Saying("nested reference name: a"),
        ),
        (
            r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#,
            Saying("exceeded maximum template depth (100000)"),
        ),
        (
            r#"{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}"#,
            Saying("nested reference name: a"),
        ),
        (r#"{{ $x := "{{ tpl . . }}" }}{{ tpl $x $x }}"#, At(Limit::Depth)),
        // The text of each error holds those of all inside of it.
        (
            r#"{{ $x := "{{ if lt (len .n) 9000 }}{{ tpl .x (dict `x` .x `n` (print .n `.`)) }}{{ else }}{{ fail `x` }}{{ end }}" }}{{ tpl $x (dict "x" $x "n" "") }}"#,
            At(Limit::Memory),
        ),
    ];
    check_within(&cases, &limits);
}

#[test]
fn what_doubles() {
    let each =
        |before: &str, inner: &str| format!("{before}{{{{ range 100 }}}}{{{{ {inner} }}}}{{{{ end }}}}");
    for text in [
        each("{{ $x := `ab` }}", "$x = printf `%s%s` $x $x"),
        each("{{ $x := `ab` }}", "$x = print $x $x"),
        each("{{ $x := `ab` }}", "$x = cat $x $x"),
        each("{{ $x := `ab` }}", "$x = quote $x $x"),
        each("{{ $x := `ab` }}", "$x = join $x (list $x $x)"),
        each("{{ $x := `ab` }}", "$x = repeat 2 $x"),
        each("{{ $x := `a\nb` }}", "$x = nindent 100 (print $x `\n`)"),
        each("{{ $x := `ab` }}", "$x = replace `a` $x $x"),
        each("{{ $x := `ab` }}", "$x = regexReplaceAll `a` $x $x"),
        each("{{ $x := `a<` }}", "$x = html $x $x"),
        each("{{ $x := `a` }}", "$x = b64enc $x"),
        each("{{ $x := `a` }}", "$x = toYaml (list $x $x)"),
        each("{{ $x := `a` }}", "$x = toJson (list $x $x)"),
        each("{{ $x := `a b` }}", "$x = wrapWith 1 $x $x"),
        each("{{ $l := list 1 }}", "$l = concat $l $l"),
        each("{{ $l := list `a` `b` }}", "$l = splitList `` (join `` (concat $l $l))"),
        each("{{ $l := list 1 }}", "$l = append $l (deepCopy $l)"),
        each("{{ $d := dict }}", "$d = dict `a` $d `b` (deepCopy $d)"),
        each("{{ $x := `x` }}", "$x = tpl (print `{{/**/}}{{ . }}{{ . }}` $x) $x"),
    ] {
        check(&[(&text, AtAny)]);
    }
}

/// Values that are small in memory, and large where each way through them is gone.
#[test]
fn what_holds_the_same_many_times() {
    let lists = "{{ $a := list 1 }}{{ $b := list 1 }}{{ range 60 }}{{ $a = list $a $a }}{{ $b = list $b $b }}{{ end }}";
    let maps = "{{ $a := dict `z` 1 }}{{ $b := dict `z` 1 }}\
        {{ range 60 }}{{ $a = dict `x` $a `y` $a }}{{ $b = dict `x` $b `y` $b }}{{ end }}";
    for call in [
        "deepCopy $a",
        "deepEqual $a $b",
        "has $a (list $b)",
        "uniq (list $a $b)",
        "without (list $a) $b",
        "quote $a",
        "squote $a",
        "cat $a $a",
        "toString $a | len",
        "print $a | len",
        "printf `%v` $a | len",
        "html $a | len",
        "toYaml $a | len",
        "toYamlPretty $a | len",
        "toJson $a | len",
        "toPrettyJson $a | len",
        "toRawJson $a | len",
        "$a",
        "dict `a` $a | toToml | len",
        "join `` (list $a $a)",
        "sortAlpha (list $a $a)",
        "dict $a 1",
    ] {
        for values in [lists, maps] {
            let text = format!("{values}{{{{ {call} }}}}");
            let error = match run(&text) {
                // What ends at a limit of its own size, and is cut there.
                Ok(out) => panic!("{text}: gives {} bytes", out.len()),
                Err(error) => error.to_string(),
            };
            assert!(error.contains("limit") || error.contains("longer than"), "{call}: {error:.300}");
        }
    }
    for call in ["merge $a $b", "mustMergeOverwrite $a $b", "merge (deepCopy $a) $b"] {
        check(&[(&format!("{maps}{{{{ {call} }}}}"), AtAny)]);
    }
}

#[test]
fn much_out_of_little() {
    check(&[
        ("{{ repeat 2000000000 `x` }}", AtAny),
        ("{{ repeat 9223372036854775807 `xx` }}", Saying("Repeat output length overflow")),
        ("{{ until 2000000000 }}", AtAny),
        ("{{ untilStep 0 9223372036854775807 1 }}", AtAny),
        ("{{ seq 1 2000000000 }}", AtAny),
        ("{{ indent 2000000000 `x` }}", AtAny),
        ("{{ nindent 2000000000 `x` }}", AtAny),
        ("{{ randAlphaNum 2000000000 }}", AtAny),
        ("{{ randBytes 2000000000 }}", AtAny),
        ("{{ chunk 1 (until 900000) }}", AtAny),
        ("{{ join (repeat 1000000 `x`) (until 1000) }}", AtAny),
        ("{{ splitList `` (repeat 5000000 `x`) }}", AtAny),
        ("{{ split `x` (repeat 5000000 `x`) }}", AtAny),
        ("{{ regexFindAll `` (repeat 5000000 `x`) -1 }}", AtAny),
        ("{{ regexSplit `x` (repeat 5000000 `x`) -1 }}", AtAny),
        ("{{ fromYaml (repeat 5000000 `x`) }}", AtAny),
        ("{{ fromJsonArray (print `[` (repeat 2000000 `1,`) `1]`) }}", AtAny),
        ("{{ fromToml (repeat 5000000 `x`) }}", AtAny),
        ("{{ shuffle (repeat 5000000 `x`) }}", AtAny),
        ("{{ genPrivateKey `rsa` }}", At(Limit::Steps)),
        ("{{ genPrivateKey `dsa` }}", At(Limit::Steps)),
        ("{{ genCA `x` 1 }}", At(Limit::Steps)),
        ("{{ genSelfSignedCert `x` nil nil 1 }}", At(Limit::Steps)),
        ("{{ bcrypt `x` }}", At(Limit::Steps)),
        ("{{ htpasswd `u` `x` }}", At(Limit::Steps)),
        ("{{ derivePassword 1 `long` `p` `u` `s` }}", At(Limit::Steps)),
    ]);
    assert_eq!(run("{{ printf `%999999999d` 1 }}").unwrap(), b"%!(NOVERB)%!(EXTRA int=1)");
    assert_eq!(run("{{ printf `%99999d` 1 | len }}").unwrap(), b"99999");
}

/// What takes time in the square of its arguments, or more.
#[test]
fn much_time_for_little() {
    // Each search looks at all of the rest for one character.
    let searches = [
        ("{{ regexFindAll `.*b|a` (repeat 20000 `a`) -1 }}", At(Limit::Steps)),
        ("{{ regexReplaceAll `.*b|a` (repeat 20000 `a`) `` }}", At(Limit::Steps)),
    ];
    check_within(&searches, &limits().steps(10_000));
    check(&[
        ("{{ regexMatch `(a*)*(a*)*(a*)*[ab]{200}c` (repeat 2000000 `a`) }}", At(Limit::Steps)),
        ("{{ $l := until 4000 }}{{ uniq $l }}", At(Limit::Steps)),
        (
            "{{ $x := repeat 100000 `a` }}{{ $y := print $x `` }}{{ range 2000 }}{{ if eq $x $y }}{{ end }}{{ end }}",
            At(Limit::Steps),
        ),
        (
            "{{ $x := repeat 2000000 `a` }}{{ range 2000 }}{{ if contains `b` $x }}{{ end }}{{ end }}",
            At(Limit::Steps),
        ),
        (
            "{{ $x := repeat 1000000 `a` }}{{ $l := list }}{{ range 200 }}{{ $l = append $l $x }}{{ end }}{{ sortAlpha $l }}",
            At(Limit::Steps),
        ),
    ]);
    // Once in the square of both.
    let trimmed = run("{{ trimAll (repeat 1000 `bcdefghijklmnopqrstuvwxyza`) (repeat 100000 `a`) }}")
        .unwrap_or_default();
    assert!(trimmed.is_empty());
}

/// A source of chance that pulls the plug when it is first asked.
struct Unplugs(Arc<AtomicBool>, SeededRandom);

impl Random for Unplugs {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.0.store(true, Ordering::Relaxed);
        self.1.fill(bytes)
    }
}

#[cfg(feature = "crypto-functions")]
#[test]
fn keys_are_given_up_when_the_run_is_cancelled() {
    for call in
        ["genPrivateKey `rsa`", "genPrivateKey `dsa`", "genCA `x` 1", "genSelfSignedCert `x` nil nil 1"]
    {
        let cancel = Arc::new(AtomicBool::new(false));
        let mut host = host().random(Unplugs(Arc::clone(&cancel), SeededRandom::new([1; 32])));
        let done = run_with(&format!("{{{{ {call} }}}}"), &mut host, Limits::default(), &cancel);
        assert_eq!(done.unwrap_err().kind(), ErrorKind::Cancelled, "{call}");
    }
}

/// Time and cancellation are looked at within functions, not only between them.
#[test]
fn functions_look_at_the_clock() {
    for text in [
        "{{ range 1000 }}{{ $_ := repeat 1000000 `x` }}{{ end }}",
        "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l }}",
        "{{ regexFindAll `.*b|a` (repeat 100000 `a`) -1 }}",
        "{{ range 9223372036854775807 }}{{ end }}",
    ] {
        let cancel = Arc::new(AtomicBool::new(true));
        let done = run_with(text, &mut host(), Limits::default(), &cancel);
        assert_eq!(done.unwrap_err().kind(), ErrorKind::Cancelled, "{text}");
        let late = Limits::default().time(std::time::Duration::ZERO);
        let done = run_with(text, &mut host(), late, &Arc::default());
        assert_eq!(done.unwrap_err().kind(), ErrorKind::Limit(Limit::Time), "{text}");
    }
}

/// All that was made by the templates above was given back, or never held at once.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_within_bounds() {
    for text in [
        "{{ range 9223372036854775807 }}{{ \"\" }}{{ end }}",
        "{{ $n := 0 }}{{ range 9223372036854775807 }}{{ $n = add1 $n }}{{ $_ := tpl (printf \"{{ %d }}\" $n) . }}{{ end }}",
        "{{ $n := 0 }}{{ range 9223372036854775807 }}{{ $n = add1 $n }}{{ $_ := regexMatch (printf \"[a-z]{%d}\" $n) \"b\" }}{{ end }}",
        "{{ join (repeat 1000000 `x`) (until 1000) }}",
    ] {
        assert!(matches!(run(text).unwrap_err().kind(), ErrorKind::Limit(_)), "{text}");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    let peak: u64 = peak.unwrap();
    assert!(peak < 1 << 20, "the tests took {peak} kB at their peak");
}
