//! Which names a release may have.

/// The pattern that Helm's message shows.
const PATTERN: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Whether Helm takes the name for a release: up to 53 letters in parts as DNS has them. The error is Helm's text
/// (Helm: `pkg/chart/v2/util/validate_name.go`, `ValidateReleaseName`).
pub fn validate_release_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("no name provided".to_owned());
    }
    let part = |part: &str| {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        part.bytes().all(|byte| letter(byte) || byte == b'-')
            && part.bytes().next().is_some_and(letter)
            && part.bytes().last().is_some_and(letter)
    };
    if name.len() > 53 || !name.split('.').all(part) {
        return Err(format!(
            "invalid release name, must match regex {PATTERN} and the length must not be longer than 53"
        ));
    }
    Ok(())
}
