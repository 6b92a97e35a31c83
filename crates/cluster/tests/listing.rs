//! Lists of records, by servers that speak Kubernetes' protobuf, that do not, and that speak it badly.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stop where a test does"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::StreamBody;
use hyper::body::Frame;
use kube::client::Body;
use pintle_cluster::{ConfigMapStore, SecretStore, Target};
use pintle_release::{Filter, Head, Record, Status, StoreError, Summary, codec};
use proptest::prelude::*;
use serde_json::{Value, json};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const JSON: &str = "application/json";

type Frames = StreamBody<futures::stream::Iter<std::vec::IntoIter<std::io::Result<Frame<Bytes>>>>>;

/// An answer of the server.
#[derive(Clone)]
struct Answer {
    status: u16,
    media_type: &'static str,
    body: Vec<u8>,
    /// How many bytes of it come at a time.
    chunk: usize,
    /// After how many of them the connection is cut.
    cut: Option<usize>,
}

impl Answer {
    fn protobuf(body: Vec<u8>) -> Self {
        Self { status: 200, media_type: PROTOBUF, body, chunk: usize::MAX, cut: None }
    }

    fn json(body: &Value) -> Self {
        Self { media_type: JSON, ..Self::protobuf(serde_json::to_vec(body).unwrap()) }
    }

    fn in_chunks(self, chunk: usize) -> Self {
        Self { chunk, ..self }
    }

    fn cut_after(self, bytes: usize) -> Self {
        Self { cut: Some(bytes), ..self }
    }

    fn response(self) -> Response<Frames> {
        let whole = Bytes::from(self.body);
        let end = self.cut.unwrap_or(whole.len()).min(whole.len());
        let mut frames = Vec::new();
        let mut start = 0;
        while start < end {
            let next = start.saturating_add(self.chunk).min(end);
            frames.push(Ok(Frame::data(whole.slice(start..next))));
            start = next;
        }
        if self.cut.is_some() {
            frames.push(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)));
        }
        Response::builder()
            .status(self.status)
            .header(http::header::CONTENT_TYPE, self.media_type)
            .body(StreamBody::new(futures::stream::iter(frames)))
            .unwrap()
    }
}

/// What the server was asked: path, query and the types that it may answer with.
type Log = Arc<Mutex<Vec<(String, String)>>>;

/// A target on a server that answers lists with content with these, one after the other; lists of metadata and reads of
/// one record with those of `records`, in JSON.
fn target(records: Vec<Record>, answers: Vec<Answer>) -> (Target, Log) {
    let log = Log::default();
    let asked = Arc::clone(&log);
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let service = tower::service_fn(move |request: Request<Body>| {
        let accept = request.headers()[http::header::ACCEPT].to_str().unwrap().to_owned();
        let uri = request.uri().to_string();
        let answer = if accept.contains("PartialObjectMetadataList") {
            let superseded = uri.contains("status%3Dsuperseded");
            let listed =
                records.iter().filter(|record| !superseded || record.info.status == Status::Superseded);
            Answer::json(
                &json!({"items": listed.map(|record| object(record, "secrets")).collect::<Vec<_>>()}),
            )
        } else if uri.contains('?') {
            answers.lock().unwrap().next().expect("an answer for each list")
        } else {
            let named = records.iter().find(|record| uri.ends_with(&key(record))).unwrap();
            Answer::json(&object(named, "secrets"))
        };
        asked.lock().unwrap().push((uri, accept));
        async move { Ok::<_, Infallible>(answer.response()) }
    });
    (Target::builder(kube::Client::new(service, "default")).attempts(2).build(), log)
}

fn records(names: &[&str]) -> Vec<Record> {
    let record = |name: &&str| {
        let mut record = Record::new(*name, "shop", 1);
        record.info.status = Status::Deployed;
        record.chart =
            serde_json::from_value(json!({"metadata": {"name": "web", "version": "1.0.0"}})).unwrap();
        record.labels.insert("team".to_owned(), "blue".to_owned());
        record
    };
    names.iter().map(record).collect()
}

fn key(record: &Record) -> String {
    format!("sh.helm.release.v1.{}.v{}", record.name, record.revision)
}

fn labels(record: &Record) -> BTreeMap<String, String> {
    let mut labels = record.labels.clone();
    let system = [
        ("name", record.name.clone()),
        ("owner", "helm".to_owned()),
        ("status", record.info.status.to_string()),
        ("version", record.revision.to_string()),
        ("createdAt", "1700000000".to_owned()),
    ];
    labels.extend(system.map(|(key, value)| (key.to_owned(), value)));
    labels
}

fn object(record: &Record, plural: &str) -> Value {
    let stored = codec::encode(record).unwrap();
    let stored =
        if plural == "secrets" { STANDARD.encode(stored) } else { String::from_utf8(stored).unwrap() };
    json!({
        "metadata": {
            "name": key(record), "namespace": "shop", "resourceVersion": "7", "labels": labels(record),
            "annotations": {"note": "kept"},
        },
        "data": {"release": stored},
    })
}

fn list(records: &[Record], plural: &str, more: &str) -> Value {
    let items: Vec<Value> = records.iter().map(|record| object(record, plural)).collect();
    json!({"metadata": {"resourceVersion": "9", "continue": more}, "items": items})
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// A field of a message that has its length before it.
fn field(number: usize, value: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(value.len()), value.to_vec()].concat()
}

fn pairs(number: usize, pairs: &BTreeMap<String, String>) -> Vec<u8> {
    let pair = |(key, value): (&String, &String)| {
        field(number, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat())
    };
    pairs.iter().flat_map(pair).collect()
}

fn message(record: &Record) -> Vec<u8> {
    let metadata = [
        field(1, key(record).as_bytes()),
        field(3, b"shop"),
        field(6, b"7"),
        vec![7 << 3, 1], // generation
        pairs(11, &labels(record)),
        pairs(12, &BTreeMap::from([("note".to_owned(), "kept".to_owned())])),
        field(17, b"\x0a\x04Helm"), // managedFields
    ];
    let data = [field(1, b"release"), field(2, &codec::encode(record).unwrap())];
    [field(1, &metadata.concat()), field(2, &data.concat()), field(3, b"helm.sh/release.v1")].concat()
}

fn envelope(list: &[u8]) -> Vec<u8> {
    let kind = [field(1, b"v1"), field(2, b"SecretList")].concat();
    [b"k8s\0".to_vec(), field(1, &kind), field(2, list), field(3, b""), field(4, b"")].concat()
}

fn protobuf(records: &[Record], more: &str) -> Vec<u8> {
    let metadata = [field(2, b"9"), field(3, more.as_bytes()), vec![4 << 3, 5]].concat();
    let items = records.iter().flat_map(|record| field(2, &message(record)));
    // A field of tomorrow, between those of today.
    let unknown = [vec![9 << 3 | 1], vec![0; 8], vec![10 << 3 | 5], vec![0; 4], field(11, b"new")].concat();
    let list: Vec<u8> = field(1, &metadata).into_iter().chain(unknown).chain(items).collect();
    envelope(&list)
}

fn expected(records: &[Record]) -> Vec<(String, Option<Head>)> {
    records.iter().map(|record| (record.name.clone(), Some(Head::of(record)))).collect()
}

fn seen(overview: Vec<(Summary, Option<Head>)>) -> Vec<(String, Option<Head>)> {
    for (summary, _) in &overview {
        assert_eq!((summary.storage_namespace.as_str(), summary.version.0.as_str()), ("shop", "7"));
        assert_eq!(summary.labels, BTreeMap::from([("team".to_owned(), "blue".to_owned())]));
        assert_eq!(summary.annotations["note"], "kept");
        assert_eq!(summary.modified.unwrap().as_second(), 1_700_000_000);
    }
    overview.into_iter().map(|(summary, head)| (summary.name, head)).collect()
}

async fn overview(target: Target) -> Vec<(String, Option<Head>)> {
    seen(SecretStore::new(target, "shop").overview(&Filter::default()).await.unwrap())
}

#[tokio::test]
async fn both_encodings_and_both_kinds_say_the_same() {
    let all = records(&["api", "db", "web"]);
    for chunk in [1, 7, 1000, usize::MAX] {
        let answers = vec![Answer::protobuf(protobuf(&all, "")).in_chunks(chunk)];
        let (target, log) = target(Vec::new(), answers.clone());
        assert_eq!(overview(target).await, expected(&all));
        assert!(log.lock().unwrap().iter().any(|(_, accept)| accept == &format!("{PROTOBUF}, {JSON}")));
        // A message does not tell bytes from text.
        let (target, _) = self::target(Vec::new(), answers);
        let store = ConfigMapStore::new(target, "shop");
        assert_eq!(seen(store.overview(&Filter::default()).await.unwrap()), expected(&all));

        let (target, _) =
            self::target(Vec::new(), vec![Answer::json(&list(&all, "secrets", "")).in_chunks(chunk)]);
        assert_eq!(overview(target).await, expected(&all));
        let (target, _) = self::target(Vec::new(), vec![Answer::json(&list(&all, "configmaps", ""))]);
        let store = ConfigMapStore::new(target, "shop");
        assert_eq!(seen(store.overview(&Filter::default()).await.unwrap()), expected(&all));
    }
}

#[tokio::test]
async fn pages_may_differ_in_their_encoding() {
    let all = records(&["api", "db", "web"]);
    let answers = vec![
        Answer::protobuf(protobuf(&all[..1], "next/one")),
        Answer::json(&list(&all[1..2], "secrets", "next/two")),
        Answer::protobuf(protobuf(&all[2..], "")),
    ];
    let (target, log) = target(Vec::new(), answers);
    assert_eq!(overview(target).await, expected(&all));
    let log = log.lock().unwrap();
    let continued: Vec<&String> =
        log.iter().map(|(uri, _)| uri).filter(|uri| uri.contains("continue=")).collect();
    assert!(continued[0].ends_with("continue=next%2Fone") && continued[1].ends_with("continue=next%2Ftwo"));
}

#[tokio::test]
async fn many_records_come_in_the_order_of_the_list() {
    let names: Vec<String> = (0..900).map(|number| format!("release-{number:03}")).collect();
    let mut all = records(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for (number, record) in all.iter_mut().enumerate() {
        record.manifest = format!("{number}").repeat(number % 7 * 100);
    }
    let (target, _) = target(Vec::new(), vec![Answer::protobuf(protobuf(&all, "")).in_chunks(16 << 10)]);
    assert_eq!(overview(target).await, expected(&all));
}

#[tokio::test]
async fn a_list_that_is_cut_off_is_asked_for_again() {
    let all = records(&["api", "db", "web"]);
    let body = protobuf(&all, "");
    let cut = Answer::protobuf(body.clone()).cut_after(body.len() - 200);
    let (target, log) = target(Vec::new(), vec![cut, Answer::protobuf(body)]);
    assert_eq!(overview(target).await, expected(&all));
    assert_eq!(log.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_damaged_record_is_known_by_its_labels_alone() {
    let all = records(&["api", "db"]);
    let mut body = protobuf(&all, "");
    // Damage the gzip's text of the first record.
    let place = body.windows(4).position(|four| four == b"H4sI").unwrap();
    body[place + 40..place + 60].fill(b'!');
    let (target, _) = target(Vec::new(), vec![Answer::protobuf(body)]);
    let mut expected = expected(&all);
    expected[0].1 = None;
    assert_eq!(overview(target).await, expected);
}

#[tokio::test]
async fn records_of_an_unreadable_list_are_read_one_by_one() {
    let all = records(&["api", "db"]);
    let good = protobuf(&all, "");
    let with_item = |item: &[u8]| envelope(&[field(1, b""), field(2, item)].concat());
    // Objects of 9 MiB, 2^62 and 2^64 - 1 bytes, in a list without end, of which nothing comes.
    let promises = [9 << 20, 1 << 62, usize::MAX].map(|size| {
        let list = [vec![2 << 3 | 2], varint(usize::MAX), vec![2 << 3 | 2], varint(size)].concat();
        [b"k8s\0".to_vec(), list].concat()
    });
    let damaged = [
        Vec::new(),
        b"k8s".to_vec(),
        b"k8s\0".to_vec(),
        b"{\"items\":[]}".to_vec(),
        good[..good.len() - 6].to_vec(),
        [good.clone(), vec![0x12]].concat(),
        with_item(&field(1, &field(1, b"\xff\xfe"))), // a name that is no text
        with_item(b"\x0a\x7f"),                       // metadata longer than the object
        with_item(b"\x0b"),                           // a group without end
        envelope(&[0xff; 11]),
        envelope(&field(1, b"\x1a\x05a")), // metadata of the list
        envelope(b"\x12\x7f"),
    ];
    for body in damaged.into_iter().chain(promises) {
        for chunk in [1, usize::MAX] {
            let (target, log) = target(all.clone(), vec![Answer::protobuf(body.clone()).in_chunks(chunk)]);
            assert_eq!(overview(target).await, expected(&all), "{body:?}");
            // Superseded records, those with content, all of them, and two reads.
            assert_eq!(log.lock().unwrap().len(), 5);
        }
    }
}

#[tokio::test]
async fn a_refusal_in_protobuf_says_what_one_in_json_does() {
    let cause = [field(1, b"FieldValueInvalid"), field(2, b"is odd"), field(3, b"spec.a")].concat();
    let details = [field(4, &cause), vec![5 << 3, 0]].concat();
    let status = [field(3, b"etcd is away"), field(4, b"InternalError"), field(5, &details)].concat();
    let in_json = json!({
        "message": "etcd is away", "reason": "InternalError",
        "details": {"causes": [{"reason": "FieldValueInvalid", "message": "is odd", "field": "spec.a"}]},
    });
    let answers = [Answer::protobuf(envelope(&status)), Answer::json(&in_json)];
    let errors = answers.map(async |answer| {
        let answer = Answer { status: 500, ..answer };
        let (target, _) = target(Vec::new(), vec![answer.clone(), answer]);
        let error = ConfigMapStore::new(target, "shop").overview(&Filter::default()).await.unwrap_err();
        let StoreError::Backend(error) = error else { panic!("{error}") };
        let pintle_cluster::Error::Refused(refusal) = *error.downcast().unwrap() else { panic!() };
        format!("{refusal:?}")
    });
    let [first, second] = errors;
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first, second);
    assert!(first.contains("etcd is away") && first.contains("is odd"), "{first}");
}

proptest! {
    #[test]
    fn no_bytes_do_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        chunk in 1usize..2000,
    ) {
        let all = records(&["api", "db"]);
        let mut body = protobuf(&all, "");
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        body.truncate(cut.index(body.len() * 2));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // The list may go on, where the bytes now say so.
            let answers = vec![Answer::protobuf(body).in_chunks(chunk), Answer::protobuf(protobuf(&[], ""))];
            let (target, _) = target(all.clone(), answers);
            SecretStore::new(target, "shop").overview(&Filter::default()).await.unwrap();
        });
    }
}
