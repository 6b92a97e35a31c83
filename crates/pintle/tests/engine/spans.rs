//! What the engine logs: spans that say which release, cluster and object they are about, and no secrets.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pintle::{DriftRules, Engine, Sensitive, Wait};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber as _;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::bed::{Stage, chart_of, client, nobody, values};

const SECRET: &str = "hunter2-in-every-place";

/// A Secret, a hook whose container gets the value, an object that shows it in a field, and a Deployment to wait for.
const FILES: [(&str, &str); 5] = [
    ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    (
        "templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: {{ .Values.password }}}\n",
    ),
    (
        "templates/job.yaml",
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: web-prepare\n  annotations: {helm.sh/hook: pre-install}\n\
         spec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: prepare\n        \
         image: registry.example/prepare:1\n        env: [{name: PASSWORD, value: {{ .Values.password }}}]\n",
    ),
    (
        "templates/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  labels: {note: {{ .Values.label | quote }}}\n\
         data: {password: {{ .Values.password }}}\n",
    ),
    (
        "templates/deployment.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: web\n        \
         image: registry.example/web:1\n        env: [{name: PASSWORD, value: {{ .Values.password }}}]\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn spans_name_release_cluster_and_object_and_show_no_secret() {
    let stage = Stage::new("spans").await;
    let cluster = pintle::cluster::Target::builder(client(stage.tenant.kubeconfig()).await);
    let target = Engine::new().target_of(cluster.name("tenant1.example").build());
    let release = target.release("web").in_namespace(stage.namespace.name());
    let chart = chart_of(&FILES);
    let given = |label: &str| values(&format!(r#"{{"password": "{SECRET}", "label": {label:?}}}"#));
    let sensitive = || Sensitive::of_texts([SECRET]);

    // Where there is only one subscriber, tracing asks the one of the thread that comes by first whether a span is wanted,
    // and that may be another test's, which has none.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let log = Log::default();
    let subscriber = tracing_subscriber::registry().with(log.clone());
    let work = async {
        let plan = release.plan_install(&chart).values(given("a")).sensitive(sensitive());
        let plan = plan.wait(Wait::Ready).timeout(Duration::from_secs(60)).await.unwrap();
        plan.run(&(), &nobody()).await.unwrap();

        let path = format!("/api/v1/namespaces/{}/configmaps/web", stage.namespace);
        stage.tenant.api().merge(&path, &serde_json::json!({"data": {"password": "another"}})).unwrap();
        let report = release.drift(&DriftRules::default()).await.unwrap();
        assert_eq!(report.drifts.len(), 1);
        assert_eq!(release.ensure(&chart).values(given("a")).await.unwrap().objects.len(), 1);

        // The server quotes the value that it refuses.
        let refused = release.plan_upgrade(&chart).values(given(SECRET.repeat(4).as_str()));
        let refused = refused.sensitive(sensitive()).await.unwrap().run(&(), &nobody()).await;
        assert!(refused.is_err());
        release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();
    };
    work.with_subscriber(subscriber).await;

    let spans = log.spans();
    let about = [r#"release="web""#, r#"cluster="tenant1.example""#, stage.namespace.name()];
    let expected: [(&str, Level, &[&str]); 9] = [
        ("plan", Level::INFO, &[r#"action="install""#]),
        ("plan > render", Level::DEBUG, &[r#"chart="web""#, r#"version="1.0.0""#]),
        ("run", Level::INFO, &["action=install", "revision=1"]),
        ("run > hook", Level::INFO, &[r#"event="pre-install""#, r#"template="web/templates/job.yaml""#]),
        ("run > hook > object", Level::DEBUG, &[r#"object=Job "web-prepare""#]),
        ("run > object", Level::DEBUG, &[r#"object=Secret "web""#, "action=create"]),
        ("run > wait", Level::DEBUG, &[r#"goal="ready""#, "objects=3"]),
        ("ensure > correct", Level::INFO, &["objects=1"]),
        ("run > object > request", Level::DEBUG, &[r#"path="/api"#]),
    ];
    for (path, level, fields) in expected {
        let found = spans.iter().find(|span| {
            span.path.join(" > ") == path
                && span.level == level
                && fields.iter().all(|field| span.own.contains(field))
        });
        let found = found.unwrap_or_else(|| panic!("no span {path} with {fields:?} in {spans:#?}"));
        for field in about {
            assert!(found.all.contains(field), "{path} has no {field}: {found:?}");
        }
    }
    assert!(spans.iter().any(|span| span.path == ["drift"]), "{spans:#?}");
    let text = log.text();
    assert!(text.contains("recorded"), "{text}");
    assert!(text.contains("hook finished"), "{text}");
    assert!(text.contains("Upgrade") || text.contains("ConfigMap"), "{text}");
    assert!(!text.contains(SECRET), "a secret was logged: {text}");
    assert!(!text.contains(&encoded(SECRET)), "a secret was logged: {text}");
}

fn encoded(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A span as it was opened.
#[derive(Clone, Debug)]
struct Span {
    /// Its name and those of the spans around it, the outermost first.
    path: Vec<&'static str>,
    level: Level,
    /// Its own fields.
    own: String,
    /// Those of the spans around it too.
    all: String,
}

/// Keeps all spans, and the text of all spans and events, of this project's crates.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<(Vec<Span>, String)>>);

impl Log {
    fn spans(&self) -> Vec<Span> {
        self.0.lock().unwrap().0.clone()
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().1.clone()
    }

    fn write(&self, metadata: &Metadata<'_>, fields: &str) {
        writeln!(self.0.lock().unwrap().1, "{} {}: {fields}", metadata.level(), metadata.target()).unwrap();
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with("pintle")
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        self.write(attributes.metadata(), &fields.0);
        let span = context.span(id).unwrap();
        span.extensions_mut().insert(fields);
        let mut seen = Span {
            path: Vec::new(),
            level: *attributes.metadata().level(),
            own: String::new(),
            all: String::new(),
        };
        for span in span.scope().from_root() {
            seen.path.push(span.name());
            seen.own = span.extensions().get::<Fields>().map(|fields| fields.0.clone()).unwrap_or_default();
            seen.all.push_str(&seen.own);
        }
        self.0.lock().unwrap().0.push(seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.write(context.span(id).unwrap().metadata(), &fields.0);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.write(event.metadata(), &fields.0);
    }
}

/// Fields as text.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}
