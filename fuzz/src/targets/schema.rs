//! A chart's schema, and values to check by it, with a zero byte between them.

use pintle_chart::{Chart, File, Limits, validate_schema};
use pintle_value::{Data, DataMap, Str};

use crate::Target;
use crate::input::Input;

/// The target.
pub const TARGET: Target = Target { name: "schema", run, seeds, words: WORDS, max_len: 256 };

const WORDS: &[&str] = &[
    "\"type\":",
    "\"object\"",
    "\"properties\":{",
    "\"$ref\":\"#\"",
    "\"$ref\":\"#/$defs/a\"",
    "\"$defs\":{\"a\":",
    "\"items\":",
    "\"allOf\":[",
    "\"anyOf\":[",
    "\"oneOf\":[",
    "\"not\":",
    "\"if\":",
    "\"then\":",
    "\"else\":",
    "\"enum\":[",
    "\"const\":",
    "\"pattern\":\"a+\"",
    "\"format\":\"date-time\"",
    "\"minimum\":1",
    "\"multipleOf\":0.1",
    "\"maxLength\":3",
    "\"uniqueItems\":true",
    "\"required\":[\"a\"]",
    "\"additionalProperties\":false",
    "\"patternProperties\":{",
    "\"propertyNames\":",
    "\"dependentSchemas\":{",
    "\"unevaluatedProperties\":false",
    "\"$id\":\"http://a/b\"",
    "\"$anchor\":\"x\"",
    "\"$dynamicRef\":\"#x\"",
    "\"$dynamicAnchor\":\"x\"",
    "\"$schema\":\"http://json-schema.org/draft-07/schema#\"",
    "\"contains\":",
    "\"prefixItems\":[",
    "{",
    "}",
    "[",
    "]",
    ",",
    "true",
    "null",
    "\0",
];

fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::texts(&[
        r##"{"type":"object","properties":{"a":{"type":"integer","minimum":1},"b":{"$ref":"#/$defs/x"}},"$defs":{"x":{"enum":["y",1]}},"required":["a"]}"##,
        r#"{"allOf":[{"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]}}],"patternProperties":{"^x":{"format":"uri"}},"additionalProperties":false}"#,
        r##"{"$ref":"#","items":{"anyOf":[{"type":"string","pattern":"^a"},{"multipleOf":0.5}]},"uniqueItems":true}"##,
    ])
    .into_iter()
    .map(|seed| [&seed[..], b"\0{\"a\":1,\"b\":\"y\",\"x1\":[1,1],\"c\":{\"d\":null}}"].concat())
    .collect()
}

/// Checks values by a schema.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (schema, values) = (input.text(), input.rest());
    let files = vec![
        File::new("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        File::new("values.schema.json", schema),
    ];
    let Ok(chart) = Chart::from_files(files, &Limits::default()) else { return };
    let values: DataMap = serde_json::from_slice(values).unwrap_or_else(|_| {
        [("a", Data::Int(1)), ("b", Data::from("x"))]
            .map(|(name, data)| (Str::from(name), data))
            .into_iter()
            .collect()
    });
    if let Err(error) = validate_schema(&chart, &values) {
        assert!(!error.to_string().is_empty(), "an error has words");
    }
}
