//! What the program `rerender` is told and answers; `benches/helm/main.go` speaks the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pintle_value::DataMap;
use serde::{Deserialize, Serialize};

/// A chart to render over and over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "only the benches of this repository use it")]
pub struct RenderJob {
    /// A folder or an archive.
    pub chart: PathBuf,
    /// The user's values.
    pub values: DataMap,
    /// The version of the cluster that templates see.
    pub kube_version: String,
    /// How far each render goes. Helm's loop always ends with the texts.
    pub stage: Stage,
    /// For how many seconds it renders before it measures.
    pub warmup: f64,
    /// For how many seconds it measures.
    pub seconds: f64,
    /// The least number of renders to measure.
    pub rounds: usize,
}

/// How far a render goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "only the benches of this repository use it")]
pub enum Stage {
    /// To the text of each file, as `engine.Render` of Helm does.
    Texts,
    /// To the sorted and parsed documents and hooks.
    Documents,
}

/// What rendering a chart over and over took.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "only the benches of this repository use it")]
pub struct RenderAnswer {
    /// The time of each measured render.
    pub nanoseconds: Vec<u64>,
    /// The processor time of one render, on all threads.
    pub cpu_nanoseconds: u64,
    /// What one render allocates; `None` where the program does not count.
    pub allocated_bytes: Option<u64>,
    /// The length of all files of the first render.
    pub output_bytes: usize,
    /// The SHA-256 of each file of the first render.
    pub files: BTreeMap<String, String>,
    /// Where each render's values differ.
    pub key: String,
}
