//! Versions as Helm takes them: semantic ones, but with a leading `v` and missing parts allowed.

/// Whether Helm takes the text for a version (Masterminds semver v3, `NewVersion`).
pub(crate) fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    let (core, pre) = match rest.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (rest, None),
    };
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number =
        |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u64>().is_ok();
    let identifiers = |text: &str| {
        text.split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    let no_leading_zero = |text: &str| {
        text.split('.')
            .all(|part| part.len() < 2 || !part.starts_with('0') || !part.bytes().all(|b| b.is_ascii_digit()))
    };
    (1..=3).contains(&numbers.len())
        && numbers.iter().all(is_number)
        && pre.is_none_or(|pre| identifiers(pre) && no_leading_zero(pre))
        && build.is_none_or(identifiers)
}
