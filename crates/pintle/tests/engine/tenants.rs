//! One declaration for many tenants: values by expression, and a rendering for each distinct input.

use std::sync::{Arc, Mutex};

use pintle::value::Data;
use pintle::{Chart, Engine, Measured, Measurement, Meter, ReleaseHandle};
use pintle_expressions::Expressions;
use pintle_testkit::Bed;

use crate::bed::{chart_of, client};

/// What the tenants share.
const VALUES: &str = r#"{"greeting": "${{ 'hello ' ~ tenant.region }}", "replicas": "${{ tenant.nodes * 2 }}",
                         "plain": "{{ not an expression }}"}"#;

const CHART: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
const CONFIG: (&str, &str) = (
    "templates/config.yaml",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {greeting: {{ .Values.greeting | quote }}, \
     replicas: {{ .Values.replicas | quote }}, kind: {{ kindOf .Values.replicas }}, plain: {{ .Values.plain | quote }}}\n",
);

/// Counts renders, and renderings that were shared.
#[derive(Default)]
struct Renders(Mutex<(u32, u32)>);

impl Meter for Renders {
    fn measured(&self, measured: &Measured<'_>) {
        let mut counts = self.0.lock().unwrap();
        match measured.what {
            Measurement::Rendered { .. } => counts.0 += 1,
            Measurement::RenderShared => counts.1 += 1,
            _ => {}
        }
    }
}

impl Renders {
    /// The counts since they were taken last.
    fn take(&self) -> (u32, u32) {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

async fn ensure(release: &ReleaseHandle, chart: &Chart, region: &str, nodes: i64) {
    let values: Data = serde_json::from_str(VALUES).unwrap();
    let tenant: Data = [("region", Data::from(region)), ("nodes", Data::Int(nodes))].into_iter().collect();
    let context: Data = [("tenant", tenant)].into_iter().collect();
    let values = Expressions::new().fill_in(&values, &context).unwrap();
    release.ensure(chart).values(values.as_map().unwrap().clone()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_declaration_serves_many_tenants_and_equal_inputs_render_once() {
    let bed = Bed::shared().unwrap();
    // Of its own: CRDs that other tests bring and take away would make the inputs differ.
    let tenants = [bed.tenant("tenant2").unwrap(), bed.tenant("tenant3").unwrap()];
    // The same namespace in both, as one declaration has it.
    let namespace = tenants[0].namespace("fleet").unwrap();
    let made =
        serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name()}});
    tenants[1].api().create("/api/v1/namespaces", &made).unwrap();
    let renders = Arc::new(Renders::default());
    let engine = Engine::builder().meter(renders.clone()).build();
    let mut releases = Vec::new();
    for tenant in &tenants {
        let target = engine.target(client(tenant.kubeconfig()).await);
        releases.push(target.release("web").in_namespace(namespace.name()));
    }

    let chart = chart_of(&[CHART, CONFIG]);
    let both = releases.iter().map(|release| ensure(release, &chart, "north", 3));
    futures::future::join_all(both).await;
    assert_eq!(renders.take(), (1, 1), "equal inputs render once, at the same time too");
    ensure(&releases[1], &chart, "south", 1).await;
    assert_eq!(renders.take(), (1, 0), "other inputs render anew");
    for (tenant, greeting, replicas) in [(&tenants[0], "hello north", "6"), (&tenants[1], "hello south", "2")]
    {
        let path = format!("/api/v1/namespaces/{namespace}/configmaps/web");
        let data = tenant.api().get(&path).unwrap()["data"].clone();
        let kind = data["kind"].as_str().unwrap();
        assert!(["int64", "float64"].contains(&kind), "{kind}: a number stays a number");
        assert_eq!((&data["greeting"], &data["replicas"]), (&greeting.into(), &replicas.into()));
        assert_eq!(data["plain"], "{{ not an expression }}");
    }

    // What is drawn by chance, or asked of a cluster, is each tenant's own.
    for (name, drawn) in [
        ("random", "randAlphaNum 20"),
        ("looked-up", "(lookup \"v1\" \"Namespace\" \"\" .Release.Namespace).metadata.uid"),
        ("dated", "now | unixEpoch"),
    ] {
        let head = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
        let config = [&head, "data: {drawn: \"{{ ", drawn, " }}\"}\n"].concat();
        let chart = chart_of(&[CHART, ("templates/config.yaml", &config)]);
        renders.take();
        let both = releases.iter().map(|release| async {
            let release = release.target().release(name).in_namespace(namespace.name());
            release.ensure(&chart).await.unwrap();
        });
        futures::future::join_all(both).await;
        assert_eq!(renders.take(), (2, 0), "{name}");
        let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
        let drawn =
            tenants.each_ref().map(|tenant| tenant.api().get(&path).unwrap()["data"]["drawn"].clone());
        if name != "dated" {
            assert_ne!(drawn[0], drawn[1], "{name}");
        }
    }
    tenants[1].api().delete(&format!("/api/v1/namespaces/{namespace}")).unwrap();
}
