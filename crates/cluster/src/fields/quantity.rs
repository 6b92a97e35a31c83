//! Different spellings of one value, as the API server evens them out when it stores an object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_value::Data;

use super::FieldPath;

/// Below members of these names stand quantities (Kubernetes: `resource.Quantity` fields of the built-in kinds).
const QUANTITIES: [&str; 17] = [
    "limits",
    "requests",
    "capacity",
    "allocatable",
    "hard",
    "used",
    "sizeLimit",
    "divisor",
    "overhead",
    "podFixed",
    "default",
    "defaultRequest",
    "max",
    "min",
    "maxLimitRequestRatio",
    "averageValue",
    "targetAverageValue",
];

/// Whether two scalars are the same to the API server, at this place of a built-in kind or of any other.
pub(super) fn same(desired: &Data, live: &Data, path: &FieldPath, secret: bool) -> bool {
    if same_scalar(desired, live) {
        return true;
    }
    let below = |names: &[&str]| path.names().any(|name| names.contains(&name));
    if secret && path.names().next() == Some("data") {
        return match (bytes(desired), bytes(live)) {
            (Some(desired), Some(live)) => desired == live,
            _ => false,
        };
    }
    if below(&QUANTITIES) || path.names().last() == Some("value") && below(&["target"]) {
        return match (quantity(desired), quantity(live)) {
            (Some(desired), Some(live)) => desired == live,
            _ => false,
        };
    }
    false
}

/// Whether two scalars are equal, whatever kind of number they are.
pub(super) fn same_scalar(a: &Data, b: &Data) -> bool {
    match (a, b) {
        (Data::Int(_) | Data::Float(_), Data::Int(_) | Data::Float(_)) => {
            a == b || a.as_i64().is_some_and(|number| Some(number) == b.as_i64())
        }
        _ => a == b,
    }
}

/// What the server leaves out of a built-in kind: the zero value of its type.
pub(super) fn is_zero(data: &Data) -> bool {
    match data {
        Data::Null => true,
        Data::Bool(value) => !value,
        Data::Int(value) => *value == 0,
        Data::Float(_) => data.as_i64() == Some(0),
        Data::String(text) => text.is_empty(),
        Data::List(list) => list.is_empty(),
        Data::Map(map) => map.is_empty(),
    }
}

fn bytes(data: &Data) -> Option<Vec<u8>> {
    let text: String = data.as_str()?.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

/// A quantity in units of 10⁻⁹, rounded up as the server does (Kubernetes: `resource.Quantity`). `None` for what is
/// none, and for numbers past 10²⁰, which are then compared as texts.
fn quantity(data: &Data) -> Option<i128> {
    let text = match data {
        Data::String(text) => text.as_str()?.to_owned(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        _ => return None,
    };
    let split = text.find(|letter: char| !letter.is_ascii_digit() && !"+-.".contains(letter));
    let (number, suffix) = text.split_at(split.unwrap_or(text.len()));
    let (scale, binary) = match suffix {
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "" => (0, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "P" => (15, 0),
        "E" => (18, 0),
        "Ki" => (0, 10),
        "Mi" => (0, 20),
        "Gi" => (0, 30),
        "Ti" => (0, 40),
        "Pi" => (0, 50),
        "Ei" => (0, 60),
        _ => (suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let digits = digits.checked_mul(1_i128.checked_shl(binary)?)?;
    let exponent = scale.checked_add(9)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 {
        digits.checked_mul(power)
    } else {
        Some(digits.div_euclid(power) + i128::from(digits.rem_euclid(power) != 0))
    }
}
