//! A server that does not tell of a kind that it should serve.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests stop where a test does")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use kube::client::Body;
use pintle_cluster::{Class, DeleteOptions, Deletion, Error, Gvk, ObjectRef, Scope, Target};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Answers by path and by how often that path was asked for before.
type Answers = dyn Fn(&str, usize) -> (u16, String) + Send + Sync;

#[derive(Clone)]
struct Server {
    answers: Arc<Answers>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn target(answers: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static) -> (Target, Self) {
        let server = Self { answers: Arc::new(answers), asked: Arc::default() };
        (Target::builder(kube::Client::new(server.clone(), "default")).build(), server)
    }

    fn count(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

impl tower::Service<http::Request<Body>> for Server {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let (status, body) = (self.answers)(path, self.count(path));
        self.asked.lock().unwrap().push(path.to_owned());
        ready(Ok(http::Response::builder().status(status).body(Body::from(body.into_bytes())).unwrap()))
    }
}

fn discovery(items: &str) -> (u16, String) {
    (200, format!(r#"{{"kind":"APIGroupDiscoveryList","items":[{items}]}}"#))
}

fn things() -> (u16, String) {
    discovery(
        r#"{"metadata":{"name":"example.com"},"versions":[{"version":"v1","resources":[{"resource":"things",
            "responseKind":{"kind":"Thing"},"scope":"Namespaced","verbs":["get","delete"]}]}]}"#,
    )
}

fn names(names: &[&str]) -> (u16, String) {
    let items: Vec<_> = names.iter().map(|name| serde_json::json!({"metadata": {"name": name}})).collect();
    (200, serde_json::json!({"metadata": {}, "items": items}).to_string())
}

fn crd(established: &str, served: bool) -> (u16, String) {
    let crd = serde_json::json!({
        "metadata": {"name": "things.example.com"},
        "spec": {"names": {"kind": "Thing"}, "versions": [{"name": "v1", "served": served}]},
        "status": {"conditions": [{"type": "Established", "status": established}]},
    });
    (200, crd.to_string())
}

fn refused(code: u16) -> (u16, String) {
    (code, serde_json::json!({"kind": "Status", "code": code, "message": "no", "reason": ""}).to_string())
}

fn thing() -> Gvk {
    Gvk::new("example.com", "v1", "Thing")
}

/// A server that tells of things from so many questions on, and has these CRDs.
fn starting(told_from: usize, crd: (u16, String)) -> (Target, Server) {
    Server::target(move |path, before| match path {
        "/apis" if before >= told_from => things(),
        "/api" | "/apis" => discovery(""),
        CRDS => names(&["others.example.com", "parts.sub.example.com", "things.example.com"]),
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com" => crd.clone(),
        path if path.starts_with(CRDS) => refused(404),
        _ => (200, r#"{"kind":"Status","details":{"uid":"of-the-thing"}}"#.to_owned()),
    })
}

#[tokio::test(start_paused = true)]
async fn what_has_a_crd_is_not_taken_for_gone_while_the_server_starts() {
    let (target, _) = starting(4, crd("True", true));
    let object = ObjectRef::namespaced(thing(), "shop", "one");
    let deleted = target.delete(&Scope::unlimited(), &object, &DeleteOptions::default()).await.unwrap();
    assert!(matches!(&deleted, Deletion::Deleted { uid, .. } if uid == "of-the-thing"), "{deleted:?}");
}

#[tokio::test(start_paused = true)]
async fn another_version_of_a_kind_is_waited_for_too() {
    let (target, _) = starting(4, crd("True", true));
    let old = Gvk::new("example.com", "v1beta1", "Thing");
    let discovery = target.discovery_of(&Scope::unlimited(), [&old]).await.unwrap();
    assert_eq!(discovery.successor(&old).unwrap().gvk, thing());
}

#[tokio::test(start_paused = true)]
async fn what_has_no_crd_or_none_that_makes_it_is_unknown_at_once() {
    for crd in [crd("False", true), crd("True", false), refused(404), refused(403)] {
        let (target, server) = starting(usize::MAX, crd);
        let unknown = target.resource(&Scope::unlimited(), &thing()).await.unwrap_err();
        assert!(matches!(unknown, Error::UnknownKind { .. }), "{unknown}");
        // Whoever asks for more of it in the same moment is told the same without a look.
        target.resource(&Scope::unlimited(), &thing()).await.unwrap_err();
        assert_eq!((server.count("/apis"), server.count(CRDS)), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_list_crds_is_told_what_the_server_tells() {
    let (target, _) = Server::target(|path, _| match path {
        "/api" | "/apis" => discovery(""),
        _ => refused(403),
    });
    let unknown = target.resource(&Scope::unlimited(), &thing()).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownKind { .. }), "{unknown}");
}

#[tokio::test(start_paused = true)]
async fn kinds_of_the_servers_own_are_not_looked_for_among_crds() {
    let (target, server) = starting(usize::MAX, crd("True", true));
    let gone = Gvk::new("policy", "v1beta1", "PodSecurityPolicy");
    target.resource(&Scope::unlimited(), &gone).await.unwrap_err();
    assert_eq!(server.count(CRDS), 0);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_never_served_is_an_error_to_try_again_after() {
    let (target, _) = starting(usize::MAX, crd("True", true));
    let error = target.resource(&Scope::unlimited(), &thing()).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(
        error.to_string(),
        "kind \"Thing\" in version \"example.com/v1\" is not served, though its CRD things.example.com is established; \
         try again"
    );
}

/// A server that does not reach the one of the group before it has been asked so many times.
fn without_extension(reached_from: usize) -> (Target, Server) {
    Server::target(move |path, before| match path {
        "/apis" if before >= reached_from => things(),
        "/apis" => discovery(
            r#"{"metadata":{"name":"example.com"},"versions":[{"version":"v1","freshness":"Stale"}]}"#,
        ),
        "/api" => discovery(""),
        _ => names(&[]),
    })
}

#[tokio::test(start_paused = true)]
async fn a_group_whose_server_is_away_is_waited_for() {
    let (target, _) = without_extension(4);
    assert_eq!(target.resource(&Scope::unlimited(), &thing()).await.unwrap().gvk, thing());
    let (target, _) = without_extension(usize::MAX);
    let error = target.resource(&Scope::unlimited(), &thing()).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(
        error.to_string(),
        "kind \"Thing\" in version \"example.com/v1\" is not served, since the API server does not reach the one that is \
         registered for its group; try again, or delete the APIService if that one is gone for good"
    );
}
