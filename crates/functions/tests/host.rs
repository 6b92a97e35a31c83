//! What a run gives to the functions is what they use: time, chance, cluster, resolver, strictness, own functions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they share")]

use std::sync::Arc;

use pintle_functions::{
    Helm, HelmHost, LintFault, Lookup, LookupRequest, MESSAGE_END, MESSAGE_START, Moment, Resolver,
    SeededRandom, Strictness, Zone,
};
use pintle_template::{Execution, Function, Functions, Output, Templates};
use pintle_value::{Data, Str, Value, types};

fn render_with(functions: Functions, text: &str, host: &mut HelmHost) -> Result<String, String> {
    let mut templates = Templates::new("set", functions);
    templates.parse("t", text).map_err(|error| error.to_string())?;
    let mut out = Output::new();
    let mut run = Execution::new(host);
    templates.finish().execute("t", &Value::Nil, &mut out, &mut run).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out.into_bytes()).unwrap())
}

fn render(text: &str, host: &mut HelmHost) -> Result<String, String> {
    render_with(Helm::functions(), text, host)
}

/// A host whose time and chance are fixed.
fn fixed(seed: u8) -> HelmHost {
    HelmHost::new().clock(Moment { seconds: 1_700_000_000, nanos: 0 }).random(SeededRandom::new([seed; 32]))
}

#[test]
fn time_and_zone() {
    let mut host = fixed(1).local_zone(Zone::named("Asia/Kolkata").unwrap());
    assert_eq!(
        render(r#"{{ now | date "2006-01-02 15:04 MST" }}"#, &mut host).unwrap(),
        "2023-11-15 03:43 IST"
    );
    assert_eq!(
        render(r#"{{ toDate "2006-01-02 15:04" "2023-11-15 03:43" | unixEpoch }}"#, &mut host).unwrap(),
        "1699999980"
    );
    assert_eq!(
        render("{{ now.UTC }} {{ now.Local.Location }}", &mut host).unwrap(),
        "2023-11-14 22:13:20 +0000 UTC Asia/Kolkata"
    );
    assert!(Zone::named("asia/kolkata").is_none() && Zone::named("../UTC").is_none());
}

#[test]
fn equal_seeds_make_equal_secrets() {
    let text = r#"{{ randAlphaNum 20 }} {{ uuidv4 }} {{ randBytes 8 }} {{ shuffle "abcdefgh" }} {{ randInt 0 1000 }}"#;
    assert_eq!(render(text, &mut fixed(1)), render(text, &mut fixed(1)));
    assert_ne!(render(text, &mut fixed(1)), render(text, &mut fixed(2)));
}

#[cfg(feature = "crypto-functions")]
#[test]
fn certificates_follow_the_seed_and_the_clock() {
    let text = r#"{{ $key := genPrivateKey "ecdsa" }}{{ $ca := genCAWithKey "ca" 365 $key -}}
{{ $leaf := genSignedCertWithKey "leaf" (list "10.0.0.1") (list "a.b") 30 $ca (genPrivateKey "ed25519") -}}
{{ $leaf.Cert }}{{ $leaf.Key }}{{ (buildCustomCert ($leaf.Cert | b64enc) ($leaf.Key | b64enc)).Cert | eq $leaf.Cert }}"#;
    let first = render(text, &mut fixed(1)).unwrap();
    assert_eq!(Ok(&first), render(text, &mut fixed(1)).as_ref());
    assert!(
        first.starts_with("-----BEGIN CERTIFICATE-----\n")
            && first.ends_with("-----END PRIVATE KEY-----\ntrue")
    );
    let mismatch = r#"{{ $ca := genCAWithKey "ca" 1 (genPrivateKey "ecdsa") }}{{ $other := genCAWithKey "x" 1 (genPrivateKey "ecdsa") }}
{{ genSignedCertWithKey "leaf" nil nil 1 (buildCustomCert ($ca.Cert | b64enc) ($other.Key | b64enc)) $other.Key }}"#;
    let error = render(mismatch, &mut fixed(1)).unwrap_err();
    assert!(
        error.ends_with(
            "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey"
        ),
        "{error}"
    );
}

#[cfg(feature = "crypto-functions")]
#[test]
fn what_was_encrypted_is_decrypted() {
    let text = r#"{{ encryptAES "key" "secret text" | decryptAES "key" }} {{ htpasswd "u" "p" | trunc 9 }}"#;
    assert_eq!(render(text, &mut fixed(1)).unwrap(), "secret text u:$2a$10$");
}

#[cfg(not(feature = "crypto-functions"))]
#[test]
fn a_build_without_cryptography_says_so() {
    let error = render(r#"{{ genCA "ca" 1 }}"#, &mut fixed(1)).unwrap_err();
    assert!(error.contains("crypto-functions"), "{error}");
}

struct OneSecret;

impl Lookup for OneSecret {
    fn lookup(&mut self, request: LookupRequest<'_>) -> Result<Data, String> {
        match (request.api_version, request.kind, request.namespace, request.name) {
            ("v1", "Secret", "ns", "found") => Ok([("data", Data::from("x"))].into_iter().collect()),
            (.., "forbidden") => Err("secrets is forbidden".to_owned()),
            _ => Ok(Data::Null),
        }
    }
}

struct OneAddress;

impl Resolver for OneAddress {
    fn resolve(&mut self, name: &str) -> String {
        format!("address of {name}")
    }
}

#[test]
fn cluster_and_resolver() {
    let text = r#"{{ lookup "v1" "Secret" "ns" "found" }} {{ lookup "v1" "Secret" "ns" "lost" }} {{ getHostByName "h" }}"#;
    assert_eq!(render(text, &mut fixed(1)).unwrap(), "map[] map[] ");
    let mut host = fixed(1).lookup(OneSecret).resolver(OneAddress);
    assert_eq!(render(text, &mut host).unwrap(), "map[data:x] map[] address of h");
    let error = render(r#"{{ lookup "v1" "Secret" "ns" "forbidden" }}"#, &mut host).unwrap_err();
    assert!(error.ends_with("error calling lookup: secrets is forbidden"), "{error}");
}

#[test]
fn a_lint_notes_what_else_fails() {
    let text = r#"[{{ required "name is needed" nil }}{{ fail "no" }}{{ required "x" "given" }}]"#;
    let error = render(text, &mut fixed(1)).unwrap_err();
    assert!(error.ends_with(&format!("{MESSAGE_START}name is needed{MESSAGE_END}")), "{error}");
    let mut host = fixed(1).strictness(Strictness::Lint);
    assert_eq!(render(text, &mut host).unwrap(), "[given]");
    let notes: Vec<_> = host.take_notes().into_iter().map(|note| (note.fault, note.message)).collect();
    assert_eq!(
        notes,
        [(LintFault::Missing, "name is needed".to_owned()), (LintFault::Failed, "no".to_owned())]
    );
}

#[test]
fn a_callers_own_function() {
    let mut functions = Helm::functions();
    let shout = Function {
        params: const { &[&types::STRING] },
        variadic: false,
        handler: Arc::new(|_, args| match args.first() {
            Some(Value::String(text)) => Ok(Value::String(Str::from([&text[..], b"!"].concat()))),
            _ => Ok(Value::Nil),
        }),
    };
    functions.insert("shout", shout);
    assert_eq!(render_with(functions, r#"{{ upper "hey" | shout }}"#, &mut fixed(1)).unwrap(), "HEY!");
}
