//! Explains an object that the cluster refuses by the chart that made it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pintle_cluster::ObjectRef;
use pintle_functions::LookupRequest;
use pintle_render::{CompiledChart, DocumentRef, Explanation, LiveLookup, RenderInput};
use pintle_value::Data;

/// How long an explanation may take: the failure that it belongs to is not told before.
const PATIENCE: Duration = Duration::from_secs(10);

/// The chart and the input that a plan's objects were rendered from.
#[derive(Clone)]
pub(crate) struct Explainer {
    chart: Arc<CompiledChart>,
    input: RenderInput,
}

impl Explainer {
    /// `input` answers lookups again as it did when the plan was made.
    pub(crate) fn new(chart: Arc<CompiledChart>, input: RenderInput) -> Self {
        Self { chart, input }
    }

    /// What lies behind the first of these fields that can be explained; without fields behind the object as a whole.
    pub(crate) async fn explain(
        &self,
        template: &str,
        object: &ObjectRef,
        fields: &[String],
    ) -> Option<Box<Explanation>> {
        let Self { chart, input } = self.clone();
        let input = input.limits(patience());
        let (template, object, fields) = (template.to_owned(), object.clone(), fields.to_vec());
        let explained = tokio::task::spawn_blocking(move || {
            let api_version = object.gvk.api_version();
            let document = DocumentRef::new(&template, &api_version, &object.gvk.kind, &object.name);
            fields.iter().find_map(|field| {
                chart.explain_field(&input, document, field).filter(|explanation| !explanation.is_empty())
            })
        });
        explained.await.ok().flatten().map(Box::new)
    }
}

fn patience() -> pintle_render::Limits {
    pintle_render::Limits::new().deadline(Instant::now() + PATIENCE)
}

impl fmt::Debug for Explainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explainer").field("chart", &self.chart).finish_non_exhaustive()
    }
}

/// Asks each question once and gives the same answer whenever it is asked again, also when nobody answers any more.
pub(crate) struct Remembered<L> {
    inner: L,
    answers: Mutex<HashMap<[String; 4], Data>>,
}

impl<L> Remembered<L> {
    pub(crate) fn new(inner: L) -> Arc<Self> {
        Arc::new(Self { inner, answers: Mutex::default() })
    }
}

impl<L: LiveLookup> LiveLookup for Remembered<L> {
    fn lookup(&self, request: LookupRequest<'_>) -> Result<Data, String> {
        let key = [request.api_version, request.kind, request.namespace, request.name].map(str::to_owned);
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers().get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = self.inner.lookup(request)?;
        answers().insert(key, answer.clone());
        Ok(answer)
    }
}
