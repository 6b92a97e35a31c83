//! Slash-separated paths: Go's package `path`. On Linux `path/filepath` does the same, so `osBase` is `base`.

use pintle_value::Str;

use crate::table::functions;

functions! {
    TABLE;
    pure {
        "base" | "osBase" (string) => base;
        "dir" | "osDir" (string) => dir;
        "ext" | "osExt" (string) => ext;
        "clean" | "osClean" (string) => |path: &Str| clean(path);
        "isAbs" | "osIsAbs" (string) => |path: &Str| path.starts_with(b"/");
    }
    hosted {}
}

fn base(path: &Str) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let trimmed = path.get(..end).unwrap_or_default();
    let name = trimmed.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if name.is_empty() { b"/".to_vec() } else { name.to_vec() }
}

fn dir(path: &Str) -> Vec<u8> {
    let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    clean(path.get(..end).unwrap_or_default())
}

fn ext(path: &Str) -> Vec<u8> {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) => name.get(dot..).unwrap_or_default().to_vec(),
        None => Vec::new(),
    }
}

/// Go: `path.Clean`.
pub(crate) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let mut out = if rooted { b"/".to_vec() } else { Vec::new() };
    out.extend_from_slice(&parts.join(&b'/'));
    if out.is_empty() { b".".to_vec() } else { out }
}
