//! Cancelling, wherever a run is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pintle::cluster::{RequestObserver, Sent};
use pintle::release::Status;
use pintle::value::DataMap;
use pintle::{CancellationToken, Chart, Engine, Error};

use crate::bed::{Stage, chart_of, values};

/// Cancels a run when a number of requests has been answered.
#[derive(Default)]
struct Countdown {
    left: AtomicUsize,
    token: Mutex<CancellationToken>,
}

impl Countdown {
    /// The token that is cancelled after so many requests.
    fn start(&self, requests: usize) -> CancellationToken {
        let token = CancellationToken::new();
        *self.token.lock().unwrap() = token.clone();
        self.left.store(requests, Ordering::SeqCst);
        token
    }
}

impl RequestObserver for Countdown {
    fn sent(&self, _: &Sent<'_>) {
        let counted = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if counted == Ok(1) {
            self.token.lock().unwrap().cancel();
        }
    }
}

fn toggled() -> Chart {
    chart_of(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("values.yaml", "word: one\n"),
        (
            "templates/hook.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: \"pre-upgrade,post-upgrade\"}\n",
        ),
        (
            "templates/all.yaml",
            "{{ range list \"a\" \"b\" .Values.word }}\n---\napiVersion: v1\nkind: ConfigMap\n\
             metadata: {name: {{ . }}}\ndata: {word: {{ $.Values.word }}}\n{{ end }}",
        ),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_cancelled_at_each_request() {
    let stage = Stage::new("cancelled").await;
    let countdown = Arc::new(Countdown::default());
    let target = stage.target(&Engine::builder().holder("one").build(), Arc::clone(&countdown) as _).await;
    let release = target.release("web").in_namespace(stage.namespace.name());
    let chart = toggled();
    let words: [DataMap; 2] = [values(r#"{"word": "one"}"#), values(r#"{"word": "two"}"#)];
    release.ensure(&chart).values(words[0].clone()).await.unwrap();

    let mut cancelled = 0;
    for requests in 1.. {
        let wanted = words[requests % 2].clone();
        let token = countdown.start(requests);
        match release.ensure(&chart).values(wanted.clone()).run(&(), &token).await {
            // The run was over before so many requests.
            Ok(_) if !token.is_cancelled() => break,
            // Cancelled when only last steps were left.
            Ok(outcome) => assert_eq!(outcome.record.info.status, Status::Deployed),
            Err(Error::Cancelled { status, .. }) => assert_eq!(status, Status::Failed),
            Err(Error::CancelledEarly) => {}
            Err(error) => panic!("after {requests} requests: {error}"),
        }
        cancelled += 1;
        assert_eq!(stage.leases(), [""; 0], "after {requests} requests");
        let states: Vec<Status> =
            release.history().await.unwrap().into_iter().map(|summary| summary.status).collect();
        assert!(!states.iter().any(Status::is_pending), "after {requests} requests: {states:?}");

        let outcome = release.ensure(&chart).values(wanted).await.unwrap();
        assert_eq!(outcome.record.info.status, Status::Deployed);
        let [here, gone] = if requests % 2 == 1 { ["two", "one"] } else { ["one", "two"] };
        let find = |name: &str| stage.find(&format!("/api/v1/namespaces/{{ns}}/configmaps/{name}"));
        assert_eq!(find("a").unwrap()["data"]["word"], here);
        assert!(find(here).is_some() && find(gone).is_none(), "after {requests} requests");
    }
    assert!(cancelled > 20, "only {cancelled} requests");
}
