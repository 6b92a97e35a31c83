//! Keys as the steps of a JSON pointer (RFC 6901 §3).

use std::borrow::Cow;

/// A key as it is written in a JSON pointer: `a/b` as `a~1b`, and `a~b` as `a~0b`. Go's errors about JSON write their
/// paths so too, with dots between the steps.
///
/// ```
/// assert_eq!(pintle_value::pointer_token("helm.sh/hook"), "helm.sh~1hook");
/// ```
pub fn pointer_token(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}

/// The key that a step of a JSON pointer means.
///
/// ```
/// assert_eq!(pintle_value::pointer_key("helm.sh~1hook"), "helm.sh/hook");
/// ```
pub fn pointer_key(token: &str) -> Cow<'_, str> {
    if token.contains('~') { token.replace("~1", "/").replace("~0", "~").into() } else { token.into() }
}
