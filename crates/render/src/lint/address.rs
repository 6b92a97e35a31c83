//! Whether a text is an e-mail address or a URL, by the rules that Helm's linter has for maintainers and sources
//! (`asaskevich/govalidator`: `IsEmail`, `IsURL`, `IsRequestURL`).

/// Whether this is an e-mail address: a dotted name or a quoted text, `@`, and a domain of at least two parts.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    is_local(local) && is_domain(domain)
}

fn is_local(local: &str) -> bool {
    if let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return inner.chars().all(|letter| !matches!(letter, '"' | '\\' | '\r' | '\n'));
    }
    let atom = |letter: char| {
        letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter) || is_beyond_ascii(letter)
    };
    local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

/// At least two labels; the last one begins and ends with a letter.
fn is_domain(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let labels: Vec<&str> = domain.split('.').collect();
    let Some((last, before)) = labels.split_last() else { return false };
    let letter = |letter: char| letter.is_ascii_alphabetic() || is_beyond_ascii(letter);
    let word = |label: &str, edge: &dyn Fn(char) -> bool| {
        let inner = label.chars().all(|c| letter(c) || c.is_ascii_digit() || matches!(c, '-' | '_' | '~'));
        inner && label.chars().next().is_some_and(edge) && label.chars().last().is_some_and(edge)
    };
    let edge = |c: char| letter(c) || c.is_ascii_digit();
    !before.is_empty() && before.iter().all(|label| word(label, &edge)) && word(last, &letter)
}

fn is_beyond_ascii(letter: char) -> bool {
    matches!(letter, '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
}

/// Whether this is the address of something in the web, with or without a scheme.
pub(super) fn is_url(text: &str) -> bool {
    const MOST: usize = 2_083;
    if text.chars().count() >= MOST || text.len() <= 3 || text.starts_with('.') || has_control(text) {
        return false;
    }
    let rest = match text.split_once("://") {
        None => text,
        Some(("ftp" | "tcp" | "udp" | "ws" | "wss" | "http" | "https", rest)) => rest,
        Some(_) => return false,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if path.contains(char::is_whitespace) || !has_valid_escapes(path) {
        return false;
    }
    let host = match authority.rsplit_once('@') {
        Some((user, _)) if user.is_empty() || user.contains(char::is_whitespace) => return false,
        Some((_, host)) => host,
        None => authority,
    };
    let host = match host.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(']') || host.starts_with('[') => {
            let number = !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
            if !number {
                return false;
            }
            host
        }
        _ => host,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        let word = |c: char| c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c);
        label.chars().all(|c| word(c) || matches!(c, '-' | '_'))
            && label.chars().next().is_some_and(word)
            && label.chars().last().is_some_and(word)
    };
    // A path alone is an address only where it could be a file's.
    host.split('.').all(label)
}

/// Whether this is an absolute address as a client would send it (Go: `net/url`, `ParseRequestURI` with a scheme).
pub(super) fn is_request_url(text: &str) -> bool {
    if has_control(text) {
        return false;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.chars();
    if !letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        || !letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
    {
        return false;
    }
    let Some(behind) = rest.strip_prefix("//") else {
        // What does not begin with a slash is opaque and looked at no further.
        return !rest.starts_with('/') || has_valid_escapes(rest);
    };
    let end = behind.find(['/', '?']).unwrap_or(behind.len());
    let (authority, path) = behind.split_at(end);
    let path = path.split('?').next().unwrap_or(path);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = match host.rsplit_once(']') {
        Some((_, port)) => port.strip_prefix(':').unwrap_or(port),
        None => host.split_once(':').map_or("", |(_, port)| port),
    };
    has_valid_escapes(path)
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && !host.chars().any(|letter| " <>\"\\^`{|}#%".contains(letter))
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < b' ' || byte == 0x7f)
}

fn has_valid_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|behind| {
        let mut digits = behind.bytes();
        digits.next().is_some_and(|b| b.is_ascii_hexdigit())
            && digits.next().is_some_and(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_others() {
        for good in ["a@b.cd", "first.last+x@sub.example.com", "\"a b\"@example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["a", "a@b", "a@b.1", "@b.cd", "a b@c.de", ".a@b.cd"] {
            assert!(!is_email(bad), "{bad}");
        }
        for good in
            ["https://example.com/a?b#c", "example.com", "http://localhost:8080", "https://u:p@example.com"]
        {
            assert!(is_url(good), "{good}");
        }
        for bad in ["", "a b.c", "gopher://example.com", "http://", "http://-a.b", "https://example.com:port"]
        {
            assert!(!is_url(bad), "{bad}");
        }
        for good in ["https://example.com", "oci://a/b", "mailto:a@b", "file:///a", "https://a/b c"] {
            assert!(is_request_url(good), "{good}");
        }
        for bad in ["", "example.com", "/a", "http://a b", "https://a:x", "https://a/%zz", "1a://b"] {
            assert!(!is_request_url(bad), "{bad}");
        }
    }
}
