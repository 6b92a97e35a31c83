//! JSON both ways: Helm's functions, and those of Sprig that it does not replace.

mod read;

use pintle_template::CallError;
use pintle_value::{Data, Json, JsonError, List, Map, Str, Value, types};

use crate::table::functions;

functions! {
    TABLE;
    pure {
        "toJson" (any) => |value: &Value| Json::new().text(value).unwrap_or_default();
        "mustToJson" (any) => |value: &Value| Json::new().text(value).map_err(panic);
        "toPrettyJson" (any) => |value: &Value| pretty().text(value).unwrap_or_default();
        "mustToPrettyJson" (any) => |value: &Value| pretty().text(value).map_err(message);
        "toRawJson" (any) => |value: &Value| Json::new().raw_html().text(value).map_err(panic);
        "mustToRawJson" (any) => |value: &Value| Json::new().raw_html().text(value).map_err(message);
        "fromJson" (string) => |text: &Str| object(text);
        "fromJsonArray" (string) => |text: &Str| array(text);
        "mustFromJson" (string) => |text: &Str| match read::read(text) {
            Ok(data) => Ok(Value::from(&data)),
            Err(error) => Err(CallError::new(error.text)),
        };
    }
    hosted {}
}

fn pretty() -> Json {
    Json::new().indent("  ")
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn message(error: JsonError) -> CallError {
    CallError::new(error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn panic(error: JsonError) -> CallError {
    CallError::panic(error.to_string())
}

/// Helm: `pkg/engine/funcs.go`, `fromJSON`: an error's text becomes the member `Error`.
fn object(text: &[u8]) -> Map {
    let with_error = |map: Map, text: &str| {
        map.insert("Error", Value::from(text));
        map
    };
    match read::read(text) {
        Ok(Data::Map(map)) => Map::view(map),
        Ok(Data::Null) => Map::nil(&types::ANY_MAP),
        Ok(other) => with_error(Map::new(), &mismatch(&other, types::ANY_MAP.name)),
        Err(error) => match error.decoded {
            Some(Data::Map(map)) => with_error(Map::view(map), &error.text),
            Some(other) => with_error(Map::new(), &mismatch(&other, types::ANY_MAP.name)),
            None => with_error(Map::new(), &error.text),
        },
    }
}

/// Helm: `pkg/engine/funcs.go`, `fromJSONArray`: an error's text becomes the only item.
fn array(text: &[u8]) -> List {
    let only = |text: &str| List::new(vec![Value::from(text)]);
    match read::read(text) {
        Ok(Data::List(list)) => List::from(&list),
        Ok(Data::Null) => List::nil(&types::ANY_SLICE),
        Ok(other) => only(&mismatch(&other, types::ANY_SLICE.name)),
        Err(error) => match error.decoded {
            Some(Data::List(_)) | None => only(&error.text),
            Some(other) => only(&mismatch(&other, types::ANY_SLICE.name)),
        },
    }
}

/// Go: `json.UnmarshalTypeError` of a whole document.
fn mismatch(data: &Data, wanted: &str) -> String {
    let kind = match data {
        Data::Null => "null",
        Data::Bool(_) => "bool",
        Data::Int(_) | Data::Float(_) => "number",
        Data::String(_) => "string",
        Data::List(_) => "array",
        Data::Map(_) => "object",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
}
