//! The bytes that a record is stored as: JSON, compressed by gzip, in base64.
//!
//! Source of the format: Helm's `pkg/storage/driver/util.go`. The result is the value of the key `release` in the
//! Secret or ConfigMap; the API encodes a Secret's data in base64 once more.

use std::io::{ErrorKind, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::write::GzEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use serde::de::DeserializeOwned;

use crate::{Head, Record};

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b, 0x08];

/// The most bytes that deflate makes of one (zlib: "Maximum Expansion Factor", 1032 to 1).
const MOST_INFLATED: usize = 1032;

/// How far back deflate refers at most, as a power of two (RFC 1951 §2).
const WINDOW_BITS: u8 = 15;

/// How much a stored record may take.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes of JSON behind the compression. Default: 64 MiB, more than 40 times what etcd can hold.
    pub decoded_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decoded_bytes: 64 << 20 }
    }
}

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The outer layer is not base64.
    #[error("the record is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The compressed layer is damaged.
    #[error("the record's gzip data is damaged: {0}")]
    Gzip(std::io::Error),
    /// The record is larger than [`Limits::decoded_bytes`].
    #[error("the record is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit that it is over.
        limit: u64,
    },
    /// The record's content lies in parts, and one of them is missing or not the one that was written.
    #[error("the record's content lies in {parts} parts, and they are not all there as they were written")]
    Parts {
        /// How many there should be.
        parts: usize,
    },
    /// The inner layer is not Helm's JSON.
    #[error("the record is not a release: line {line}, column {column} of its json")]
    Json {
        /// The line of the JSON, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The class of the fault. The text of the JSON reader's error is left out, since it can quote values.
        category: serde_json::error::Category,
    },
}

impl From<serde_json::Error> for CodecError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json { line: error.line(), column: error.column(), category: error.classify() }
    }
}

/// The record as Helm stores it, with gzip's best compression.
pub fn encode(record: &Record) -> Result<Vec<u8>, CodecError> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&serde_json::to_vec(record)?).map_err(CodecError::Gzip)?;
    Ok(STANDARD.encode(gzip.finish().map_err(CodecError::Gzip)?).into_bytes())
}

/// Reads what [`encode`] or Helm wrote, uncompressed records of old Helm versions included.
///
/// The record's labels are empty: they stand on the stored object.
pub fn decode(stored: &[u8], limits: Limits) -> Result<Record, CodecError> {
    Decoder::new(limits).record(stored)
}

/// Reads of a record what lists and histories show; the rest is passed over, which takes a fraction of the time.
pub fn decode_head(stored: &[u8], limits: Limits) -> Result<Head, CodecError> {
    Decoder::new(limits).head(stored)
}

/// Reads records one after the other in the same memory: of many small ones, most of the time would go into getting it.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    compressed: Vec<u8>,
    json: Vec<u8>,
}

impl Decoder {
    /// A reader of records that take no more than this.
    pub fn new(limits: Limits) -> Self {
        Self { limits, compressed: Vec::new(), json: Vec::new() }
    }

    /// Does what [`decode`] does.
    pub fn record(&mut self, stored: &[u8]) -> Result<Record, CodecError> {
        self.read(stored)
    }

    /// Does what [`decode_head`] does.
    pub fn head(&mut self, stored: &[u8]) -> Result<Head, CodecError> {
        self.read(stored)
    }

    fn read<T: DeserializeOwned>(&mut self, stored: &[u8]) -> Result<T, CodecError> {
        self.compressed.clear();
        STANDARD.decode_vec(stored.trim_ascii(), &mut self.compressed)?;
        if !self.compressed.starts_with(GZIP_MAGIC) {
            return Ok(serde_json::from_slice(&self.compressed)?);
        }
        inflate(&self.compressed, &mut self.json, self.limits)?;
        Ok(serde_json::from_slice(&self.json)?)
    }
}

/// Puts what a gzip member holds into `json`, in one step where its end tells its size: then nothing is copied twice.
pub(crate) fn inflate(gzip: &[u8], json: &mut Vec<u8>, limits: Limits) -> Result<(), CodecError> {
    let limit = usize::try_from(limits.decoded_bytes).unwrap_or(usize::MAX);
    // RFC 1952 §2.3.1, ISIZE: it may say anything, so that memory is got for no more than could be in so many bytes.
    let told = gzip.last_chunk().map_or(0, |size| u32::from_le_bytes(*size));
    let told = usize::try_from(told).unwrap_or(usize::MAX).min(gzip.len().saturating_mul(MOST_INFLATED));
    json.clear();
    // One more than allowed shows that there is more.
    json.reserve(told.min(limit).saturating_add(1));
    let mut stream = Decompress::new_gzip(WINDOW_BITS);
    loop {
        let (taken, given) = (stream.total_in(), json.len());
        let rest = usize::try_from(taken).ok().and_then(|taken| gzip.get(taken..)).unwrap_or_default();
        let status = stream.decompress_vec(rest, json, FlushDecompress::Finish);
        let status = status.map_err(|error| CodecError::Gzip(error.into()))?;
        if json.len() > limit {
            return Err(CodecError::TooLarge { limit: limits.decoded_bytes });
        }
        match status {
            Status::StreamEnd => return Ok(()),
            _ if json.len() == json.capacity() => {
                json.reserve(json.len().min(limit - json.len()).saturating_add(1));
            }
            _ if stream.total_in() == taken && json.len() == given => {
                return Err(CodecError::Gzip(ErrorKind::UnexpectedEof.into()));
            }
            _ => {}
        }
    }
}
