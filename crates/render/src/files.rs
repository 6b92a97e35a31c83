//! `.Files`: a chart's files in templates (Helm: `pkg/engine/files.go`).

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use pintle_chart::File;
use pintle_value::{Data, List, Map, MethodError, Number, Object, Str, Type, Value, types};

use crate::capabilities::ONE_STRING;
use crate::glob::Glob;

static FILES: Type = Type::map("engine.files", &types::STRING, &types::BYTES);

/// The files by name. In Go a map of byte slices with methods.
#[derive(Debug)]
pub(crate) struct Files(Rc<BTreeMap<Arc<str>, Arc<[u8]>>>);

impl Files {
    pub(crate) fn new(files: &[File]) -> Self {
        Self(Rc::new(files.iter().map(|file| (Arc::clone(&file.name), Arc::clone(&file.data))).collect()))
    }

    fn bytes(&self, name: &Value) -> &[u8] {
        name.as_str().and_then(Str::as_str).and_then(|name| self.0.get(name)).map_or(&[], |bytes| bytes)
    }

    fn glob(&self, pattern: &Value) -> Self {
        let pattern = pattern.as_str().map(|text| text.to_str_lossy().into_owned()).unwrap_or_default();
        let glob = Glob::new(&pattern);
        let matched = self.0.iter().filter(|(name, _)| glob.as_ref().is_none_or(|glob| glob.matches(name)));
        Self(Rc::new(matched.map(|(name, bytes)| (Arc::clone(name), Arc::clone(bytes))).collect()))
    }

    /// A YAML map of the files' base names, as `toYaml` writes it.
    fn yaml(&self, text: impl Fn(&[u8]) -> Str) -> Value {
        let members: BTreeMap<&str, &Arc<[u8]>> =
            self.0.iter().map(|(name, bytes)| (name.rsplit('/').next().unwrap_or(name), bytes)).collect();
        let map: Map = members.into_iter().map(|(name, bytes)| (name, Value::String(text(bytes)))).collect();
        crate::yaml_text::to_yaml(&Value::Map(map))
    }

    fn lines(&self, name: &Value) -> List {
        let bytes = self.bytes(name);
        if bytes.is_empty() {
            return List::strings(std::iter::empty::<Str>());
        }
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        List::strings(bytes.split(|byte| *byte == b'\n').map(Str::from))
    }
}

/// A `[]byte`.
fn byte_list(bytes: &[u8]) -> Value {
    let items = bytes.iter().map(|byte| Value::Number(Number::Uint8(*byte))).collect();
    Value::List(List::typed(&types::BYTES, items))
}

impl Object for Files {
    fn go_type(&self) -> &'static Type {
        &FILES
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => Some((ONE_STRING, false)),
            "AsConfig" | "AsSecrets" => Some((&[], false)),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, MethodError> {
        let argument = args.first().unwrap_or(&Value::Nil);
        Ok(match name {
            "Get" => Value::from(self.bytes(argument)),
            "GetBytes" => byte_list(self.bytes(argument)),
            "Glob" => Value::object(self.glob(argument)),
            "Lines" => Value::List(self.lines(argument)),
            "AsConfig" => self.yaml(Str::from_bytes),
            "AsSecrets" => self.yaml(|bytes| {
                use base64::Engine as _;
                Str::from(base64::engine::general_purpose::STANDARD.encode(bytes))
            }),
            _ => return Err(MethodError::Panic(Str::from(format!("no method {name}")))),
        })
    }

    fn as_map(&self) -> Option<Map> {
        let map = Map::typed(&FILES);
        for (name, bytes) in &*self.0 {
            map.insert(&**name, byte_list(bytes));
        }
        Some(map)
    }

    fn print(&self) -> Str {
        let mut out = String::from("map[");
        for (index, (name, bytes)) in self.0.iter().enumerate() {
            let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
            out.push_str(if index > 0 { " " } else { "" });
            out.push_str(name);
            out.push_str(":[");
            out.push_str(&numbers.join(" "));
            out.push(']');
        }
        out.push(']');
        Str::from(out)
    }

    fn to_data(&self) -> Data {
        use base64::Engine as _;
        self.0
            .iter()
            .map(|(name, bytes)| {
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                (&**name, Data::from(text))
            })
            .collect()
    }

    fn is_true(&self) -> bool {
        !self.0.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
