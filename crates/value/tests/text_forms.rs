//! Printing, JSON and conversion of values, as Go does them.

use pintle_value::{
    Data, FloatBits, FloatFormat, Json, JsonError, List, Map, Value, WalkError, append_float, deep_equal,
    printed, types,
};

fn sample() -> Value {
    let inner: Map = [("z", Value::Nil), ("y", Value::Float(1e6))].into_iter().collect();
    let list = List::new(vec![Value::Int(-1), Value::from("a<b>"), Value::Bool(true), Value::Nil]);
    let map: Map =
        [("m", Value::Map(inner)), ("l", Value::List(list)), ("f", Value::Float(0.1))].into_iter().collect();
    Value::Map(map)
}

#[test]
fn prints_as_go() {
    assert_eq!(
        printed(&sample(), 1000),
        Ok("map[f:0.1 l:[-1 a<b> true <nil>] m:map[y:1e+06 z:<nil>]]".into())
    );
    assert_eq!(printed(&sample(), 10), Err(WalkError::TooLong));
    for (float, text) in
        [(1e20, "1e+20"), (123_456.0, "123456"), (1_234_567.0, "1.234567e+06"), (-0.0, "-0"), (1e-5, "1e-05")]
    {
        assert_eq!(printed(&Value::Float(float), 100), Ok(text.into()));
    }
}

#[test]
fn writes_json_as_go() {
    let compact = Json::new().text(&sample()).unwrap();
    assert_eq!(
        String::from_utf8(compact).unwrap(),
        r#"{"f":0.1,"l":[-1,"a\u003cb\u003e",true,null],"m":{"y":1000000,"z":null}}"#
    );
    let indented = Json::new().raw_html().indent("  ").text(&sample()).unwrap();
    assert_eq!(
        String::from_utf8(indented).unwrap(),
        "{\n  \"f\": 0.1,\n  \"l\": [\n    -1,\n    \"a<b>\",\n    true,\n    null\n  ],\n  \"m\": {\n    \"y\": 1000000,\n    \"z\": null\n  }\n}"
    );
    let cases: [(Value, &str); 9] = [
        (Value::from(&b"\xff\x00\x7f\t\xe2\x80\xa8"[..]), "\"\u{FFFD}\\u0000\x7f\\t\\u2028\""),
        (Value::Float(1e21), "1e+21"),
        (Value::Float(1e-7), "1e-7"),
        (Value::Float(123_456_789.0), "123456789"),
        (Value::List(List::new(vec![])), "[]"),
        (Value::List(List::nil(&types::ANY_SLICE)), "null"),
        (Value::Map(Map::new()), "{}"),
        (Value::Map(Map::nil(&types::ANY_MAP)), "null"),
        (Value::List(List::new(vec![Value::Map(Map::new()), Value::List(List::new(vec![]))])), "[{},[]]"),
    ];
    for (value, text) in cases {
        assert_eq!(String::from_utf8(Json::new().text(&value).unwrap()).unwrap(), text);
    }
    let indented =
        Json::new().indent("  ").text(&Value::List(List::new(vec![Value::Map(Map::new())]))).unwrap();
    assert_eq!(indented, b"[\n  {}\n]");
    assert_eq!(
        Json::new().text(&Value::Float(f64::NAN)).unwrap_err().to_string(),
        "json: unsupported value: NaN"
    );
}

#[test]
fn a_value_that_holds_itself_is_an_error() {
    let map = Map::new();
    map.insert("self", Value::Map(map.clone()));
    let value = Value::Map(map.clone());
    assert!(matches!(printed(&value, usize::MAX), Err(WalkError::Cycle(_))));
    assert!(value.to_data().is_err());
    assert_eq!(
        Json::new().text(&value),
        Err(JsonError::Unsupported("encountered a cycle via map[string]interface {}".into()))
    );
    map.remove("self"); // or it would never be freed
}

#[test]
fn data_and_back() {
    let data: Data = serde_json::from_str(r#"{"a":[1,{"b":null}],"c":"x"}"#).unwrap();
    let value = Value::from(&data);
    assert_eq!(value.to_data(), Ok(data.clone()));
    let map = value.as_map().unwrap();
    map.get("a").unwrap().as_list().unwrap().set(0, Value::from("changed"));
    assert_eq!(value.to_data().unwrap().pointer("/a/0").and_then(Data::as_str), Some("changed"));
    assert_eq!(data.pointer("/a/0").and_then(Data::as_i64), Some(1));
    assert!(deep_equal(&Value::from(&data), &Value::from(&data)));
    assert!(!deep_equal(&Value::from(&data), &value));
}

#[test]
fn floats_in_all_forms() {
    let write = |value, format, precision| {
        let mut out = Vec::new();
        append_float(&mut out, value, format, precision, FloatBits::Double);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(write(1.5, FloatFormat::Fixed, Some(0)), "2");
    assert_eq!(write(2.5, FloatFormat::Fixed, Some(0)), "2");
    assert_eq!(write(1e300, FloatFormat::Fixed, None).len(), 301);
    assert_eq!(write(0.1, FloatFormat::Fixed, Some(2_000)).len(), 2_002);
    assert_eq!(write(1.0, FloatFormat::Hex, None), "0x1p+00");
    assert_eq!(write(1.0, FloatFormat::Binary, None), "4503599627370496p-52");
}
