//! A chart into a `.tgz` archive.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use pintle_value::Data;
use pintle_yaml::Flavour;

use crate::{Chart, ChartError, File, Timestamp};

/// What Helm writes into the header of every archive (Helm: `pkg/chart/v2/util/save.go`, headerBytes).
const EXTRA: &[u8] = b"rr\x28\x00aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";

/// A chart as an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Package {
    /// Helm's name for it, `NAME-VERSION.tgz`.
    pub file_name: String,
    /// The archive.
    pub bytes: Vec<u8>,
}

impl Chart {
    /// Packs the chart and the charts inside it as `helm package` does (Helm: `pkg/chart/v2/util/save.go`, Save).
    ///
    /// Equal charts give equal bytes: a file without a time gets 1970-01-01, where Helm takes the current time.
    pub fn package(&self) -> Result<Package, ChartError> {
        let metadata = self.metadata();
        metadata
            .clone()
            .validate()
            .map_err(|error| ChartError::Layout(format!("chart validation: {error}")))?;
        let mut archive = tar::Builder::new(Vec::new());
        add_chart(&mut archive, self, "", 0)?;
        let io = |source| ChartError::Io { path: "the archive".into(), source };
        let unpacked = archive.into_inner().map_err(io)?;
        let mut zip = GzBuilder::new()
            .extra(EXTRA)
            .comment("Helm")
            .operating_system(255)
            .write(Vec::new(), Compression::default());
        zip.write_all(&unpacked).map_err(io)?;
        let bytes = zip.finish().map_err(io)?;
        Ok(Package { file_name: format!("{}-{}.tgz", metadata.name, metadata.version), bytes })
    }
}

type Archive = tar::Builder<Vec<u8>>;

fn add_chart(archive: &mut Archive, chart: &Chart, prefix: &str, depth: usize) -> Result<(), ChartError> {
    const DEPTH: usize = 64;
    let name = chart.name();
    if name.is_empty() || name.contains('/') || depth > DEPTH {
        return Err(ChartError::Layout(format!("{} is not a valid chart name", pintle_value::quoted(name))));
    }
    let base = format!("{prefix}{name}");
    let is_v1 = chart.metadata().api_version == "v1";
    let mut metadata = chart.metadata().clone();
    if is_v1 {
        metadata.dependencies.clear(); // they stand in requirements.yaml
    }
    add(archive, &base, "Chart.yaml", yaml(&metadata)?.as_bytes(), chart.modified())?;
    if let Some(lock) = chart.lock().filter(|_| chart.metadata().api_version == "v2") {
        add(archive, &base, "Chart.lock", yaml(lock)?.as_bytes(), lock.generated.parse().ok())?;
    }
    for file in chart.raw().iter().filter(|file| &*file.name == "values.yaml") {
        add(archive, &base, &file.name, &file.data, file.modified)?;
    }
    if let Some(schema) = chart.schema() {
        if serde_json::from_slice::<serde::de::IgnoredAny>(schema).is_err() {
            return Err(ChartError::Layout("invalid JSON in values.schema.json".to_owned()));
        }
        add(archive, &base, "values.schema.json", schema, chart.schema_modified())?;
    }
    for File { name, data, modified } in chart.templates().iter().chain(chart.files()) {
        add(archive, &base, name, data, *modified)?;
    }
    for child in chart.dependencies() {
        add_chart(archive, child, &format!("{base}/charts/"), depth + 1)?;
    }
    Ok(())
}

fn add(
    archive: &mut Archive,
    base: &str,
    name: &str,
    data: &[u8],
    modified: Option<Timestamp>,
) -> Result<(), ChartError> {
    let mut header = tar::Header::new_ustar();
    header.set_mode(0o644);
    header.set_size(data.len() as u64);
    header.set_mtime(modified.and_then(|time| u64::try_from(time.unix()).ok()).unwrap_or(0));
    header.set_entry_type(tar::EntryType::Regular);
    let path = format!("{base}/{name}");
    archive
        .append_data(&mut header, &path, data)
        .map_err(|source| ChartError::Io { path: path.into(), source })
}

fn yaml<T: serde::Serialize>(value: &T) -> Result<String, ChartError> {
    let json = serde_json::to_value(value).map_err(|error| ChartError::Layout(error.to_string()))?;
    let data: Data = serde_json::from_value(json).map_err(|error| ChartError::Layout(error.to_string()))?;
    pintle_yaml::emit_data(&data, Flavour::V2).map_err(|error| ChartError::Layout(error.to_string()))
}
