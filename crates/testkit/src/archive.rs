//! Chart archives: made from files, and read for what an index says of them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::error::{Error, IoContext as _};

/// Name and version of a chart, and its whole `Chart.yaml`, as the index repeats it.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) chart_yaml: String,
}

/// The files of a folder, with their paths relative to it, sorted. Nothing is left out: a `.helmignore` is
/// packed like any other file.
pub fn files_of(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), Error> {
        for entry in fs::read_dir(folder).doing("reading", folder)? {
            let path = entry.doing("reading", folder)?.path();
            if path.is_dir() {
                walk(root, &path, files)?;
            } else {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                files.push((name, fs::read(&path).doing("reading", &path)?));
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(folder, folder, &mut files)?;
    files.sort();
    Ok(files)
}

/// Packs files into a chart archive. The same files make the same bytes.
pub(crate) fn pack(chart: &str, files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Error> {
    let failed = |error: std::io::Error| Error::Chart { chart: chart.to_owned(), reason: error.to_string() };
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, format!("{chart}/{path}"), content.as_slice()).map_err(failed)?;
    }
    let mut gzip = archive.into_inner().map_err(failed)?;
    gzip.flush().map_err(failed)?;
    gzip.finish().map_err(failed)
}

/// Reads what an index says about the chart in an archive.
pub(crate) fn describe(archive: &[u8]) -> Result<Described, Error> {
    let bad = |reason: String| Error::Chart { chart: "archive".to_owned(), reason };
    let mut reader = tar::Archive::new(GzDecoder::new(archive));
    for entry in reader.entries().map_err(|error| bad(error.to_string()))? {
        let mut entry = entry.map_err(|error| bad(error.to_string()))?;
        let path = entry.path().map_err(|error| bad(error.to_string()))?.into_owned();
        if path.components().count() == 2 && path.ends_with("Chart.yaml") {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(|error| bad(error.to_string()))?;
            return described(&path.display().to_string(), &text);
        }
    }
    Err(bad("it has no Chart.yaml".to_owned()))
}

/// Reads what an index says about a chart from its `Chart.yaml`.
pub(crate) fn described(chart: &str, text: &str) -> Result<Described, Error> {
    let field = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .map(|value| {
                let value = value.split(" #").next().unwrap_or_default();
                value.trim().trim_matches(['"', '\'']).to_owned()
            })
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Error::Chart {
                chart: chart.to_owned(),
                reason: format!("its Chart.yaml has no line that begins with `{key}:`"),
            })
    };
    Ok(Described { name: field("name")?, version: field("version")?, chart_yaml: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_archive_which_describes_itself() {
        let files = vec![
            ("Chart.yaml".to_owned(), b"apiVersion: v2\nname: \"web\" # a name\nversion: 1.2.3\n".to_vec()),
            ("templates/a.yaml".to_owned(), b"a: 1\n".to_vec()),
        ];
        let archive = pack("web", &files).expect("packs");
        assert_eq!(archive, pack("web", &files).expect("packs"));
        let described = describe(&archive).expect("describes");
        assert_eq!((described.name.as_str(), described.version.as_str()), ("web", "1.2.3"));
    }

    #[test]
    fn an_archive_without_chart_yaml_is_refused() {
        let archive = pack("web", &[("values.yaml".to_owned(), Vec::new())]).expect("packs");
        assert!(describe(&archive).expect_err("is refused").to_string().contains("no Chart.yaml"));
    }
}
