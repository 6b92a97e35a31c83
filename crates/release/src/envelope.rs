//! Records whose content lies elsewhere, or is not readable without a key.
//!
//! Such a record still is one of Helm's: `helm list` and `helm history` show its name, revision, chart, state and
//! description. Its manifest holds one object of a kind that no cluster serves, so that an upgrade, a rollback and an
//! uninstall by Helm end with "no matches for kind" before they touch any object; hooks, which Helm would run before
//! that, are none of it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use pintle_value::{Data, DataMap};
use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, Limits, inflate};
use crate::record::null_is_default;
use crate::{Hook, HookExecution, Record, record_key};

const API_VERSION: &str = "pintle.io/v1";

/// The object in the manifest of a record whose content is not in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Envelope {
    /// The name of the stored object whose content it stands for.
    pub key: String,
    /// What it says about where or how the content is kept.
    pub content: Data,
    /// How far the record's hooks came, in their order.
    runs: Vec<HookExecution>,
}

/// What is taken out of a record: everything that makes it large or secret.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Content {
    chart: Data,
    #[serde(deserialize_with = "null_is_default")]
    config: DataMap,
    manifest: String,
    #[serde(deserialize_with = "null_is_default")]
    hooks: Vec<Hook>,
    notes: String,
}

#[derive(Serialize, Deserialize)]
struct Spec {
    content: Data,
    #[serde(default)]
    runs: Vec<HookExecution>,
}

impl Content {
    /// What [`Envelope::close`] takes out of a record. It does not change with the record's state, nor with how far its
    /// hooks came.
    pub fn of(record: &Record) -> Self {
        let mut hooks = record.hooks.clone();
        for hook in &mut hooks {
            hook.last_run = HookExecution::default();
        }
        Self {
            chart: record.chart.clone(),
            config: record.config.clone(),
            manifest: record.manifest.clone(),
            hooks,
            notes: record.info.notes.clone(),
        }
    }

    /// The content as compressed bytes; the same content gives the same bytes.
    pub fn pack(&self) -> Result<Vec<u8>, CodecError> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&serde_json::to_vec(self)?).map_err(CodecError::Gzip)?;
        gzip.finish().map_err(CodecError::Gzip)
    }

    /// Reads what [`pack`](Self::pack) wrote.
    pub fn unpack(bytes: &[u8], limits: Limits) -> Result<Self, CodecError> {
        let mut json = Vec::new();
        inflate(bytes, &mut json, limits)?;
        Ok(serde_json::from_slice(&json)?)
    }
}

impl std::fmt::Debug for Content {
    /// Shows nothing of it: it may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content")
    }
}

impl Envelope {
    /// The record without its content: with an object of this `kind` that says `content` in its manifest.
    pub fn close(record: &Record, kind: &str, content: Data) -> Result<Record, CodecError> {
        let mut closed = record.clone();
        let runs = std::mem::take(&mut closed.hooks).into_iter().map(|hook| hook.last_run).collect();
        let metadata = record.chart.get("metadata").cloned().unwrap_or_default();
        closed.chart = [("metadata", metadata)].into_iter().collect();
        closed.config = DataMap::default();
        closed.info.notes.clear();
        let spec = serde_json::to_string(&Spec { content, runs })?;
        let name = record_key(&record.name, record.revision);
        closed.manifest = format!(
            "---\n# Helm shows this revision and refuses to change it; programs of Pintle can.\n\
             apiVersion: {API_VERSION}\nkind: {kind}\nmetadata:\n  name: {name}\nspec: {spec}\n"
        );
        Ok(closed)
    }

    /// The envelope of this `kind` that a record is; `None` where it is a record with its own content.
    ///
    /// It may be that of another revision of the release: Helm copies it where it begins a rollback.
    pub fn of(record: &Record, kind: &str) -> Result<Option<Self>, CodecError> {
        let head = format!("apiVersion: {API_VERSION}\nkind: {kind}\nmetadata:\n  name: ");
        // A chart whose only object looks like one deceives nobody but itself: its kind is served nowhere.
        let named = record
            .manifest
            .strip_prefix("---\n")
            .and_then(|text| text.split_once('\n'))
            .filter(|(comment, _)| comment.starts_with("# Helm shows this revision"))
            .and_then(|(_, text)| text.strip_prefix(&head)?.split_once("\nspec: "));
        let Some((key, spec)) = named else { return Ok(None) };
        let revision = key.rsplit_once('v').and_then(|(_, number)| number.parse().ok()).unwrap_or_default();
        if key != record_key(&record.name, revision) {
            return Ok(None);
        }
        let Spec { content, runs } = serde_json::from_str(spec.trim_end())?;
        Ok(Some(Self { key: key.to_owned(), content, runs }))
    }

    /// The record with its content put back.
    pub fn open(self, closed: Record, content: Content) -> Record {
        let Content { chart, config, manifest, mut hooks, notes } = content;
        for (hook, run) in hooks.iter_mut().zip(self.runs) {
            hook.last_run = run;
        }
        let mut record = closed;
        record.chart = chart;
        record.config = config;
        record.manifest = manifest;
        record.hooks = hooks;
        record.info.notes = notes;
        record
    }
}
