//! Go's strings: immutable bytes, most often UTF-8 but never promised to be.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// How many bytes fit beside the length and the tag without an allocation.
const INLINE: usize = 22;

/// An immutable string of bytes, as Go's `string` is.
///
/// Text that came from YAML or JSON is UTF-8; `b64dec`, `slice` and files of a chart can make any bytes, and Go
/// passes them through unchanged. Up to 22 bytes are held in place, longer ones are shared by `Arc`, so a clone
/// never copies more than 24 bytes. Ordering and equality are by bytes, as in Go.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, buf: [u8; INLINE] },
    Shared(Arc<[u8]>),
}

impl Str {
    /// The empty string.
    pub const EMPTY: Self = Self(Repr::Inline { len: 0, buf: [0; INLINE] });

    /// A string of these bytes.
    #[inline]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match Self::inline(bytes) {
            Some(str) => str,
            None => Self(Repr::Shared(Arc::from(bytes))),
        }
    }

    fn inline(bytes: &[u8]) -> Option<Self> {
        let mut buf = [0; INLINE];
        buf.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let len = u8::try_from(bytes.len()).ok()?;
        Some(Self(Repr::Inline { len, buf }))
    }

    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, buf } => buf.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Shared(bytes) => bytes,
        }
    }

    /// The first eight bytes as one number, zeros behind a shorter string's end. Where those of two strings differ
    /// they are ordered as the strings are, so that most comparisons need no more.
    #[inline]
    fn start(&self) -> u64 {
        let bytes = match &self.0 {
            Repr::Inline { buf, .. } => buf.first_chunk(),
            Repr::Shared(bytes) => bytes.first_chunk(),
        };
        match bytes {
            Some(bytes) => u64::from_be_bytes(*bytes),
            None => start_of(self.as_bytes()), // shared and short, made of an `Arc`
        }
    }

    /// Compares with bytes, as [`Ord`] compares with a string.
    #[inline]
    pub(crate) fn cmp_bytes(&self, other: &[u8], other_start: u64) -> std::cmp::Ordering {
        match self.start().cmp(&other_start) {
            std::cmp::Ordering::Equal => self.as_bytes().cmp(other),
            unequal => unequal,
        }
    }

    /// The text, or `None` where the bytes are not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The text, with U+FFFD in the place of what is not UTF-8.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        lossy(self.as_bytes())
    }

    /// The number of bytes, which is what Go's `len` counts.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Inline { len, .. } => usize::from(*len),
            Repr::Shared(bytes) => bytes.len(),
        }
    }

    /// Whether there are no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What [`Str::cmp_bytes`] wants to know of the other side beforehand: its first eight bytes as one number, zeros
/// behind its end.
#[inline]
pub(crate) fn start_of(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => bytes
            .iter()
            .zip((0..8).rev())
            .fold(0, |start, (byte, place)| start | u64::from(*byte) << (8 * place)),
    }
}

impl Default for Str {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Deref for Str {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Str {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<[u8]> for Str {
    #[inline]
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        Self::from_bytes(bytes)
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        match Self::inline(&bytes) {
            Some(str) => str,
            None => Self(Repr::Shared(Arc::from(bytes))),
        }
    }
}

impl From<Arc<[u8]>> for Str {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self(Repr::Shared(bytes))
    }
}

impl PartialEq for Str {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            // What lies behind an inline string's end is zero, so that arrays of one length can be compared.
            (Repr::Inline { len: a_len, buf: a }, Repr::Inline { len: b_len, buf: b }) => {
                a_len == b_len && a == b
            }
            (Repr::Shared(a), Repr::Shared(b)) => a == b,
            // A shared string may be short, where it was made of an `Arc`.
            _ => self.as_bytes() == other.as_bytes(),
        }
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match self.start().cmp(&other.start()) {
            std::cmp::Ordering::Equal => self.as_bytes().cmp(other.as_bytes()),
            unequal => unequal,
        }
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str_lossy(), f)
    }
}

impl fmt::Display for Str {
    /// Writes the text, with U+FFFD in the place of what is not UTF-8.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str_lossy())
    }
}

/// Bytes as text, with U+FFFD in the place of what is not UTF-8. As [`String::from_utf8_lossy`], which looks at each byte
/// by itself, where nearly all text is ASCII and can be looked at by words.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
