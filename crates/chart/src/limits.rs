//! How much a chart may ask for.

/// Limits on what is read of a chart. What is over a limit is an error, never cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of all files together, unpacked; archives inside `charts/` count with what they unpack to. Default:
    /// 100 MiB (Helm: `pkg/chart/loader/archive/archive.go`, `MaxDecompressedChartSize`, which counts each archive
    /// for itself).
    pub total_bytes: u64,
    /// Bytes of one file, unpacked. Default: 100 MiB. Helm 3 allowed 5 MiB; Helm 4.3.1 counts only the whole.
    pub file_bytes: u64,
    /// Number of files, those of subcharts included. Default: 100,000.
    pub files: usize,
    /// How deep charts may lie inside charts. Default: 32.
    pub depth: usize,
    /// Which symbolic links of a directory are followed. Default: those that stay inside of it.
    pub links: Links,
}

/// Which symbolic links are followed where a chart is read from a directory. Archives have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Links {
    /// Those that lead to somewhere in the directory; any other is an error, because a chart from a stranger could
    /// read any file of the machine.
    #[default]
    Inside,
    /// All, as Helm does. For directories that the user of the machine named.
    All,
}

impl Limits {
    /// The same limits with other bytes for all files together.
    #[must_use]
    pub fn with_total_bytes(mut self, bytes: u64) -> Self {
        self.total_bytes = bytes;
        self
    }

    /// The same limits with other bytes for one file.
    #[must_use]
    pub fn with_file_bytes(mut self, bytes: u64) -> Self {
        self.file_bytes = bytes;
        self
    }

    /// The same limits with another number of files.
    #[must_use]
    pub fn with_files(mut self, files: usize) -> Self {
        self.files = files;
        self
    }

    /// The same limits with other symbolic links that are followed.
    #[must_use]
    pub fn with_links(mut self, links: Links) -> Self {
        self.links = links;
        self
    }

    /// The same limits with another depth of charts inside charts.
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        let mebibyte = 1024 * 1024;
        Self {
            total_bytes: 100 * mebibyte,
            file_bytes: 100 * mebibyte,
            files: 100_000,
            depth: 32,
            links: Links::default(),
        }
    }
}
