//! How requests fare with a server that stumbles.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stop where a test does"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pintle_cluster::{
    Applied, ApplyOptions, Class, ConfigMapStore, Discovery, DriftWatch, Error, Gvk, Lock, Object, ObjectRef,
    RequestObserver, Scope, SecretStore, Sent, Target, Unobserved, WaitError, WaitOptions,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// One answer of the server: a status with headers, or a cut connection.
#[derive(Clone)]
enum Answer {
    Status(u16, &'static str),
    Cut,
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl RequestObserver for Log {
    fn sent(&self, request: &Sent<'_>) {
        let line = format!("{} {} {:?} {}", request.verb, request.path, request.code, request.attempt);
        self.0.lock().unwrap().push(line);
    }
}

/// A target on a server that gives discovery, then these answers to everything else, then 200.
async fn target(answers: Vec<Answer>) -> (Target, Arc<Log>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answers = Arc::clone(&answers);
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !request.windows(4).any(|four| four == b"\r\n\r\n") {
                    match stream.read(&mut buffer).await {
                        Ok(0) | Err(_) => return,
                        Ok(read) => request.extend_from_slice(&buffer[..read]),
                    }
                }
                let head = String::from_utf8_lossy(&request).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default();
                let discovery =
                    |items: &str| format!(r#"{{"kind":"APIGroupDiscoveryList","items":[{items}]}}"#);
                let core = r#"{"metadata":{},"versions":[{"version":"v1","resources":[{"resource":"configmaps","responseKind":{"kind":"ConfigMap"},"scope":"Namespaced","verbs":["get"]}]}]}"#;
                let (status, headers, body) = match path {
                    "/api" => (200, "", discovery(core)),
                    "/apis" => (200, "", discovery("")),
                    _ => match answers.lock().unwrap().next() {
                        Some(Answer::Cut) => return,
                        Some(Answer::Status(status, headers)) => (
                            status,
                            headers,
                            format!(r#"{{"kind":"Status","code":{status},"message":"no","reason":""}}"#),
                        ),
                        None => (200, "", r#"{"kind":"ConfigMap","metadata":{"name":"one"}}"#.to_owned()),
                    },
                };
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    // Without kube's own layer of retries, so that the target's are seen.
    let connector = hyper_util::client::legacy::connect::HttpConnector::new();
    let service = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector);
    let service = Prefixed { service, base: format!("http://{address}") };
    let log = Arc::new(Log::default());
    let target = Target::builder(kube::Client::new(service, "default")).observer(log.clone()).build();
    target.discovery(&Scope::unlimited()).await.unwrap();
    log.0.lock().unwrap().clear();
    (target, log)
}

#[derive(Clone)]
struct Prefixed {
    service: hyper_util::client::legacy::Client<
        hyper_util::client::legacy::connect::HttpConnector,
        kube::client::Body,
    >,
    base: String,
}

impl tower::Service<http::Request<kube::client::Body>> for Prefixed {
    type Response = http::Response<hyper::body::Incoming>;
    type Error = hyper_util::client::legacy::Error;
    type Future = hyper_util::client::legacy::ResponseFuture;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<kube::client::Body>) -> Self::Future {
        *request.uri_mut() = format!("{}{}", self.base, request.uri()).parse().unwrap();
        self.service.request(request)
    }
}

fn reference() -> ObjectRef {
    ObjectRef::namespaced(Gvk::new("", "v1", "ConfigMap"), "shop", "one")
}

fn object() -> Object {
    let json = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","namespace":"shop"}}"#;
    Object::new(serde_json::from_str(json).unwrap()).unwrap()
}

#[tokio::test]
async fn reads_and_applies_are_repeated_when_the_server_stumbles() {
    let stumbles = vec![Answer::Status(503, ""), Answer::Cut, Answer::Status(500, "")];
    let (target, log) = target(stumbles.clone()).await;
    target.get(&Scope::unlimited(), &reference()).await.unwrap();
    assert_eq!(log.0.lock().unwrap().len(), 4);
    assert_eq!(log.0.lock().unwrap()[3], "get /api/v1/namespaces/shop/configmaps/one Some(200) 4");

    let (target, log) = self::target(stumbles).await;
    target.apply(&Scope::unlimited(), &object(), ApplyOptions::default()).await.unwrap();
    assert_eq!(log.0.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_creation_is_repeated_only_when_the_server_did_not_act() {
    let (target, log) = target(vec![Answer::Status(429, "Retry-After: 0\r\n")]).await;
    target.create(&Scope::unlimited(), &object(), ApplyOptions::default()).await.unwrap();
    assert_eq!(log.0.lock().unwrap().len(), 2);

    for stumble in [Answer::Cut, Answer::Status(500, "")] {
        let (target, log) = self::target(vec![stumble]).await;
        let error = target.create(&Scope::unlimited(), &object(), ApplyOptions::default()).await.unwrap_err();
        assert_eq!((error.class(), log.0.lock().unwrap().len()), (Class::Retry, 1));
    }
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_waited_for_by_all() {
    let (target, _) = target(vec![Answer::Status(429, "Retry-After: 1\r\n")]).await;
    let started = std::time::Instant::now();
    let (scope, one, two) = (Scope::unlimited(), reference(), reference());
    let (a, b) = tokio::join!(target.get(&scope, &one), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        target.get(&scope, &two).await
    });
    assert!(a.is_ok() && b.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_deadline_shorter_than_the_pause_gives_the_servers_error() {
    let (target, _) = target(vec![Answer::Status(429, "Retry-After: 30\r\n")]).await;
    let scope = Scope::unlimited().within(Duration::from_secs(5));
    let error = target.get(&scope, &reference()).await.unwrap_err();
    assert_eq!(error.code(), Some(429));
}

#[tokio::test]
async fn what_is_wrong_is_not_repeated() {
    let (target, log) = target(vec![Answer::Status(422, "")]).await;
    let error = target.apply(&Scope::unlimited(), &object(), ApplyOptions::default()).await.unwrap_err();
    assert_eq!((error.class(), log.0.lock().unwrap().len()), (Class::User, 1));
}

#[test]
fn all_can_be_used_from_many_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>(_: &T) {}
    shared::<Target>();
    shared::<Discovery>();
    shared::<Error>();
    shared::<WaitError>();
    shared::<Applied>();
    shared::<Lock>();
    shared::<DriftWatch>();
    shared::<SecretStore>();
    shared::<ConfigMapStore>();
    let check = |target: &Target, scope: &Scope, objects: &[Object], references: &[ObjectRef]| {
        sent(&target.apply_all(scope, objects, ApplyOptions::default(), &Unobserved));
        sent(&target.wait_ready(scope, references, &WaitOptions::default(), &Unobserved));
        sent(&target.drift(scope, objects, &pintle_cluster::DriftRules::default()));
        sent(&target.examine(scope, objects, objects, &pintle_cluster::ExamineOptions::default()));
        sent(&target.delete_all(scope, objects, &pintle_cluster::DeleteOptions::default(), &Unobserved));
        sent(&target.install_crds(scope, objects, pintle_cluster::CrdPolicy::Create, &Unobserved));
    };
    let _ = check;
}
