//! Values as Go's `fmt` prints them, for warnings and errors.

use pintle_value::Value;

/// How many bytes of a value a warning shows.
const LIMIT: usize = 1 << 20;

/// What `%v` prints for a value of a chart.
pub(crate) fn print(value: &Value) -> String {
    pintle_value::printed(value, LIMIT)
        .map_or_else(|_| "…".to_owned(), |text| text.to_str_lossy().into_owned())
}

/// What `%t` prints for a value that may be no boolean.
pub(crate) fn print_bool(value: &Value) -> String {
    match value {
        Value::Nil => "%!t(<nil>)".to_owned(),
        other => print_bool_within(other),
    }
}

/// The same for a value, or one in a list or a map, where `nil` is an interface that holds nothing and prints without
/// the verb (Go: `fmt`, `printValue`).
fn print_bool_within(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::List(list) => {
            let items: Vec<String> = list.items().iter().map(print_bool_within).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => {
            let members: Vec<String> = map
                .entries()
                .iter()
                .map(|(key, value)| format!("%!t(string={key}):{}", print_bool_within(value)))
                .collect();
            format!("map[{}]", members.join(" "))
        }
        other => format!("%!t({}={})", other.go_type().map_or("<nil>", |go_type| go_type.name), print(other)),
    }
}

/// A number of a YAML file as the text that Go makes of it where it wants one, given as a float: whole ones without a
/// point, others as 32-bit floats (`sigs.k8s.io/yaml`, convertToJSONableObject).
pub fn number_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1.8e19 {
        return format!("{value:.0}");
    }
    float_text(value)
}

/// Go: `strconv.FormatFloat(value, 'g', -1, 32)`.
#[expect(clippy::cast_possible_truncation, reason = "Go formats with 32 bits here")]
fn float_text(value: f64) -> String {
    let short = value as f32;
    let scientific = format!("{short:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{short}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
