//! A chart from its files.

use std::collections::BTreeMap;
use std::path::Path;

use pintle_value::{Data, DataMap};

use crate::archive::{self, Budget};
use crate::decode::{self, Draft};
use crate::{Chart, ChartBuilder, ChartError, File, Limits, Warning, directory, values_file};

impl Chart {
    /// A chart from files in memory, named from the chart's folder.
    pub fn from_files(files: Vec<File>, limits: &Limits) -> Result<Self, ChartError> {
        let mut budget = Budget::new(limits);
        for file in &files {
            budget.take(&file.name, file.data.len() as u64)?;
        }
        detected(files, &mut budget)
    }

    /// A chart from the bytes of a `.tgz` archive.
    pub fn from_archive(bytes: &[u8], limits: &Limits) -> Result<Self, ChartError> {
        let mut budget = Budget::new(limits);
        let files = archive::files(bytes, &mut budget)?;
        detected(files, &mut budget)
    }

    /// A chart from a directory or an archive on disk. Of a directory, `.helmignore` is honoured.
    pub fn from_path(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, ChartError> {
        let path = path.as_ref();
        let io = |source| ChartError::Io { path: path.to_owned(), source };
        let meta = std::fs::metadata(path).map_err(io)?;
        let mut budget = Budget::new(limits);
        if meta.is_dir() {
            let file = std::path::absolute(path).map_err(io)?.join("Chart.yaml");
            if !file.is_file() {
                return Err(ChartError::Layout(format!(
                    "unable to detect chart at {0}: open {0}: no such file or directory",
                    file.display()
                )));
            }
            let found = directory::files(path, &mut budget)?;
            let chart = detected(found.files, &mut budget)?;
            if found.warnings.is_empty() {
                return Ok(chart);
            }
            let warnings = found.warnings.into_iter().chain(chart.warnings().iter().cloned()).collect();
            return Ok(chart.to_builder().warnings(warnings).build());
        }
        // An archive is never larger than what it unpacks to by more than its own overhead.
        if meta.len() > limits.total_bytes.saturating_add(16 * 1024 * 1024) {
            return Err(ChartError::TooLarge(format!(
                "archive {} is larger than the maximum size {}",
                path.display(),
                limits.total_bytes
            )));
        }
        let bytes = std::fs::read(path).map_err(io)?;
        if !archive::is_gzip(&bytes) {
            let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            return Err(ChartError::Archive(if is_yaml {
                format!("file '{}' seems to be a YAML file, but expected a gzipped archive", path.display())
            } else {
                format!("file '{}' does not appear to be a gzipped archive", path.display())
            }));
        }
        let files = archive::files(&bytes, &mut budget)?;
        detected(files, &mut budget)
    }

    /// The dependencies that Chart.yaml names and `charts/` has not
    /// (Helm: `pkg/action/install.go`, `CheckDependencies`).
    pub fn missing_dependencies(&self) -> Vec<&str> {
        self.metadata()
            .dependencies
            .iter()
            .map(|dependency| dependency.name.as_str())
            .filter(|name| !self.dependencies().iter().any(|chart| chart.name() == *name))
            .collect()
    }
}

/// A chart that nobody uses yet; refuses what is none of version 1 or 2 (Helm: `pkg/chart/loader/load.go`).
fn detected(files: Vec<File>, budget: &mut Budget<'_>) -> Result<Chart, ChartError> {
    let Some(file) = files.iter().find(|file| &*file.name == "Chart.yaml") else {
        return Err(ChartError::Layout("Chart.yaml file is missing".to_owned()));
    };
    match decode::api_version("Chart.yaml", &file.data)?.as_str() {
        "" | "v1" | "v2" => load(files, budget),
        // Helm reads charts of version 3, says what is wrong in them, and then uses none.
        "v3" => {
            load(files, budget).and_then(|_| Err(ChartError::Layout("invalid chart apiVersion".to_owned())))
        }
        _ => Err(ChartError::Layout("unsupported chart version".to_owned())),
    }
}

/// Helm: `pkg/chart/v2/loader/load.go`, `LoadFiles`.
fn load(files: Vec<File>, budget: &mut Budget<'_>) -> Result<Chart, ChartError> {
    let mut draft: Option<Draft> = None;
    let mut modified = None;
    for file in files.iter().filter(|file| &*file.name == "Chart.yaml") {
        let draft = draft.get_or_insert_default();
        draft.read("Chart.yaml", &file.data)?;
        if draft.metadata.api_version.is_empty() {
            "v1".clone_into(&mut draft.metadata.api_version);
        }
        modified = file.modified;
    }
    let mut parts = Parts::default();
    for file in &files {
        parts.sort(file, &mut draft)?;
    }
    let draft = draft.ok_or_else(|| ChartError::Layout("Chart.yaml file is missing".to_owned()))?;
    let empty_list = draft.has_empty_list_of_dependencies();
    let metadata = draft.finish()?;
    let mut dependencies = Vec::new();
    for (name, files) in parts.subcharts {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let failed = |source| ChartError::Subchart {
            chart: metadata.name.clone(),
            subchart: name.clone(),
            source: Box::new(source),
        };
        let chart = subchart(&metadata.name, &name, &files, budget);
        let chart = match chart {
            Err(error @ ChartError::Layout(_)) if error.to_string().starts_with("error unpacking") => {
                return Err(error);
            }
            chart => chart.map_err(failed)?,
        };
        parts.warnings.extend(chart.warnings().iter().cloned());
        dependencies.push(chart);
    }
    let mut builder = ChartBuilder::new(metadata)
        .raw(files)
        .templates(parts.templates)
        .values(Data::Map(parts.values))
        .files(parts.files)
        .empty_list_of_dependencies(empty_list)
        .dependencies(dependencies)
        .warnings(parts.warnings);
    if let Some(schema) = parts.schema {
        builder = builder.schema(schema.data, schema.modified);
    }
    if let Some(lock) = parts.lock {
        builder = builder.lock(lock);
    }
    if let Some(time) = modified {
        builder = builder.modified_at(time);
    }
    Ok(builder.build())
}

/// A chart of `charts/`: an archive or a folder.
fn subchart(parent: &str, name: &str, files: &[File], budget: &mut Budget<'_>) -> Result<Chart, ChartError> {
    let limit = budget.limits.depth;
    budget.depth = budget.depth.checked_sub(1).ok_or_else(|| {
        ChartError::TooLarge(format!("charts lie deeper in charts than the maximum of {limit}"))
    })?;
    let is_archive = std::path::Path::new(name).extension().is_some_and(|extension| extension == "tgz");
    let chart = if is_archive {
        let file =
            files.first().ok_or_else(|| ChartError::Layout("Chart.yaml file is missing".to_owned()))?;
        if *file.name != *name {
            return Err(ChartError::Layout(format!(
                "error unpacking subchart tar in {parent}: expected {name}, got {}",
                file.name
            )));
        }
        let files = archive::files(&file.data, budget)?;
        load(files, budget)?
    } else {
        // What lies in `charts/` itself belongs to no chart.
        let files = files
            .iter()
            .filter_map(|file| file.name.split_once('/').map(|(_, rest)| file.renamed(rest)))
            .collect();
        load(files, budget)?
    };
    budget.depth += 1;
    Ok(chart)
}

#[derive(Default)]
struct Parts {
    templates: Vec<File>,
    files: Vec<File>,
    values: DataMap,
    schema: Option<File>,
    lock: Option<crate::Lock>,
    subcharts: BTreeMap<String, Vec<File>>,
    warnings: Vec<Warning>,
}

impl Parts {
    fn sort(&mut self, file: &File, draft: &mut Option<Draft>) -> Result<(), ChartError> {
        match &*file.name {
            "Chart.yaml" => {}
            "Chart.lock" => self.lock = Some(decode::lock("Chart.lock", &file.data)?),
            "values.yaml" => self.values = values_file::chart_values(&file.data)?,
            "values.schema.json" => self.schema = Some(file.clone()),
            name @ "requirements.yaml" => {
                let draft = draft.get_or_insert_default();
                let is_v1 = draft.metadata.api_version == "v1";
                if !is_v1 {
                    self.warnings.push(Warning::info(
                        "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend \
                         migrating dependencies to Chart.yaml.",
                    ));
                }
                draft.read(name, &file.data)?;
                if draft.metadata.api_version == "v1" {
                    self.files.push(file.clone());
                }
            }
            name @ "requirements.lock" => {
                self.lock = Some(decode::lock(name, &file.data)?);
                let draft = draft.get_or_insert_default();
                if draft.metadata.api_version == "v1" {
                    self.files.push(file.clone());
                } else {
                    self.warnings.push(Warning::info(
                        "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend \
                         migrating to Chart.lock.",
                    ));
                }
            }
            name if name.starts_with("templates/") => self.templates.push(file.clone()),
            name if name.starts_with("charts/") => {
                let inside = name.trim_start_matches("charts/");
                if std::path::Path::new(name).extension().is_some_and(|extension| extension == "prov") {
                    self.files.push(file.clone());
                } else {
                    let inside = name.strip_prefix("charts/").unwrap_or(inside);
                    let top = inside.split('/').next().unwrap_or(inside);
                    self.subcharts.entry(top.to_owned()).or_default().push(file.renamed(inside));
                }
            }
            _ => self.files.push(file.clone()),
        }
        Ok(())
    }
}
