//! `.Files`: a chart's files in templates (Helm: `pkg/engine/files.go`).

use std::any::Any;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use pintle_chart::File;
use pintle_value::{Data, List, Map, MethodError, Object, Str, Type, Value, types};

use crate::capabilities::ONE_STRING;
use crate::glob::Glob;

static FILES: Type = Type::map("engine.files", &types::STRING, &types::BYTES);

/// The files by name. In Go a map of byte slices with methods.
#[derive(Debug)]
pub(crate) struct Files {
    by_name: BTreeMap<Arc<str>, Arc<[u8]>>,
    /// The same as a map, where it was asked for.
    map: OnceCell<Map>,
}

impl Files {
    pub(crate) fn new(files: &[File]) -> Self {
        files.iter().map(|file| (Arc::clone(&file.name), Arc::clone(&file.data))).collect()
    }

    /// The bytes of a file; none where there is no such file.
    fn shared(&self, name: &Value) -> Arc<[u8]> {
        let name = name.as_str().and_then(Str::as_str);
        name.and_then(|name| self.by_name.get(name)).map(Arc::clone).unwrap_or_default()
    }

    fn bytes(&self, name: &Value) -> &[u8] {
        name.as_str().and_then(Str::as_str).and_then(|name| self.by_name.get(name)).map_or(&[], |bytes| bytes)
    }

    fn glob(&self, pattern: &Value) -> Self {
        let pattern = pattern.as_str().map(|text| text.to_str_lossy().into_owned()).unwrap_or_default();
        let glob = Glob::new(&pattern);
        let matched =
            self.by_name.iter().filter(|(name, _)| glob.as_ref().is_none_or(|glob| glob.matches(name)));
        matched.map(|(name, bytes)| (Arc::clone(name), Arc::clone(bytes))).collect()
    }

    /// A YAML map of the files' base names, as `toYaml` writes it.
    fn yaml(&self, text: impl Fn(&[u8]) -> Str) -> Value {
        let members: BTreeMap<&str, &Arc<[u8]>> = self
            .by_name
            .iter()
            .map(|(name, bytes)| (name.rsplit('/').next().unwrap_or(name), bytes))
            .collect();
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

impl FromIterator<(Arc<str>, Arc<[u8]>)> for Files {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Arc<[u8]>)>>(files: I) -> Self {
        Self { by_name: files.into_iter().collect(), map: OnceCell::new() }
    }
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
            "Get" => Value::String(Str::from(self.shared(argument))),
            "GetBytes" => Value::List(List::bytes(self.shared(argument))),
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
        let map = self.map.get_or_init(|| {
            let members = self.by_name.iter();
            let members = members.map(|(name, bytes)| (&**name, Value::List(List::bytes(Arc::clone(bytes)))));
            members.collect()
        });
        // A copy each time: what is written to it is not written to the chart.
        Some(map.entries().into_iter().collect::<Map>().converted(&FILES))
    }

    fn print(&self) -> Str {
        let mut out = String::from("map[");
        for (index, (name, bytes)) in self.by_name.iter().enumerate() {
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
        self.by_name
            .iter()
            .map(|(name, bytes)| {
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                (&**name, Data::from(text))
            })
            .collect()
    }

    fn is_true(&self) -> bool {
        !self.by_name.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
