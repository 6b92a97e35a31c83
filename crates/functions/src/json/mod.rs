//! JSON both ways: Helm's functions, and those of Sprig that it does not replace.

mod read;

use pintle_template::{Call, CallError};
use pintle_value::{Data, Json, JsonError, List, Map, Str, Value, WalkError, types};

pub use read::decode_json;

use crate::print;
use crate::table::functions;
use crate::yaml::spend_reading;

functions! {
    TABLE;
    pure {}
    hosted {
        "toJson" (any) => |call: &mut dyn Call, value: &Value| {
            Ok::<_, CallError>(written(call, value, Json::new())?.unwrap_or_default())
        };
        "mustToJson" (any) => |call: &mut dyn Call, value: &Value| {
            written(call, value, Json::new())?.map_err(panic)
        };
        "toPrettyJson" (any) => |call: &mut dyn Call, value: &Value| {
            Ok::<_, CallError>(written(call, value, pretty())?.unwrap_or_default())
        };
        "mustToPrettyJson" (any) => |call: &mut dyn Call, value: &Value| {
            written(call, value, pretty())?.map_err(message)
        };
        "toRawJson" (any) => |call: &mut dyn Call, value: &Value| {
            written(call, value, Json::new().raw_html())?.map_err(panic)
        };
        "mustToRawJson" (any) => |call: &mut dyn Call, value: &Value| {
            written(call, value, Json::new().raw_html())?.map_err(message)
        };
        "fromJson" (string) => |call: &mut dyn Call, text: &Str| spend_reading(call, text).map(|()| object(text));
        "fromJsonArray" (string) => |call: &mut dyn Call, text: &Str| {
            spend_reading(call, text).map(|()| array(text))
        };
        "mustFromJson" (string) => |call: &mut dyn Call, text: &Str| {
            spend_reading(call, text)?;
            match read::read(text) {
                Ok(data) => Ok(Value::from(&data)),
                Err(error) => Err(CallError::new(error.text)),
            }
        };
    }
}

/// The JSON, or Go's error, which Helm and Sprig swallow in places. A limit ends the run.
fn written(call: &mut dyn Call, value: &Value, form: Json) -> Result<Result<Vec<u8>, JsonError>, CallError> {
    match form.limit(call.longest()).text(value) {
        Err(JsonError::Walk(WalkError::TooLong)) => Err(print::too_long(call)),
        other => Ok(other),
    }
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
    let kind = data.json_kind();
    format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
}
