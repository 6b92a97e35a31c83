//! Records go into a store and come out of it whole, whoever wrote them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_release::{DeletePolicy, HookEvent, HookPhase, Status, codec};

fn decode(json: &str) -> Result<pintle_release::Record, codec::CodecError> {
    codec::decode(STANDARD.encode(json).as_bytes(), codec::Limits::default())
}

#[test]
fn what_an_older_or_newer_helm_wrote_stays_readable() {
    let record = decode(
        r#"{"name":"web","version":3,"namespace":"shop","apply_method":"sorcery","unheard":{"of":1},
            "info":{"first_deployed":"2026-01-02T03:04:05.123456789+02:00","deleted":"","status":"sleeping"},
            "config":null,
            "hooks":[{"name":"h","events":["pre-install","crd-install"],"delete_policies":null,
                      "last_run":{"started_at":"0001-01-01T00:00:00Z","phase":"Dreaming"}}]}"#,
    )
    .unwrap();
    assert_eq!(record.info.status, Status::Other("sleeping".to_owned()));
    assert_eq!(record.info.first_deployed.unwrap().to_string(), "2026-01-02T01:04:05.123456789Z");
    assert_eq!(record.info.deleted, None);
    assert_eq!(record.apply_method, None);
    let hook = record.hooks.first().unwrap();
    assert_eq!(hook.events, [HookEvent::PreInstall]);
    assert_eq!(hook.last_run.started_at, None);
    assert_eq!(hook.last_run.phase, HookPhase::Unknown);
    assert!(hook.has_delete_policy(DeletePolicy::BeforeHookCreation));
}

#[test]
fn empty_members_are_left_out_as_helm_leaves_them_out() {
    let bytes = codec::encode(&pintle_release::Record::new("web", "shop", 1)).unwrap();
    let mut json = String::new();
    let gzip = STANDARD.decode(bytes).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(gzip.as_slice()), &mut json).unwrap();
    assert_eq!(json, r#"{"name":"web","info":{"status":"unknown"},"version":1,"namespace":"shop"}"#);
}

#[test]
fn damaged_and_oversized_records_are_errors_that_quote_nothing() {
    let secret = r#"{"name":"web","config":{"password":"hunter2"},"version":"hunter2"}"#;
    let error = decode(secret).unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
    assert!(codec::decode(b"***", codec::Limits::default()).is_err());

    let mut limits = codec::Limits::default();
    limits.decoded_bytes = 10;
    let bytes = codec::encode(&pintle_release::Record::new("web", "shop", 1)).unwrap();
    assert!(matches!(codec::decode(&bytes, limits), Err(codec::CodecError::TooLarge { limit: 10 })));
    let cut = &bytes[..bytes.len() / 2 / 4 * 4];
    assert!(matches!(codec::decode(cut, codec::Limits::default()), Err(codec::CodecError::Gzip(_))));
}

#[test]
fn a_record_is_read_whatever_its_gzip_says_of_its_size() {
    let mut large = pintle_release::Record::new("web", "shop", 1);
    large.manifest = "kind: ConfigMap\n".repeat(10_000);
    let bytes = codec::encode(&large).unwrap();
    let small = codec::encode(&pintle_release::Record::new("web", "shop", 2)).unwrap();
    let mut decoder = codec::Decoder::new(codec::Limits::default());
    assert_eq!(decoder.record(&bytes).unwrap(), large);
    assert_eq!(decoder.record(&small).unwrap().revision, 2);
    assert_eq!(decoder.head(&bytes).unwrap(), pintle_release::Head::of(&large));

    let gzip = STANDARD.decode(&bytes).unwrap();
    for followed_by in [[0; 4], [0xff; 4]] {
        let gzip = [gzip.as_slice(), &followed_by].concat();
        assert_eq!(decoder.record(STANDARD.encode(gzip).as_bytes()).unwrap(), large);
    }
    // RFC 1952 §2.3.1: the last eight bytes are the checksum and the size.
    for at in 1..=8 {
        let mut gzip = gzip.clone();
        let at = gzip.len() - at;
        gzip[at] ^= 1;
        let read = decoder.record(STANDARD.encode(gzip).as_bytes());
        assert!(matches!(read, Err(codec::CodecError::Gzip(_))), "{read:?}");
    }
    for length in [3, 9, gzip.len() - 9, gzip.len() - 1] {
        let read = decoder.record(STANDARD.encode(&gzip[..length]).as_bytes());
        assert!(matches!(read, Err(codec::CodecError::Gzip(_))), "{read:?}");
    }
    assert_eq!(decoder.record(&small).unwrap().revision, 2);
}
