//! How much a repository may send.

use std::time::Duration;

/// What a repository's answers may take. Each limit ends in an error that names it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes of an index. Default: 50 MiB, as Flux's `--helm-index-max-size`.
    pub index_bytes: u64,
    /// The most bytes of a chart archive. Default: 20 MiB.
    pub archive_bytes: u64,
    /// What an archive may unpack to. Default: the chart format's own limits, 100 MiB for all files together.
    pub chart: pintle_chart::Limits,
    /// How long the index or an archive may take, redirects, body and repetitions included. Default: 60 s.
    pub timeout: Duration,
    /// How many redirects are followed. Default: 10, as Go's HTTP client.
    pub redirects: u32,
    /// How often a request is sent again after a failure that may pass. Default: 2.
    pub retries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            index_bytes: 50 << 20,
            archive_bytes: 20 << 20,
            chart: pintle_chart::Limits::default(),
            timeout: Duration::from_secs(60),
            redirects: 10,
            retries: 2,
        }
    }
}
