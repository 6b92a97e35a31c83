//! Addresses, and the secrets that they can hold.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::{Credentials, RegistryError};

/// Reads an address and takes user name and password out of it.
pub(crate) fn split(url: &str) -> Result<(Url, Option<Credentials>), RegistryError> {
    let invalid = |reason: String| RegistryError::Url { url: without_user(url), reason };
    let mut parsed = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(invalid("it must begin with http:// or https://".to_owned()));
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let credentials = (!parsed.username().is_empty()).then(|| {
        Credentials::basic(decoded(parsed.username()), decoded(parsed.password().unwrap_or_default()))
    });
    // Both fail only for addresses that cannot have a user; http addresses can.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    Ok((parsed, credentials))
}

/// The address without user name, password and query, any of which can be a secret.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that cannot have a user, which then have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

/// An address that may not be one, without what may be a user name and a password.
pub(crate) fn without_user(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    format!("{scheme}{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
}
