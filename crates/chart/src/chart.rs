//! A chart: immutable, shared.

use std::fmt;
use std::sync::{Arc, OnceLock};

use pintle_value::{Data, DataMap};
use sha2::{Digest as _, Sha256};

use crate::{File, Lock, Metadata, Timestamp, Warning};

/// A chart with everything in it, the charts inside it included. Never changes; a clone costs a counter.
#[derive(Clone)]
pub struct Chart(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    metadata: Arc<Metadata>,
    raw: Arc<[File]>,
    templates: Arc<[File]>,
    values: Data,
    /// The values without what is `null` in their tables, made when they are first asked for.
    clean_values: OnceLock<DataMap>,
    schema: Option<Arc<[u8]>>,
    schema_modified: Option<Timestamp>,
    lock: Option<Arc<Lock>>,
    files: Arc<[File]>,
    modified: Option<Timestamp>,
    empty_list: bool,
    dependencies: Arc<[Chart]>,
    warnings: Arc<[Warning]>,
    digest: OnceLock<Digest>,
    /// Shared by all charts made of the same schema.
    #[cfg(feature = "schema")]
    compiled_schema: Arc<crate::schema::SchemaCell>,
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    /// Writes 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

/// A file of `crds/`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrdFile {
    /// The path with the charts before it, such as `parent/charts/child/crds/a.yaml`.
    pub path: String,
    /// The file, named from its own chart's folder.
    pub file: File,
}

impl Chart {
    /// The name in the Chart.yaml; of a chart under an alias the alias.
    pub fn name(&self) -> &str {
        &self.0.metadata.name
    }

    /// The content of the Chart.yaml.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    pub(crate) fn shared_metadata(&self) -> &Arc<Metadata> {
        &self.0.metadata
    }

    /// All files as they were read, those of `charts/` included; empty for a chart of a release record.
    pub fn raw(&self) -> &[File] {
        &self.0.raw
    }

    /// The files under `templates/`, in the order of the archive or, of a directory, of their names.
    pub fn templates(&self) -> &[File] {
        &self.0.templates
    }

    /// The chart's own values: those of `values.yaml`, a map.
    pub fn values(&self) -> &Data {
        &self.0.values
    }

    /// The values, without the members of their tables that are `null`, at any depth
    /// (Helm: `pkg/chart/common/util/coalesce.go`, `cleanNilValues`).
    /// Whether the Chart.yaml has a list of dependencies, be it an empty one: without a list Helm does not look at the
    /// dependencies of the charts inside.
    pub(crate) fn lists_dependencies(&self) -> bool {
        self.0.empty_list || !self.0.metadata.dependencies.is_empty()
    }

    pub(crate) fn clean_values(&self) -> &DataMap {
        self.0.clean_values.get_or_init(|| crate::coalesce::clean(&self.0.values))
    }

    /// The bytes of `values.yaml` as they are in the chart, comments included.
    pub fn raw_values(&self) -> Option<&[u8]> {
        self.0.raw.iter().find(|file| &*file.name == "values.yaml").map(|file| &*file.data)
    }

    /// The bytes of `values.schema.json`.
    pub fn schema(&self) -> Option<&[u8]> {
        self.0.schema.as_deref()
    }

    #[cfg(feature = "schema")]
    pub(crate) fn compiled_schema(&self) -> Option<&Result<crate::schema::Compiled, String>> {
        Some(self.0.compiled_schema.get(self.schema()?))
    }

    /// When `values.schema.json` was last changed.
    pub fn schema_modified(&self) -> Option<Timestamp> {
        self.0.schema_modified
    }

    /// The content of the Chart.lock (or of a `requirements.lock`).
    pub fn lock(&self) -> Option<&Lock> {
        self.0.lock.as_deref()
    }

    /// All other files: those that `.Files` reads, and `crds/`.
    pub fn files(&self) -> &[File] {
        &self.0.files
    }

    /// When the Chart.yaml was last changed.
    pub fn modified(&self) -> Option<Timestamp> {
        self.0.modified
    }

    /// The charts inside this one.
    pub fn dependencies(&self) -> &[Chart] {
        &self.0.dependencies
    }

    /// What Helm warns of while it loads this chart; those of charts inside it included.
    pub fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }

    /// The manifests under `crds/`, those of the charts inside this one behind its own
    /// (Helm: `pkg/chart/v2/chart.go`, `CRDObjects`).
    pub fn crds(&self) -> Vec<CrdFile> {
        let mut crds = Vec::new();
        self.collect_crds(self.name(), &mut crds);
        crds
    }

    fn collect_crds(&self, path: &str, crds: &mut Vec<CrdFile>) {
        for file in self.files() {
            if file.name.starts_with("crds/") && has_manifest_extension(&file.name) {
                crds.push(CrdFile { path: format!("{path}/{}", file.name), file: file.clone() });
            }
        }
        for dependency in self.dependencies() {
            dependency.collect_crds(&format!("{path}/charts/{}", dependency.name()), crds);
        }
    }

    /// A digest of what the chart says: metadata, lock, templates, values, schema, files and the charts inside it;
    /// times and the order of files do not count. The key for caches of anything made from the chart.
    pub fn digest(&self) -> Digest {
        *self.0.digest.get_or_init(|| {
            let mut hash = Sha256::new();
            let mut part = |tag: u8, name: &str, bytes: &[u8]| {
                hash.update([tag]);
                for piece in [name.as_bytes(), bytes] {
                    hash.update((piece.len() as u64).to_le_bytes());
                    hash.update(piece);
                }
            };
            part(0, "metadata", &serde_json::to_vec(self.metadata()).unwrap_or_default());
            part(1, "lock", &serde_json::to_vec(&self.lock()).unwrap_or_default());
            part(2, "values", &serde_json::to_vec(self.values()).unwrap_or_default());
            if let Some(schema) = self.schema() {
                part(3, "schema", schema);
            }
            for (tag, files) in [(4, self.templates()), (5, self.files())] {
                let mut files: Vec<&File> = files.iter().collect();
                files.sort_by(|a, b| a.name.cmp(&b.name));
                for file in files {
                    part(tag, &file.name, &file.data);
                }
            }
            for dependency in self.dependencies() {
                part(6, dependency.name(), dependency.digest().as_bytes());
            }
            Digest(hash.finalize().into())
        })
    }

    /// A builder that starts with all parts of this chart.
    pub fn to_builder(&self) -> ChartBuilder {
        ChartBuilder(Parts { digest: OnceLock::new(), clean_values: OnceLock::new(), ..(*self.0).clone() })
    }

    /// Whether both are the same chart in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chart({}-{})", self.0.metadata.name, self.0.metadata.version)
    }
}

/// Puts a chart together from parts: what loaders, records and tests use. Nothing is checked.
#[derive(Clone)]
pub struct ChartBuilder(Parts);

impl ChartBuilder {
    /// A chart with this metadata and nothing else.
    pub fn new(metadata: Metadata) -> Self {
        Self(Parts {
            metadata: Arc::new(metadata),
            raw: Arc::default(),
            templates: Arc::default(),
            values: Data::Map(DataMap::default()),
            clean_values: OnceLock::new(),
            schema: None,
            schema_modified: None,
            lock: None,
            files: Arc::default(),
            modified: None,
            empty_list: false,
            dependencies: Arc::default(),
            warnings: Arc::default(),
            digest: OnceLock::new(),
            #[cfg(feature = "schema")]
            compiled_schema: Arc::default(),
        })
    }

    /// Replaces the metadata.
    #[must_use]
    pub fn metadata(self, metadata: Metadata) -> Self {
        self.shared_metadata(Arc::new(metadata))
    }

    #[must_use]
    pub(crate) fn shared_metadata(mut self, metadata: Arc<Metadata>) -> Self {
        self.0.metadata = metadata;
        self
    }

    /// Sets all files as they were read.
    #[must_use]
    pub fn raw(mut self, files: Vec<File>) -> Self {
        self.0.raw = files.into();
        self
    }

    /// Sets the files under `templates/`.
    #[must_use]
    pub fn templates(mut self, files: Vec<File>) -> Self {
        self.0.templates = files.into();
        self
    }

    /// Sets the chart's own values.
    #[must_use]
    pub fn values(mut self, values: Data) -> Self {
        self.0.values = values;
        self
    }

    /// Sets the schema's bytes and when they were last changed.
    #[must_use]
    pub fn schema(mut self, schema: Arc<[u8]>, modified: Option<Timestamp>) -> Self {
        self.0.schema = Some(schema);
        #[cfg(feature = "schema")]
        {
            self.0.compiled_schema = Arc::default();
        }
        self.0.schema_modified = modified;
        self
    }

    /// Sets the lock.
    #[must_use]
    pub fn lock(mut self, lock: Lock) -> Self {
        self.0.lock = Some(Arc::new(lock));
        self
    }

    /// Sets the other files.
    #[must_use]
    pub fn files(mut self, files: Vec<File>) -> Self {
        self.0.files = files.into();
        self
    }

    /// Sets when the Chart.yaml was last changed.
    #[must_use]
    pub fn modified_at(mut self, time: Timestamp) -> Self {
        self.0.modified = Some(time);
        self
    }

    /// Sets whether the Chart.yaml has a list of dependencies with nothing in it.
    #[must_use]
    pub(crate) fn empty_list_of_dependencies(mut self, empty_list: bool) -> Self {
        self.0.empty_list = empty_list;
        self
    }

    /// Sets the charts inside this one.
    #[must_use]
    pub fn dependencies(mut self, charts: Vec<Chart>) -> Self {
        self.0.dependencies = charts.into();
        self
    }

    /// Sets the warnings.
    #[must_use]
    pub(crate) fn warnings(mut self, warnings: Vec<Warning>) -> Self {
        self.0.warnings = warnings.into();
        self
    }

    /// The chart.
    pub fn build(self) -> Chart {
        Chart(Arc::new(self.0))
    }
}

impl fmt::Debug for ChartBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChartBuilder({}-{})", self.0.metadata.name, self.0.metadata.version)
    }
}

fn has_manifest_extension(name: &str) -> bool {
    let base = name.rsplit_once('/').map_or(name, |(_, base)| base);
    let extension = base.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}
