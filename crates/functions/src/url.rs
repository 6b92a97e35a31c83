//! URLs taken apart and put together: Sprig's `url.go` on Go's `net/url`.

use std::net::{Ipv4Addr, Ipv6Addr};

use pintle_template::CallError;
use pintle_value::{Kind, Map, Str, Value};

use crate::print::quote;
use crate::table::functions;

functions! {
    TABLE;
    pure {
        "urlParse" (string) => url_parse;
        "urlJoin" (map) => url_join;
    }
    hosted {}
}

/// A URL as Go holds it, decoded.
#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// The part of a URL that a text stands in, which decides what is written as `%` and digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

impl Part {
    fn allows(self, byte: u8) -> bool {
        if byte.is_ascii_alphanumeric() {
            return true;
        }
        let marks: &[u8] = match self {
            Self::Path => b"$&+,-./:;=@_~",
            Self::Host | Self::Zone => b"!\"$&'()*+,-.:;<=>[]_~",
            Self::User => b"$&+,-.;=_~",
            Self::Fragment => b"!$&()*+,-./:;=?@_~",
        };
        marks.contains(&byte)
    }
}

/// Sprig: `url.go`, `urlParse`.
fn url_parse(text: &Str) -> Result<Map, CallError> {
    let url =
        parse(text).map_err(|error| CallError::panic([b"unable to parse url: ", &error[..]].concat()))?;
    let user = url.user.as_ref().map(User::text).unwrap_or_default();
    let host_name = host_name(&url.host).to_vec();
    let members: [(&str, Vec<u8>); 8] = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", host_name),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", user),
    ];
    Ok(members.into_iter().map(|(key, text)| (key, Value::from(text))).collect())
}

/// Sprig: `url.go`, `urlJoin`.
fn url_join(map: &Map) -> Result<Vec<u8>, CallError> {
    let text = |key: &str| match map.get(key) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.to_vec()),
        Some(Value::Nil) => Err(CallError::panic(crate::lists::NIL_DEREFERENCE)),
        Some(other) if other.kind() == Kind::String => Ok(crate::print::sprint(&other)),
        Some(other) => Err(CallError::panic(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind().name()
        ))),
    };
    let mut url = Url {
        scheme: text("scheme")?,
        host: text("host")?,
        path: text("path")?,
        query: text("query")?,
        opaque: text("opaque")?,
        fragment: text("fragment")?,
        user: None,
    };
    let user = text("userinfo")?;
    if !user.is_empty() {
        let parsed = parse(&[b"proto://", &user[..], b"@host"].concat()).map_err(|error| {
            CallError::panic([b"unable to parse userinfo in dict: ", &error[..]].concat())
        })?;
        url.user = parsed.user;
    }
    Ok(url.text())
}

/// Go: `url.Parse`, with its error's text.
fn parse(text: &[u8]) -> Result<Url, Vec<u8>> {
    let failed = |text: &[u8], error: Vec<u8>| [b"parse ", &quote(text)[..], b": ", &error].concat();
    let (main, fragment) = match cut(text, b'#') {
        Some((main, fragment)) => (main, fragment),
        None => (text, &[][..]),
    };
    let mut url = parse_main(main).map_err(|error| failed(main, error))?;
    url.fragment = unescape(fragment, Part::Fragment).map_err(|error| failed(text, error))?;
    Ok(url)
}

fn cut(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(mark, text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn parse_main(text: &[u8]) -> Result<Url, Vec<u8>> {
    if text.iter().any(u8::is_ascii_control) {
        return Err(b"net/url: invalid control character in URL".to_vec());
    }
    let mut url = Url::default();
    if text == b"*" {
        url.path = text.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = cut(rest, b'?').unwrap_or((rest, &[]));
    url.query = query.to_vec();
    if !rest.starts_with(b"/") {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if cut(rest, b'/').map_or(rest, |(segment, _)| segment).contains(&b':') {
            return Err(b"first path segment in URL cannot contain colon".to_vec());
        }
    }
    if let Some(authority) = rest.strip_prefix(b"//")
        && (!url.scheme.is_empty() || !authority.starts_with(b"/"))
    {
        let end = memchr::memchr(b'/', authority).unwrap_or(authority.len());
        let (authority, path) = authority.split_at_checked(end).unwrap_or((authority, &[]));
        rest = path;
        (url.user, url.host) = parse_authority(&url.scheme, authority)?;
    }
    url.path = unescape(rest, Part::Path)?;
    Ok(url)
}

/// Go: `getScheme`.
fn split_scheme(text: &[u8]) -> Result<(&[u8], &[u8]), Vec<u8>> {
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err(b"missing protocol scheme".to_vec()),
            b':' => {
                return Ok((
                    text.get(..index).unwrap_or_default(),
                    text.get(index + 1..).unwrap_or_default(),
                ));
            }
            _ => break,
        }
    }
    Ok((&[], text))
}

/// Go: `parseAuthority`.
fn parse_authority(scheme: &[u8], authority: &[u8]) -> Result<(Option<User>, Vec<u8>), Vec<u8>> {
    let Some(at) = memchr::memrchr(b'@', authority) else {
        return Ok((None, parse_host(scheme, authority)?));
    };
    let host = parse_host(scheme, authority.get(at + 1..).unwrap_or_default())?;
    let user = authority.get(..at).unwrap_or_default();
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !user.iter().all(valid) {
        return Err(b"net/url: invalid userinfo".to_vec());
    }
    let user = match cut(user, b':') {
        None => User { name: unescape(user, Part::User)?, password: None },
        Some((name, password)) => {
            User { name: unescape(name, Part::User)?, password: Some(unescape(password, Part::User)?) }
        }
    };
    Ok((Some(user), host))
}

/// Go: `parseHost`.
fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let bad_port = |port: &[u8]| [b"invalid port ", &quote(port)[..], b" after host"].concat();
    match memchr::memrchr(b'[', host) {
        Some(0) => {
            let Some(close) = memchr::memrchr(b']', host) else {
                return Err(b"missing ']' in host".to_vec());
            };
            let port = host.get(close + 1..).unwrap_or_default();
            if !is_optional_port(port) {
                return Err(bad_port(port));
            }
            let name = host.get(1..close).unwrap_or_default();
            let address = match memchr::memmem::find(name, b"%25") {
                Some(at) => {
                    let (address, zone) = name.split_at_checked(at).unwrap_or((name, &[]));
                    [unescape(address, Part::Host)?, unescape(zone, Part::Zone)?].concat()
                }
                None => unescape(name, Part::Host)?,
            };
            check_address(&address)?;
            Ok([b"[", &address[..], b"]", port].concat())
        }
        Some(_) => Err(b"invalid IP-literal".to_vec()),
        None => {
            // Go insists on a single colon for http and https only.
            let strict = matches!(scheme, b"http" | b"https");
            let colon = if strict { memchr::memchr(b':', host) } else { memchr::memrchr(b':', host) };
            let port = colon.and_then(|colon| host.get(colon..)).unwrap_or_default();
            if !is_optional_port(port) {
                return Err(bad_port(port));
            }
            unescape(host, Part::Host)
        }
    }
}

/// Whether brackets hold an IPv6 address, which may have a zone (Go: `netip.ParseAddr`).
fn check_address(address: &[u8]) -> Result<(), Vec<u8>> {
    let text = String::from_utf8_lossy(address);
    let (digits, zone) = text.split_once('%').map_or((&*text, None), |(digits, zone)| (digits, Some(zone)));
    if digits.parse::<Ipv6Addr>().is_ok() && zone != Some("") {
        return Ok(());
    }
    if zone.is_none() && digits.parse::<Ipv4Addr>().is_ok() {
        return Err(b"invalid IP-literal".to_vec());
    }
    let what = match zone {
        Some("") => "zone must be a non-empty string",
        _ if !digits.contains([':', '.']) => "unable to parse IP",
        _ => "unexpected character",
    };
    Err([b"invalid host: ParseAddr(", &quote(address)[..], b"): ", what.as_bytes()].concat())
}

fn is_optional_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Go: `URL.Hostname`: without the port and without brackets.
fn host_name(host: &[u8]) -> &[u8] {
    let name = match memchr::memrchr(b':', host) {
        Some(colon) if is_optional_port(host.get(colon..).unwrap_or_default()) => {
            host.get(..colon).unwrap_or_default()
        }
        _ => host,
    };
    name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]")).unwrap_or(name)
}

/// Go: `unescape`.
fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, Vec<u8>> {
    let bad_escape = |rest: &[u8]| {
        let escape = rest.get(..3).unwrap_or(rest);
        Err([b"invalid URL escape ", &quote(escape)[..]].concat())
    };
    let host = matches!(part, Part::Host | Part::Zone);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        if *byte != b'%' {
            if host && byte.is_ascii() && !part.allows(*byte) {
                return Err([b"invalid character ", &quote(&[*byte])[..], b" in host name"].concat());
            }
            out.push(*byte);
            rest = behind;
            continue;
        }
        let digit = |index: usize| behind.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else { return bad_escape(rest) };
        let decoded = u8::try_from(high * 16 + low).unwrap_or_default();
        let percent = rest.starts_with(b"%25");
        if part == Part::Host && high < 8 && !percent {
            return bad_escape(rest);
        }
        if part == Part::Zone && !percent && decoded != b' ' && !Part::Host.allows(decoded) {
            return bad_escape(rest);
        }
        out.push(decoded);
        rest = behind.get(2..).unwrap_or_default();
    }
    Ok(out)
}

/// Go: `escape`.
fn escape(out: &mut Vec<u8>, text: &[u8], part: Part) {
    for byte in text {
        if part.allows(*byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

impl User {
    /// Go: `Userinfo.String`.
    fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        escape(&mut out, &self.name, Part::User);
        if let Some(password) = &self.password {
            out.push(b':');
            escape(&mut out, password, Part::User);
        }
        out
    }
}

impl Url {
    /// Go: `URL.String`.
    fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            let authority = !self.host.is_empty() || self.user.is_some();
            if authority || !self.scheme.is_empty() && !self.path.is_empty() {
                out.extend_from_slice(b"//");
                if let Some(user) = &self.user {
                    out.extend_from_slice(&user.text());
                    out.push(b'@');
                }
                escape(&mut out, &self.host, Part::Host);
            }
            if !self.path.is_empty() && !self.path.starts_with(b"/") && !self.host.is_empty() {
                out.push(b'/');
            }
            let segment = cut(&self.path, b'/').map_or(&self.path[..], |(segment, _)| segment);
            if out.is_empty() && segment.contains(&b':') {
                out.extend_from_slice(b"./");
            }
            if self.path == b"*" {
                out.push(b'*');
            } else {
                escape(&mut out, &self.path, Part::Path);
            }
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            escape(&mut out, &self.fragment, Part::Fragment);
        }
        out
    }
}
