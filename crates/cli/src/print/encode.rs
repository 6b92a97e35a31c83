//! JSON and YAML as Go writes them.

use std::io::{self, Write};

use pintle::value::{Data, Json};
use pintle::yaml::{Flavour, emit_data};
use serde::Serialize;
use serde_json::ser::Formatter;

use crate::Failure;

/// Writes JSON on one line, as Go's `json.Encoder` does.
pub(crate) fn json(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Failure> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, GoFormatter))?;
    Ok(writeln!(out)?)
}

/// Writes YAML, as `sigs.k8s.io/yaml.Marshal` does: by way of JSON, with sorted keys.
pub(crate) fn yaml(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Failure> {
    let data: Data = serde_json::from_slice(&serde_json::to_vec(value)?)?;
    Ok(out.write_all(emit_data(&data, Flavour::V2)?.as_bytes())?)
}

/// Go's way with floats, and with the characters that would mean something within HTML (Go: `encoding/json`).
struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_f64<W: Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let text = Json::new().data_text(&Data::Float(value)).map_err(io::Error::other)?;
        writer.write_all(&text)
    }

    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut letters = tail.chars();
            let code = letters.next().map_or(0, u32::from);
            write!(writer, "\\u{code:04x}")?;
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(json_text: &str) -> (String, String) {
        let data: Data = serde_json::from_str(json_text).unwrap();
        let (mut as_json, mut as_yaml) = (Vec::new(), Vec::new());
        json(&mut as_json, &data).unwrap();
        yaml(&mut as_yaml, &data).unwrap();
        (String::from_utf8(as_json).unwrap(), String::from_utf8(as_yaml).unwrap())
    }

    #[test]
    fn text_is_written_as_go_writes_it() {
        let (json, yaml) = both(r#"{"b":"<a> & \u2028\n","a":[1,2.5,null,true]}"#);
        assert_eq!(json, "{\"a\":[1,2.5,null,true],\"b\":\"\\u003ca\\u003e \\u0026 \\u2028\\n\"}\n");
        assert_eq!(yaml, "a:\n- 1\n- 2.5\n- null\n- true\nb: \"<a> & \\L\\n\"\n");
    }
}
