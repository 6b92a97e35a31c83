//! How much of a foreign text is read before it is refused.

/// What a reader of YAML may spend on one text.
///
/// ```
/// let limits = pintle_yaml::Limits::default().max_bytes(16);
/// let error = pintle_yaml::parse(b"a text of more than sixteen bytes", &limits).unwrap_err();
/// assert_eq!(error.message(), "yaml: the text of 33 bytes is longer than the limit of 16 bytes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bytes of the text; 64 MiB unless said otherwise.
    pub bytes: usize,
    /// The nodes of one document (scalars, lists, maps, aliases); 10 million unless said otherwise.
    pub nodes: usize,
    /// How deep lists and maps nest; 10,000 unless said otherwise, which is go-yaml's own limit.
    pub depth: usize,
}

impl Limits {
    /// With this limit on the bytes of the text.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// With this limit on the nodes of one document.
    #[must_use]
    pub fn max_nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// With this limit on the depth.
    #[must_use]
    pub fn max_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, nodes: 10_000_000, depth: 10_000 }
    }
}
