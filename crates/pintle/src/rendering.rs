//! Rendering a chart for one release in one cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pintle_chart::{Chart, ChartError, Values, Warning};
use pintle_cluster::Scope;
use pintle_functions::LookupRequest;
use pintle_release::{DeletePolicy, Hook, HookEvent, OutputLogPolicy, Record};
use pintle_render::{
    Capabilities, CompiledChart, KubeVersion, LiveLookup, Notes, Operation, RenderInput, Rendered,
    SchemaCheck, Witness, check_installable,
};
use pintle_value::{Data, DataMap, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument as _;

use crate::explainer::{Explainer, Remembered};
use crate::plan::{Action, Inputs, Sourced, flatten, manifest_objects, stream_objects};
use crate::shared_renders::{Key, Maker, Turn};
use crate::{Crds, Engine, Error, Measurement, ReleaseHandle, SchemaValidation, SubchartNotes, Unrendered};

/// What is rendered, and for which revision.
pub(crate) struct Request<'a> {
    pub(crate) release: &'a ReleaseHandle,
    pub(crate) chart: &'a Chart,
    /// Defaults that take the place of the chart's own.
    pub(crate) defaults: Option<DataMap>,
    pub(crate) values: Values,
    pub(crate) namespace: String,
    pub(crate) action: Action,
    /// What templates find in `.Release.Revision`.
    pub(crate) revision: u32,
    pub(crate) inputs: &'a Inputs,
    pub(crate) crds: Crds,
}

/// What a chart rendered to, in the forms that records and plans keep.
pub(crate) struct Rendering {
    /// The chart in its record's form.
    pub(crate) chart: Data,
    pub(crate) manifest: String,
    pub(crate) objects: Vec<Sourced>,
    pub(crate) crds: Vec<Sourced>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) notes: String,
    pub(crate) warnings: Vec<String>,
    /// What can explain the objects; a record alone cannot.
    pub(crate) explainer: Option<Explainer>,
}

/// Renders on a blocking thread; `lookup` asks the cluster from there.
pub(crate) async fn render(request: Request<'_>) -> Result<Rendering, Error> {
    let span = crate::span::render(request.chart);
    render_here(request).instrument(span).await
}

async fn render_here(request: Request<'_>) -> Result<Rendering, Error> {
    let mut warnings = Vec::new();
    check_installable(request.chart, &mut warnings).map_err(|reason| Error::NotInstallable { reason })?;
    let scope = Scope::unlimited();
    let cluster = request.release.cluster().clone();
    let unable = Error::cluster("could not get the cluster's capabilities");
    let (discovery, version) =
        futures::try_join!(cluster.discovery(&scope), cluster.server_version(&scope)).map_err(unable)?;
    let mut versions = discovery.capabilities().clone();
    if request.crds != Crds::Skip {
        // An install sees the kinds that its `crds/` will make, as Helm's does, which creates them before it renders.
        versions.extend(coming_versions(request.chart)?);
    }
    let capabilities = Capabilities::offline()
        .with_kube_version(KubeVersion::of_cluster(&version.git_version, &version.major, &version.minor))
        .with_api_versions(versions);

    let key = request.key(&capabilities)?;
    let operation = request.operation();
    let chart = match request.defaults {
        Some(defaults) => request.chart.to_builder().values(Data::Map(defaults)).build(),
        None => request.chart.clone(),
    };
    let (questions, asked) = mpsc::channel::<Question>(1);
    let stopped = Arc::new(AtomicBool::new(false));
    let guard = StopOnDrop(Arc::clone(&stopped));
    let input = RenderInput::new(request.release.name(), &request.namespace)
        .values(request.values)
        .revision(request.revision.into())
        .operation(operation)
        .capabilities(capabilities)
        .limits(request.release.engine().render_limits().clone())
        .lookup(Remembered::new(Asking { questions }))
        .notes(match request.inputs.subchart_notes {
            SubchartNotes::Leave => Notes::Own,
            SubchartNotes::Render => Notes::All,
        })
        .schema(match request.inputs.schema {
            SchemaValidation::Check => SchemaCheck::Check,
            SchemaValidation::Skip => SchemaCheck::Skip,
        });
    let engine: Engine = request.release.engine().clone();
    let input = match &request.inputs.post_renderer {
        Some((post_renderer, strategy)) => input.post_renderer(Arc::clone(post_renderer), *strategy),
        None => input,
    };
    let input = match &request.inputs.resolver {
        Some(resolver) => input.resolver(Arc::clone(resolver)),
        None => input,
    };
    let compiled = engine.compile(&chart);
    let explainer = Explainer::new(Arc::clone(&compiled), input.clone());
    let witness = Witness::new();
    let input = input.cancel(stopped).witness(witness.clone());
    let work = Work { compiled, input, asked, witness };
    let rendered = match engine.shared_renders().zip(key) {
        None => work.alone(request.release, &scope).await?,
        Some((renders, key)) => match renders.turn(key).await {
            Turn::Take(rendered) => {
                request.release.measure(Measurement::RenderShared);
                rendered
            }
            Turn::Private => work.alone(request.release, &scope).await?,
            Turn::Make(maker) => work.for_all(request.release, &scope, maker).await?,
        },
    };
    drop(guard);
    Rendering::of(&rendered, &warnings, explainer)
}

/// A render that is ready to begin.
struct Work {
    compiled: Arc<CompiledChart>,
    input: RenderInput,
    asked: mpsc::Receiver<Question>,
    witness: Witness,
}

impl Work {
    /// Renders for this release alone.
    async fn alone(self, release: &ReleaseHandle, scope: &Scope) -> Result<Arc<Rendered>, Error> {
        self.render(release, scope, || {}).await
    }

    /// Renders, and lets others have it where it would be the same for them.
    async fn for_all(
        self,
        release: &ReleaseHandle,
        scope: &Scope,
        maker: Maker,
    ) -> Result<Arc<Rendered>, Error> {
        let witness = self.witness.clone();
        let mut asked = false;
        let rendered = self
            .render(release, scope, || {
                asked = true;
                maker.keep_private();
            })
            .await?;
        if !asked && !witness.has_seen() {
            maker.share(&rendered);
        }
        Ok(rendered)
    }

    /// Renders on a blocking thread, and answers what templates ask the cluster; `on_question` is told of that first.
    async fn render(
        self,
        release: &ReleaseHandle,
        scope: &Scope,
        mut on_question: impl FnMut() + Send,
    ) -> Result<Arc<Rendered>, Error> {
        let Self { compiled, input, mut asked, .. } = self;
        let began = Instant::now();
        let mut rendering = tokio::task::spawn_blocking(move || {
            compiled.render(&input).map_err(|error| {
                let explanation = compiled.explain(&input, &error);
                Box::new(Unrendered { error, explanation })
            })
        });
        let rendered = loop {
            tokio::select! {
                done = &mut rendering => break done.map_err(|_| Error::Stopped)?,
                Some(question) = asked.recv() => {
                    on_question();
                    question.answer(release.cluster(), scope).await;
                }
            }
        };
        release.measure(Measurement::Rendered { took: began.elapsed() });
        Ok(Arc::new(rendered.map_err(Error::Render)?))
    }
}

impl Request<'_> {
    /// What templates are told that goes on.
    fn operation(&self) -> Operation {
        let does = if self.action == Action::Install { Operation::Install } else { Operation::Upgrade };
        self.inputs.operation.unwrap_or(does)
    }

    /// The digest of everything that a rendering is made from; `None` where something of the caller's own has a hand in
    /// it.
    fn key(&self, capabilities: &Capabilities) -> Result<Option<Key>, Error> {
        let Inputs { post_renderer: None, resolver: None, schema, subchart_notes, .. } = self.inputs else {
            return Ok(None);
        };
        let json = |data: &DataMap| {
            serde_json::to_vec(data).map_err(|error| Error::NotInstallable {
                reason: format!("the values cannot be written as json: {error}"),
            })
        };
        let version = &capabilities.kube_version;
        let settings = format!(
            "{} {:?} {schema:?} {subchart_notes:?} {} {} {}",
            self.revision,
            self.operation(),
            version.version,
            version.major,
            version.minor
        );
        let parts = [
            self.chart.digest().to_string().into_bytes(),
            self.defaults.as_ref().map(json).transpose()?.unwrap_or_default(),
            json(self.values.data())?,
            self.release.name().as_bytes().to_vec(),
            self.namespace.clone().into_bytes(),
            settings.into_bytes(),
            capabilities.api_versions.join("\n").into_bytes(),
        ];
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Ok(Some(digest.finalize().into()))
    }
}
/// The values that templates of a record's chart saw: its defaults with the user's values over them.
pub fn computed_values(record: &Record) -> Result<DataMap, Error> {
    let chart = chart_of(record)?;
    let map = pintle_chart::coalesce_values(&chart, &record.config, &mut Vec::new()).map_err(Box::new)?;
    let data = Value::Map(map).to_data().map_err(|error| Error::Manifest {
        name: record.name.clone(),
        revision: record.revision,
        reason: format!("its values: {error}"),
    })?;
    Ok(data.as_map().cloned().unwrap_or_default())
}

/// The chart of a record.
pub(crate) fn chart_of(record: &Record) -> Result<Chart, Error> {
    from_data(&record.chart).map_err(|error| Error::Manifest {
        name: record.name.clone(),
        revision: record.revision,
        reason: format!("its chart: {error}"),
    })
}

/// A chart in its record's form.
pub(crate) fn chart_data(chart: &Chart) -> Result<Data, Error> {
    let bytes = serde_json::to_vec(chart);
    bytes.and_then(|bytes| serde_json::from_slice(&bytes)).map_err(|error| Error::NotInstallable {
        reason: format!("the chart cannot be written into a record: {error}"),
    })
}

impl Rendering {
    /// What a record says was rendered, with the chart of now; [`Plan::check_approved`](crate::Plan::check_approved) sees
    /// to it that it is the same.
    pub(crate) fn of_record(chart: &Chart, values: &DataMap, record: &Record) -> Result<Self, Error> {
        let processed = chart.process_dependencies(values)?;
        Ok(Self {
            chart: chart_data(&processed.chart)?,
            manifest: record.manifest.clone(),
            objects: manifest_objects(record)?,
            crds: crds_of(&processed.chart)?,
            hooks: record.hooks.clone(),
            notes: record.info.notes.clone(),
            warnings: Vec::new(),
            explainer: None,
        })
    }

    fn of(rendered: &Rendered, warnings: &[Warning], explainer: Explainer) -> Result<Self, Error> {
        let warnings = warnings.iter().chain(&rendered.warnings);
        let mut objects = Vec::new();
        for document in &rendered.documents {
            let (text, source) = (&document.text, Some(&*document.source));
            // The manifest ends every document with a line break more, and Helm reads the manifest: a block of text that
            // ends a template has one then, or one more where it keeps all (Helm: `pkg/action/action.go`,
            // `renderResources`).
            let ends_a_line = text.ends_with('\n');
            if text.contains(['|', '>']) && (!ends_a_line || text.contains('+')) {
                let read = stream_objects(&format!("{text}\n"), source);
                objects.extend(read.map_err(|reason| Error::NotInstallable {
                    reason: format!("{}: {reason}", document.source),
                })?);
            } else {
                flatten(document.object.clone(), source, &mut objects);
            }
        }
        Ok(Self {
            chart: chart_data(&rendered.chart)?,
            manifest: rendered.manifest(pintle_render::Crds::Leave),
            objects,
            crds: crds_of(&rendered.chart)?,
            hooks: rendered.hooks.iter().map(hook).collect(),
            notes: rendered.notes.clone(),
            warnings: warnings.map(|warning| warning.message.clone()).collect(),
            explainer: Some(explainer),
        })
    }
}

/// The objects in a chart's `crds/`.
pub(crate) fn crds_of(chart: &Chart) -> Result<Vec<Sourced>, Error> {
    let mut objects = Vec::new();
    for crd in chart.crds() {
        let text = String::from_utf8_lossy(&crd.file.data);
        let read = stream_objects(&text, Some(&crd.path));
        objects.extend(
            read.map_err(|reason| Error::NotInstallable { reason: format!("{}: {reason}", crd.path) })?,
        );
    }
    Ok(objects)
}

/// The versions and kinds that a chart's `crds/` will add to the cluster's.
fn coming_versions(chart: &Chart) -> Result<Vec<String>, Error> {
    let mut versions = Vec::new();
    for crd in crds_of(chart)? {
        let text = |path: &[&str]| crd.data.at(path).and_then(Data::as_str);
        let (Some(group), Some(kind)) = (text(&["spec", "group"]), text(&["spec", "names", "kind"])) else {
            continue;
        };
        let served = crd.data.at(&["spec", "versions"]).and_then(Data::as_list).into_iter().flatten();
        let served = served.filter(|version| version.get("served").and_then(Data::as_bool) == Some(true));
        for version in served.filter_map(|version| version.get("name")?.as_str()) {
            versions.push(format!("{group}/{version}"));
            versions.push(format!("{group}/{version}/{kind}"));
        }
    }
    Ok(versions)
}

/// A hook in its record's form; what Helm does not know is left out, as Helm leaves it out.
fn hook(hook: &pintle_render::Hook) -> Hook {
    let mut record = Hook::default();
    record.name.clone_from(&hook.name);
    hook.document.kind().clone_into(&mut record.kind);
    record.path = hook.document.source.to_string();
    record.manifest = hook.document.text.to_string();
    record.events = hook.events.iter().filter_map(|event| HookEvent::from_name(&event.to_string())).collect();
    record.weight = hook.weight;
    record.delete_policies =
        hook.delete_policies.iter().filter_map(|policy| DeletePolicy::from_name(policy)).collect();
    record.output_log_policies =
        hook.output_log_policies.iter().filter_map(|policy| OutputLogPolicy::from_name(policy)).collect();
    record
}

fn from_data(data: &Data) -> Result<Chart, serde_json::Error> {
    serde_json::from_slice(&serde_json::to_vec(data)?)
}

/// A template's question, on its way to the async side.
struct Question {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
    reply: oneshot::Sender<Result<Data, String>>,
}

impl Question {
    async fn answer(self, cluster: &pintle_cluster::Target, scope: &Scope) {
        let Self { api_version, kind, namespace, name, reply } = self;
        let answer = cluster.lookup(scope, &api_version, &kind, &namespace, &name).await;
        // A render that no longer waits has been cancelled.
        let _ = reply.send(answer.map_err(|error| error.to_string()));
    }
}

/// The renderer's side of [`Question`].
struct Asking {
    questions: mpsc::Sender<Question>,
}

impl LiveLookup for Asking {
    fn lookup(&self, request: LookupRequest<'_>) -> Result<Data, String> {
        let (reply, answer) = oneshot::channel();
        let question = Question {
            api_version: request.api_version.to_owned(),
            kind: request.kind.to_owned(),
            namespace: request.namespace.to_owned(),
            name: request.name.to_owned(),
            reply,
        };
        let gone = || "the render was cancelled".to_owned();
        self.questions.blocking_send(question).map_err(|_| gone())?;
        answer.blocking_recv().map_err(|_| gone())?
    }
}

/// Stops the render when nobody waits for it any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl From<ChartError> for Error {
    fn from(error: ChartError) -> Self {
        Self::Chart(Box::new(error))
    }
}
