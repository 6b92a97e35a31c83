//! Formats of texts, as `santhosh-tekuri/jsonschema` v6 checks them (`format.go`).

use std::net::Ipv6Addr;

/// A format that schemas up to draft 7 ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    JsonPointer,
    RelativeJsonPointer,
    Uuid,
    Duration,
    Period,
    Ipv4,
    Ipv6,
    Hostname,
    Email,
    Date,
    Time,
    DateTime,
    Uri,
    Iri,
    UriReference,
    IriReference,
    UriTemplate,
    Semver,
    Regex,
}

const NAMES: [(&str, Format); 19] = [
    ("json-pointer", Format::JsonPointer),
    ("relative-json-pointer", Format::RelativeJsonPointer),
    ("uuid", Format::Uuid),
    ("duration", Format::Duration),
    ("period", Format::Period),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("hostname", Format::Hostname),
    ("email", Format::Email),
    ("date", Format::Date),
    ("time", Format::Time),
    ("date-time", Format::DateTime),
    ("uri", Format::Uri),
    ("iri", Format::Iri),
    ("uri-reference", Format::UriReference),
    ("iri-reference", Format::IriReference),
    ("uri-template", Format::UriTemplate),
    ("semver", Format::Semver),
    ("regex", Format::Regex),
];

type Checked = Result<(), String>;

fn no(message: &str) -> Checked {
    Err(message.to_owned())
}

impl Format {
    /// The format of this name; names that are not known ask for nothing.
    pub(super) fn of(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| *name)
    }

    /// Whether a text has the format; the error says why not.
    pub(super) fn check(self, text: &str) -> Checked {
        match self {
            Self::JsonPointer => json_pointer(text),
            Self::RelativeJsonPointer => relative_json_pointer(text),
            Self::Uuid => uuid(text),
            Self::Duration => duration(text),
            Self::Period => period(text),
            Self::Ipv4 => ipv4(text),
            Self::Ipv6 => ipv6(text),
            Self::Hostname => hostname(text),
            Self::Email => email(text),
            Self::Date => date(text),
            Self::Time => time(text),
            Self::DateTime => date_time(text),
            Self::Uri | Self::Iri => match address(text)? {
                Address::Absolute => Ok(()),
                Address::Relative => no("relative url"),
            },
            Self::UriReference | Self::IriReference => {
                if text.contains('\\') {
                    return no("contains \\");
                }
                address(text).map(|_| ())
            }
            Self::UriTemplate => address(text).map(|_| ()),
            Self::Semver => semver(text),
            Self::Regex => {
                pintle_functions::Regex::compile(text).map(|_| ()).map_err(|error| error.to_string())
            }
        }
    }
}

fn json_pointer(text: &str) -> Checked {
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with('/') {
        return no("not starting with /");
    }
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '~' && !matches!(letters.next(), Some('0' | '1')) {
            return no("~ must be followed by 0 or 1");
        }
    }
    Ok(())
}

fn relative_json_pointer(text: &str) -> Checked {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return no("must start with non-negative integer");
    }
    if digits > 1 && text.starts_with('0') {
        return no("starts with zero");
    }
    match text.get(digits..) {
        Some("#") | None => Ok(()),
        Some(rest) => json_pointer(rest),
    }
}

fn uuid(text: &str) -> Checked {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != GROUPS.len() {
        return no("must have 5 elements");
    }
    for (index, (group, length)) in groups.iter().zip(GROUPS).enumerate() {
        if group.len() != length {
            return Err(format!("element {} must be {length} characters long", index + 1));
        }
        if let Some(letter) = group.chars().find(|letter| !letter.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {letter:?}"));
        }
    }
    Ok(())
}

fn duration(text: &str) -> Checked {
    const UNITS: [&str; 2] = ["YMD", "HMS"];
    let Some(rest) = text.strip_prefix('P') else { return no("must start with P") };
    if rest.is_empty() {
        return no("nothing after P");
    }
    if let Some(weeks) = rest.strip_suffix('W') {
        return match weeks {
            "" => no("no number in week"),
            weeks if weeks.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
            _ => no("invalid week"),
        };
    }
    for (index, mut part) in rest.split('T').enumerate() {
        if index > 0 && part.is_empty() {
            return no("no time elements");
        }
        let Some(all) = UNITS.get(index) else { return no("more than one T") };
        let mut units = *all;
        while !part.is_empty() {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return no("missing number");
            }
            part = part.get(digits..).unwrap_or_default();
            let Some(unit) = part.chars().next() else { return no("missing unit") };
            let Some(place) = units.find(unit) else {
                return Err(if all.contains(unit) {
                    format!("unit {unit:?} out of order")
                } else {
                    format!("invalid unit {unit:?}")
                });
            };
            units = units.get(place + 1..).unwrap_or_default();
            part = part.get(unit.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(())
}

fn period(text: &str) -> Checked {
    let Some((start, end)) = text.split_once('/') else { return no("missing slash") };
    let either = |part: &str, side: &str| {
        if part.starts_with('P') {
            duration(part).map_err(|error| format!("invalid {side} duration: {error}"))
        } else {
            date_time(part).map_err(|error| format!("invalid {side} date-time: {error}"))
        }
    };
    either(start, "start")?;
    if start.starts_with('P') {
        return date_time(end).map_err(|error| format!("invalid end date-time: {error}"));
    }
    either(end, "end")
}

fn ipv4(text: &str) -> Checked {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return no("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return no("leading zeros");
        }
        match group.parse::<i64>() {
            Ok(0..=255) => {}
            Ok(_) => return no("decimal must be between 0 and 255"),
            Err(_) => {
                return Err(format!("strconv.Atoi: parsing {}: invalid syntax", pintle_value::quoted(group)));
            }
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Checked {
    if !text.contains(':') {
        return no("missing colon");
    }
    if text.contains('%') {
        return no("zone id is not a part of ipv6 address");
    }
    match text.parse::<Ipv6Addr>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("ParseAddr({}): unable to parse IP", pintle_value::quoted(text))),
    }
}

fn hostname(text: &str) -> Checked {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return no("more than 253 characters long");
    }
    for label in text.split('.') {
        if label.is_empty() || label.len() > 63 {
            return no("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return no("label starts with hyphen");
        }
        if label.ends_with('-') {
            return no("label ends with hyphen");
        }
        if let Some(letter) = label.chars().find(|letter| !letter.is_ascii_alphanumeric() && *letter != '-') {
            return Err(format!("invalid character {letter:?}"));
        }
    }
    Ok(())
}

fn email(text: &str) -> Checked {
    if text.len() > 254 {
        return no("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return no("missing @") };
    if local.len() > 64 {
        return no("local part more than 64 characters long");
    }
    if local.len() > 1 && local.starts_with('"') && local.ends_with('"') {
        let inner = local.get(1..local.len() - 1).unwrap_or_default();
        if inner.contains(['\\', '"']) {
            return no("backslash and quote are not allowed within quoted local part");
        }
    } else {
        if local.starts_with('.') {
            return no("starts with dot");
        }
        if local.ends_with('.') {
            return no("ends with dot");
        }
        if local.contains("..") {
            return no("consecutive dots");
        }
        let allowed =
            |letter: char| letter.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(letter);
        if let Some(letter) = local.chars().find(|letter| !allowed(*letter)) {
            return Err(format!("invalid character {letter:?}"));
        }
    }
    if let Some(inner) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match inner.strip_prefix("IPv6:") {
            Some(rest) => ipv6(rest).map_err(|error| format!("invalid ipv6 address: {error}")),
            None => ipv4(inner).map_err(|error| format!("invalid ipv4 address: {error}")),
        };
    }
    hostname(domain).map_err(|error| format!("invalid domain: {error}"))
}

fn date(text: &str) -> Checked {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let layout = pintle_value::quoted("2006-01-02");
    let quoted = pintle_value::quoted(text);
    if !shape {
        return Err(format!("parsing time {quoted} as {layout}: cannot parse {quoted} as \"2006\""));
    }
    if text.parse::<jiff::civil::Date>().is_ok() {
        Ok(())
    } else {
        let month: u32 = text.get(5..7).and_then(|part| part.parse().ok()).unwrap_or(0);
        let part = if (1..=12).contains(&month) { "day" } else { "month" };
        Err(format!("parsing time {quoted}: {part} out of range"))
    }
}

fn time(text: &str) -> Checked {
    if text.len() < 9 {
        return no("less than 9 characters long");
    }
    let bytes = text.as_bytes();
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') || !text.is_ascii() {
        return no("missing colon in correct place");
    }
    let number = |from: usize| text.get(from..from + 2).and_then(|part| part.parse::<i32>().ok());
    let (Some(hour), Some(minute), Some(second)) = (number(0), number(3), number(6)) else {
        return no("invalid hour/min/sec");
    };
    if hour > 23 || minute > 59 || second > 60 {
        return no("hour/min/sec out of range");
    }
    let mut rest = text.get(8..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return no("no digits in second fraction");
        }
        rest = fraction.get(digits..).unwrap_or_default();
    }
    let mut minutes = hour * 60 + minute;
    if rest != "z" && rest != "Z" {
        if rest.len() != 6 {
            return no("offset must be 6 characters long");
        }
        let sign = match rest.as_bytes().first() {
            Some(b'+') => -1,
            Some(b'-') => 1,
            _ => return no("offset must begin with plus/minus"),
        };
        let Some((hours, offset)) = rest.get(1..).and_then(|rest| rest.split_once(':')) else {
            return no("missing colon in offset in correct place");
        };
        let (Ok(hours), Ok(offset)) = (hours.parse::<i32>(), offset.parse::<i32>()) else {
            return no("invalid hour/min in offset");
        };
        if !(0..=23).contains(&hours) || !(0..=59).contains(&offset) {
            return no("hour/min in offset out of range");
        }
        minutes = (minutes + sign * (hours * 60 + offset)).rem_euclid(24 * 60);
    }
    if second >= 60 && minutes != 23 * 60 + 59 {
        return no("invalid leap second");
    }
    Ok(())
}

fn date_time(text: &str) -> Checked {
    if text.len() < 20 {
        return no("less than 20 characters long");
    }
    if !matches!(text.as_bytes().get(10), Some(b't' | b'T')) {
        return no("11th character must be t or T");
    }
    date(text.get(..10).unwrap_or_default()).map_err(|error| format!("invalid date element: {error}"))?;
    time(text.get(11..).unwrap_or_default()).map_err(|error| format!("invalid time element: {error}"))
}

enum Address {
    Absolute,
    Relative,
}

/// The faults that Go's `url.Parse` finds.
fn address(text: &str) -> Result<Address, String> {
    let failed = |reason: &str| Err(format!("parse {}: {reason}", pintle_value::quoted(text)));
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return failed("net/url: invalid control character in URL");
    }
    let scheme_end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && !"+-.".contains(letter));
    let absolute = match scheme_end {
        Some(0) if text.starts_with(':') => return failed("missing protocol scheme"),
        Some(end) => {
            text.get(end..).is_some_and(|rest| rest.starts_with(':'))
                && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        }
        None => false,
    };
    if !absolute && text.split('/').next().is_some_and(|first| first.contains(':') && !first.contains('?')) {
        return failed("first path segment in URL cannot contain colon");
    }
    let mut rest = text;
    while let Some(place) = rest.find('%') {
        let hex = rest.get(place + 1..place + 3);
        if !hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            let shown = rest.get(place..).unwrap_or_default();
            let shown: String = shown.chars().take(3).collect();
            return failed(&format!("invalid URL escape {}", pintle_value::quoted(shown)));
        }
        rest = rest.get(place + 3..).unwrap_or_default();
    }
    if let Some((_, behind)) = text.split_once("://") {
        let host = behind.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        if host.contains(' ') {
            return failed("invalid character \" \" in host name");
        }
        if let Some((name, port)) = host.rsplit_once(':')
            && !host.ends_with(']')
        {
            if !port.bytes().all(|byte| byte.is_ascii_digit()) {
                return failed(&format!(
                    "invalid port {} after host",
                    pintle_value::quoted(format!(":{port}"))
                ));
            }
            if name.contains(':') && !name.starts_with('[') {
                return no("ipv6 address not enclosed in brackets").map(|()| Address::Absolute);
            }
        }
    }
    Ok(if absolute { Address::Absolute } else { Address::Relative })
}

fn semver(text: &str) -> Checked {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let identifier =
        |part: &str| part.chars().find(|letter| !letter.is_ascii_alphanumeric() && *letter != '-');
    if let Some(build) = build {
        if build.is_empty() {
            return no("build is empty");
        }
        for part in build.split('.') {
            if part.is_empty() {
                return no("build identifier is empty");
            }
            if let Some(letter) = identifier(part) {
                return Err(format!("invalid character {letter:?} in build identifier"));
            }
        }
    }
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    for part in pre.iter().flat_map(|pre| pre.split('.')) {
        if part.is_empty() {
            return no("pre-release identifier is empty");
        }
        if let Some(letter) = identifier(part) {
            return Err(format!("invalid character {letter:?} in pre-release identifier"));
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return no("pre-release numeric identifier starts with zero");
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return no("versionCore must have 3 numbers separated by dot");
    }
    for (number, name) in numbers.iter().zip(["major", "minor", "patch"]) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}
