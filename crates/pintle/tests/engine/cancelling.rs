//! Cancelling, wherever a run is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pintle::cluster::{RequestObserver, Sent};
use pintle::release::Status;
use pintle::value::DataMap;
use pintle::{CancellationToken, Chart, Engine, Error, Plan, ReleaseHandle, Wait};

use crate::bed::{Stage, chart_of, nobody, values};

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
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: \"pre-install,post-install,pre-upgrade,post-upgrade,pre-rollback,post-rollback,pre-delete,post-delete\"}\n",
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

/// A release whose runs can be cancelled.
struct Cancelled {
    stage: Stage,
    countdown: Arc<Countdown>,
    release: ReleaseHandle,
    chart: Chart,
}

impl Cancelled {
    async fn new(prefix: &str) -> Self {
        let stage = Stage::new(prefix).await;
        let countdown = Arc::new(Countdown::default());
        let engine = Engine::builder().holder("one").build();
        let target = stage.target(&engine, Arc::clone(&countdown) as _).await;
        let release = target.release("web").in_namespace(stage.namespace.name());
        Self { stage, countdown, release, chart: toggled() }
    }

    /// Cancels an action after each number of requests until it ends before that many. Each time the newest record says
    /// that nobody is at work, no lock is left, and the next plan can be made and run.
    async fn at_each_request(&self, mut prepare: impl AsyncFnMut(&Self) -> Plan) -> String {
        let mut longest = Duration::ZERO;
        let mut requests = 0;
        loop {
            requests += 1;
            let plan = prepare(self).await;
            let token = self.countdown.start(requests);
            let cancelled = async {
                token.cancelled().await;
                Instant::now()
            };
            let (ended, at) = {
                let run = plan.run(&(), &token);
                let (mut run, mut cancelled) = (std::pin::pin!(run), std::pin::pin!(cancelled));
                tokio::select! {
                    biased;
                    ended = &mut run => (ended, None),
                    at = &mut cancelled => (run.await, Some(at)),
                }
            };
            match ended {
                // The run was over before so many requests, or only last steps were left.
                Ok(_) | Err(Error::CancelledEarly) => {}
                Err(Error::Cancelled { status, .. }) => assert_eq!(status, Status::Failed),
                Err(error) => panic!("after {requests} requests: {error}"),
            }
            longest = longest.max(at.map_or(Duration::ZERO, |at| at.elapsed()));
            assert_eq!(self.stage.leases(), [""; 0], "after {requests} requests");
            match self.release.history().await {
                Ok(history) => {
                    let status = &history.last().unwrap().status;
                    let ended = !status.is_pending() && *status != Status::Uninstalling;
                    assert!(ended, "after {requests} requests: {status}");
                }
                Err(error) => assert!(matches!(error, Error::NotFound { .. }), "{error}"),
            }
            if !token.is_cancelled() {
                assert!(requests > 15, "only {requests} requests");
                return format!(
                    "cancelled at each of {} requests; none went on for more than {longest:?}",
                    requests - 1
                );
            }
        }
    }

    async fn ensure(&self, word: &str) -> u32 {
        let given = values(&format!(r#"{{"word": "{word}"}}"#));
        self.release.ensure(&self.chart).values(given).await.unwrap().record.revision
    }

    async fn uninstall(&self) {
        match self.release.plan_uninstall().await {
            Ok(plan) => drop(plan.run(&(), &nobody()).await.unwrap()),
            Err(error) => assert!(matches!(error, Error::NotFound { .. }), "{error}"),
        }
        for name in ["a", "b", "one", "two"] {
            let left = self.stage.find(&format!("/api/v1/namespaces/{{ns}}/configmaps/{name}"));
            assert_eq!(left, None, "{name} is left");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_can_be_cancelled_at_each_request() {
    let release = Cancelled::new("cancelled-install").await;
    let install = async |release: &Cancelled| {
        release.uninstall().await;
        release.release.plan_install(&release.chart).wait(Wait::Ready).await.unwrap()
    };
    println!("{}", Box::pin(release.at_each_request(install)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_can_be_cancelled_at_each_request() {
    let release = Cancelled::new("cancelled-rollback").await;
    let rollback = async |release: &Cancelled| {
        let to = release.ensure("one").await;
        release.ensure("two").await;
        release.release.plan_rollback().to(to).wait(Wait::Ready).await.unwrap()
    };
    println!("{}", Box::pin(release.at_each_request(rollback)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_can_be_cancelled_at_each_request() {
    let release = Cancelled::new("cancelled-uninstall").await;
    let uninstall = async |release: &Cancelled| {
        release.ensure("one").await;
        release.release.plan_uninstall().wait(Wait::Ready).await.unwrap()
    };
    println!("{}", Box::pin(release.at_each_request(uninstall)).await);
    release.uninstall().await;
}
