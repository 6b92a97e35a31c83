//! The methods of `.Values` (Helm: `pkg/chart/common/values.go`).

use std::any::Any;
use std::rc::Rc;

use pintle_value::{Data, DataMap, Kind, Map, MapMethods, MethodError, Object, Str, Type, Value, types};
use pintle_yaml::{Flavour, emit_value};

use crate::capabilities::ONE_STRING;

/// Helm's type of `.Values`, of a template's dot and of `.Template`.
pub(crate) static VALUES: Type = Type::map("common.Values", &types::STRING, &types::ANY)
    .with_methods(MapMethods { names: &["AsMap", "Encode", "PathValue", "Table", "YAML"], object });

static WRITER: Type = Type::plain("io.Writer", Kind::Interface);

fn object(map: Map) -> Rc<dyn Object> {
    Rc::new(ValuesMethods(map))
}

/// `common.Values` as far as its methods go.
#[derive(Debug)]
struct ValuesMethods(Map);

impl ValuesMethods {
    /// The map at a path with dots; the error is Helm's `ErrNoTable`.
    fn table(&self, path: &str) -> Result<Map, MethodError> {
        let mut map = self.0.clone();
        for key in path.split('.') {
            map = if let Some(Value::Map(inner)) = map.get(key) {
                inner
            } else {
                let text = format!("{} is not a table", pintle_value::quoted(key));
                return Err(MethodError::Message(Str::from(text)));
            };
        }
        Ok(map.converted(&VALUES))
    }

    /// The value at a path with dots, unless it is a map; the error is Helm's `ErrNoValue`.
    fn path_value(&self, path: &str) -> Result<Value, MethodError> {
        let message = |text: String| MethodError::Message(Str::from(text));
        if path.is_empty() {
            return Err(message("YAML path cannot be empty".to_owned()));
        }
        let found = match path.rsplit_once('.') {
            None => self.0.get(path),
            Some((parent, key)) => self.table(parent).ok().and_then(|map| map.get(key)),
        };
        let key = path.rsplit('.').next().unwrap_or(path);
        found
            .filter(|value| !matches!(value, Value::Map(_)))
            .ok_or_else(|| message(format!("{} is not a value", pintle_value::quoted(key))))
    }
}

impl Object for ValuesMethods {
    fn go_type(&self) -> &'static Type {
        &VALUES
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        match name {
            "AsMap" | "YAML" => Some((&[], false)),
            "PathValue" | "Table" => Some((ONE_STRING, false)),
            // No template has a writer to pass, so it is never called.
            "Encode" => Some((const { &[&WRITER] }, false)),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, MethodError> {
        let path = args.first().and_then(Value::as_str).map(|text| text.to_str_lossy().into_owned());
        let path = path.unwrap_or_default();
        Ok(match name {
            "AsMap" if self.0.is_empty() => Value::Map(Map::new()),
            "AsMap" => Value::Map(self.0.converted(&types::ANY_MAP)),
            "Table" => Value::Map(self.table(&path)?),
            "PathValue" => self.path_value(&path)?,
            _ => {
                let text = emit_value(&Value::Map(self.0.clone()), Flavour::V2);
                Value::from(text.map_err(|error| MethodError::Message(Str::from(error.to_string())))?)
            }
        })
    }

    fn as_map(&self) -> Option<Map> {
        Some(self.0.clone())
    }

    fn print(&self) -> Str {
        Str::from(format!("{:?}", self.0))
    }

    fn to_data(&self) -> Data {
        Value::Map(self.0.clone()).to_data().unwrap_or_else(|_| Data::Map(DataMap::default()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
