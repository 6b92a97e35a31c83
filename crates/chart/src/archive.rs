//! Files out of a `.tgz` archive.

use std::io::{self, Read};
use std::iter;
use std::sync::Arc;

use crate::{ChartError, File, Limits, Timestamp};
use pintle_value::quoted;

/// What may still be read; shared by a chart and all archives inside it.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    pub(crate) limits: &'a Limits,
    bytes: u64,
    files: usize,
    pub(crate) depth: usize,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self { limits, bytes: limits.total_bytes, files: limits.files, depth: limits.depth }
    }

    /// Takes one file of this many bytes.
    pub(crate) fn take(&mut self, name: &str, bytes: u64) -> Result<(), ChartError> {
        if bytes > self.limits.file_bytes {
            return Err(ChartError::TooLarge(format!(
                "file {} is larger than the maximum file size {}",
                quoted(name),
                self.limits.file_bytes
            )));
        }
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(|| self.too_large())?;
        self.files = self.files.checked_sub(1).ok_or_else(|| {
            ChartError::TooLarge(format!("chart has more than the maximum of {} files", self.limits.files))
        })?;
        Ok(())
    }

    fn too_large(&self) -> ChartError {
        ChartError::TooLarge(format!(
            "decompressed chart is larger than the maximum size {}",
            self.limits.total_bytes
        ))
    }
}

/// The most memory that is set aside for a file before it is read.
const MOST_RESERVED: usize = 1 << 20;

/// Whether the bytes begin as a gzip archive does.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b")
}

/// The files of an archive, named from the chart's folder
/// (Helm: `pkg/chart/loader/archive/archive.go`, `LoadArchiveFiles`).
pub(crate) fn files(bytes: &[u8], budget: &mut Budget<'_>) -> Result<Vec<File>, ChartError> {
    let damaged = |error: &dyn std::fmt::Display| ChartError::Archive(format!("damaged archive: {error}"));
    if bytes.is_empty() {
        return Err(ChartError::Archive("EOF".to_owned()));
    }
    if !is_gzip(bytes) {
        return Err(ChartError::Archive(
            "stream does not appear to be a valid chart file (details: gzip: invalid header)".to_owned(),
        ));
    }
    // Long names, PAX records and padding count as well, or an archive of nothing else would be read for ever.
    let ceiling = budget.bytes.saturating_add(16 * 1024 * 1024).saturating_add(budget.files as u64 * 1024);
    let unpacked = flate2::bufread::MultiGzDecoder::new(bytes).take(ceiling);
    let mut archive = tar::Archive::new(unpacked);
    let mut files = Vec::new();
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        let entry = entry.map_err(|error| damaged(&error))?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir()
            || path.ends_with('/')
            || kind.is_pax_global_extensions()
            || kind.is_pax_local_extensions()
        {
            continue;
        }
        let name = clean(&path)?;
        let size = entry.size();
        if size > budget.bytes {
            return Err(budget.too_large());
        }
        budget.take(&name, size)?;
        let seconds = entry.header().mtime().unwrap_or(0);
        let data = content(&mut entry.take(size), size).map_err(|error| damaged(&error))?;
        if (data.len() as u64) < size && kind.is_file() {
            return Err(damaged(&"unexpected EOF"));
        }
        let time = Timestamp::from_unix(i64::try_from(seconds).unwrap_or(0));
        files.push(File { name: name.into(), data: without_mark(data), modified: Some(time) });
    }
    if files.is_empty() {
        return Err(ChartError::Archive("no files in chart archive".to_owned()));
    }
    Ok(files)
}

/// Reads what there is, at most `size` bytes, into memory that is shared from then on.
fn content(from: &mut impl Read, size: u64) -> io::Result<Arc<[u8]>> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > MOST_RESERVED {
        // The header may claim what is not there.
        let mut data = Vec::with_capacity(MOST_RESERVED);
        from.read_to_end(&mut data)?;
        return Ok(data.into());
    }
    let mut shared: Arc<[u8]> = iter::repeat_n(0, size).collect();
    let mut filled = 0;
    while let Some(rest) = Arc::get_mut(&mut shared).and_then(|data| data.get_mut(filled..))
        && !rest.is_empty()
    {
        match from.read(rest) {
            Ok(0) => return Ok(shared.get(..filled).unwrap_or_default().into()),
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(shared)
}

/// The bytes without the mark that some editors put before UTF-8.
fn without_mark(data: Arc<[u8]>) -> Arc<[u8]> {
    data.strip_prefix(b"\xef\xbb\xbf".as_slice()).map(Arc::from).unwrap_or(data)
}

/// The path without the archive's top folder, or why it is not allowed.
fn clean(path: &str) -> Result<String, ChartError> {
    let illegal =
        |message: &str| ChartError::IllegalPath { path: path.to_owned(), message: message.to_owned() };
    // An archive that was made on Windows may have backslashes.
    let delimiter = if path.contains('\\') { '\\' } else { '/' };
    let (top, rest) = path.split_once(delimiter).unwrap_or((path, ""));
    let rest = rest.replace(delimiter, "/");
    if rest.starts_with('/') {
        return Err(illegal("chart illegally contains absolute paths"));
    }
    let name = clean_path(&rest);
    if name == "." {
        return Err(illegal(&format!(
            "chart illegally contains content outside the base directory: {}",
            quoted(path)
        )));
    }
    if name.starts_with("..") {
        return Err(illegal("chart illegally references parent directory"));
    }
    let mut letters = name.bytes();
    let drive = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
    if drive && letters.next() == Some(b':') && letters.next() == Some(b'/') {
        return Err(illegal("chart contains illegally named files"));
    }
    if top == "Chart.yaml" {
        return Err(illegal("chart yaml not in base directory"));
    }
    Ok(name)
}

/// Go's `path.Clean` for a path that is not absolute.
fn clean_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
