//! PEM (RFC 7468) as Go's `encoding/pem` reads and writes it.

use crate::encodings::{base64_decode, base64_encode};

/// A block: what its first line says it is, and its bytes.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) bytes: Vec<u8>,
}

/// Writes a block, 64 characters a line.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    let body = base64_encode(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = behind;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

/// The first block that is whole; what stands around blocks, and a block's headers, are passed over.
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    while let Some(line) = lines.next() {
        let Some(label) = label(line, b"-----BEGIN ") else { continue };
        let mut body = Vec::new();
        for line in lines.clone() {
            if let Some(end) = self::label(line, b"-----END ") {
                if end == label
                    && let Ok(bytes) = base64_decode(&body)
                {
                    return Some(Block { label: String::from_utf8_lossy(label).into_owned(), bytes });
                }
                break;
            }
            if line.contains(&b':') {
                continue;
            }
            body.extend(line.iter().filter(|byte| !matches!(byte, b' ' | b'\t')));
        }
    }
    None
}

fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}
