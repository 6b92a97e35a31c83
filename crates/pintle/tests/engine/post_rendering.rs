//! Post-renderers, and functions of a caller's own.

use std::sync::Arc;

use pintle::render::{PostDocument, PostRenderStrategy, PostRenderer};
use pintle::value::{Data, Type, Value, types};
use pintle::{CommandPostRenderer, Engine};

use crate::bed::{Stage, chart_of, nobody};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {color: blue}\n";
const HOOK: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {helm.sh/hook: pre-install}}\n\
                    data: {color: blue}\n";

/// The parameters of a function that takes a text.
static TEXT: &[&Type] = &[&types::STRING];

/// Refuses two documents of one name in a call, as Kustomize does, and paints what it gets.
struct Painter;

impl PostRenderer for Painter {
    fn run(&self, documents: Vec<PostDocument>) -> Result<Vec<PostDocument>, String> {
        if documents.len() > 1 {
            return Err("two objects of one name".to_owned());
        }
        let red: Data = [("color", Data::from("red"))].into_iter().collect();
        let painted = documents.into_iter().map(|document| match document.object.as_map() {
            Some(map) => PostDocument::new(document.source.clone(), Data::Map(map.with("data", red.clone()))),
            None => document,
        });
        Ok(painted.collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_go_through_a_post_renderer_as_the_strategy_says() {
    let stage = Stage::new("post-render").await;
    let chart =
        chart_of(&[("Chart.yaml", CHART), ("templates/a.yaml", CONFIG), ("templates/hook.yaml", HOOK)]);
    let plan = async |strategy| {
        stage.release("web").plan_install(&chart).post_renderer(Arc::new(Painter), strategy).await
    };
    assert!(plan(PostRenderStrategy::Combined).await.is_err());
    for (strategy, color) in [(PostRenderStrategy::Separate, "red"), (PostRenderStrategy::NoHooks, "blue")] {
        let plan = plan(strategy).await.unwrap();
        assert!(plan.record().manifest.contains("color: red"), "{strategy:?}");
        assert!(plan.record().hooks[0].manifest.contains(color), "{strategy:?}");
        assert_eq!(plan.record().hooks[0].path, "web/templates/hook.yaml");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_changes_what_is_applied_and_recorded() {
    let stage = Stage::new("post-command").await;
    let chart = chart_of(&[("Chart.yaml", CHART), ("templates/a.yaml", CONFIG)]);
    let sed = Arc::new(CommandPostRenderer::new("sed").arguments(["s/blue/green/"]));
    let plan = stage.release("web").plan_install(&chart).post_renderer(sed, PostRenderStrategy::Combined);
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    let live = stage.find("/api/v1/namespaces/{ns}/configmaps/a").unwrap();
    assert_eq!(live["data"]["color"], "green");
    assert!(stage.run_helm(&stage.helm(), &["get", "manifest", "web"]).contains("color: green"));
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_find_functions_of_the_callers_own() {
    let stage = Stage::new("functions").await;
    let double = pintle::template::Function {
        params: TEXT,
        variadic: false,
        handler: Arc::new(|_, arguments| match arguments {
            [Value::String(text)] => {
                let text = text.to_str_lossy();
                Ok(Value::from(format!("{text}{text}").as_str()))
            }
            _ => Err(pintle::template::CallError::new("one text is needed")),
        }),
    };
    let engine = Engine::builder().function("double", double).build();
    let target = engine.target(stage.target.cluster().client().clone());
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        (
            "templates/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {color: {{ double \"blue\" }}}\n",
        ),
    ]);
    let release = target.release("web").in_namespace(stage.namespace.name());
    assert!(release.plan_install(&chart).await.unwrap().record().manifest.contains("blueblue"));
    assert!(stage.release("web").plan_install(&chart).await.is_err(), "an engine knows nothing of another");
}
