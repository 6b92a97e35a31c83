//! The functions and the object that `tests/gotemplate` gives to templates, made again.

use std::any::Any;
use std::sync::Arc;

use pintle_template::{Call, CallError, Function, Functions};
use pintle_value::{
    Data, Kind, List, Map, MethodError, Number, Object, Sequence, Str, Type, Value, printed, types,
};

const LIMIT: usize = 1 << 20;

/// Parameter types; a `static`, because the types are.
macro_rules! params {
    ($($name:ident),*) => {{
        static PARAMS: &[&Type] = &[$(&types::$name),*];
        PARAMS
    }};
}

static STRUCT: Type = Type::plain("main.Thing", Kind::Struct);
static POINTER: Type = Type::pointer("*main.Thing", &STRUCT);
static FUNC: Type = Type::plain("func(string, int) string", Kind::Func);
static SEQ: Type = Type::plain("func(func(int) bool)", Kind::Func);
static SEQ2: Type = Type::plain("func(func(string, int) bool)", Kind::Func);

#[derive(Debug)]
struct Thing {
    nil: bool,
}

impl Object for Thing {
    fn go_type(&self) -> &'static Type {
        &POINTER
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "Name" => Value::from("n"),
            "Any" => Value::Int(1),
            "Map" => {
                let map = Map::typed(&types::STRING_MAP);
                map.insert("k", Value::from("v"));
                Value::Map(map)
            }
            "Nil" => Value::object(Self { nil: true }),
            _ => return None,
        })
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        Some(match name {
            "Hello" | "Panics" | "Self" | "String" => (params!(), false),
            "Join" => (params!(STRING, STRING), true),
            "Add" => (params!(INT, INT), false),
            "Fails" => (params!(STRING), false),
            "Takes" => (params!(FLOAT64, UINT8, BOOL, ANY), false),
            _ => return None,
        })
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, MethodError> {
        Ok(match (name, args) {
            ("Hello", _) => Value::from("hello"),
            ("Join", [sep, parts @ ..]) => {
                let parts: Vec<String> = parts.iter().map(text).collect();
                Value::from(parts.join(&text(sep)))
            }
            ("Add", [Value::Int(a), Value::Int(b)]) => Value::Int(a + b),
            ("Fails", [why]) => return Err(MethodError::Message(Str::from(text(why)))),
            ("Panics", _) => return Err(MethodError::Panic(Str::from("method panicked"))),
            ("Self", _) => Value::object(Self { nil: self.nil }),
            ("String", _) => Value::from(self.print()),
            ("Takes", args) => Value::String(pintle_template::sprint(args, LIMIT).unwrap()),
            _ => return Err(MethodError::Panic(Str::from("bad call"))),
        })
    }

    fn print(&self) -> Str {
        Str::from(if self.nil { "<nil>" } else { "thing(n)" })
    }

    fn to_data(&self) -> Data {
        Data::Null
    }

    fn is_true(&self) -> bool {
        !self.nil
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A function that is a value.
#[derive(Debug)]
struct Func {
    go_type: &'static Type,
    count: i64,
}

impl Object for Func {
    fn go_type(&self) -> &'static Type {
        self.go_type
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        (name.is_empty() && self.go_type == &FUNC).then_some((params!(STRING, INT), false))
    }

    fn call(&self, _name: &str, args: &[Value]) -> Result<Value, MethodError> {
        match args {
            [Value::String(s), Value::Int(n)] if *n >= 0 => {
                Ok(Value::from(s.to_string().repeat(usize::try_from(*n).unwrap())))
            }
            _ => Err(MethodError::Panic(Str::from("strings: negative Repeat count"))),
        }
    }

    fn sequence(&self) -> Option<Sequence> {
        if self.go_type == &SEQ {
            Some(Sequence::of((0..self.count).map(Value::Int)))
        } else if self.go_type == &SEQ2 {
            Some(Sequence::of_pairs((0..self.count).map(|i| (Value::from(format!("k{i}")), Value::Int(i)))))
        } else {
            None
        }
    }

    fn print(&self) -> Str {
        Str::from("0x1")
    }

    fn to_data(&self) -> Data {
        Data::Null
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn text(value: &Value) -> String {
    printed(value, LIMIT).unwrap().to_string()
}

fn int(args: &[Value]) -> i64 {
    match args {
        [Value::Int(int), ..] => *int,
        other => panic!("not an int: {other:?}"),
    }
}

/// The functions by name.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as the Go functions do")]
pub(crate) fn functions() -> Functions {
    type Params = &'static [&'static Type];
    let mut functions = Functions::new();
    let mut add = |name: &str,
                   params: Params,
                   variadic: bool,
                   code: fn(&mut dyn Call, &[Value]) -> Result<Value, CallError>| {
        functions.insert(name, Function { params, variadic, handler: Arc::new(code) });
    };
    let string = params!(STRING);
    let int_ = params!(INT);
    let any = params!(ANY);
    let none: Params = &[];
    add("list", any, true, |_, args| Ok(Value::List(List::new(args.to_vec()))));
    add("strings", string, true, |_, args| Ok(Value::List(List::typed(&types::STRING_SLICE, args.to_vec()))));
    add("dict", any, true, |_, args| {
        let map = Map::new();
        for pair in args.chunks_exact(2) {
            map.insert(Str::from(text(&pair[0])), pair[1].clone());
        }
        Ok(Value::Map(map))
    });
    add("strdict", string, true, |_, args| {
        let map = Map::typed(&types::STRING_MAP);
        for pair in args.chunks_exact(2) {
            map.insert(Str::from(text(&pair[0])), pair[1].clone());
        }
        Ok(Value::Map(map))
    });
    add("set", params!(ANY_MAP, STRING, ANY), false, |_, args| {
        let map = args[0].as_map().unwrap();
        map.insert(args[1].as_str().unwrap().clone(), args[2].clone());
        Ok(args[0].clone())
    });
    add("upper", string, false, |_, args| Ok(Value::from(text(&args[0]).to_uppercase())));
    add("fail", string, false, |_, args| Err(CallError::new(text(&args[0]))));
    add("panics", string, false, |_, args| Err(CallError::panic(text(&args[0]))));
    add("panicse", string, false, |_, args| Err(CallError::panic(text(&args[0]))));
    add("null", none, false, |_, _| Ok(Value::Nil));
    add("nilmap", none, false, |_, _| Ok(Value::Map(Map::nil(&types::ANY_MAP))));
    add("nillist", none, false, |_, _| Ok(Value::List(List::nil(&types::ANY_SLICE))));
    add("bytes", string, false, |_, args| {
        let bytes = args[0].as_str().unwrap().iter().map(|byte| Value::Number(Number::Uint8(*byte)));
        Ok(Value::List(List::typed(&types::BYTES, bytes.collect())))
    });
    add("i8", int_, false, |_, args| Ok(Value::Number(Number::Int8(int(args) as i8))));
    add("i16", int_, false, |_, args| Ok(Value::Number(Number::Int16(int(args) as i16))));
    add("i32", int_, false, |_, args| Ok(Value::Number(Number::Int32(int(args) as i32))));
    add("i64", int_, false, |_, args| Ok(Value::Number(Number::Int64(int(args)))));
    add("u", int_, false, |_, args| Ok(Value::Number(Number::Uint(int(args) as u64))));
    add("u8", int_, false, |_, args| Ok(Value::Number(Number::Uint8(int(args) as u8))));
    add("u16", int_, false, |_, args| Ok(Value::Number(Number::Uint16(int(args) as u16))));
    add("u32", int_, false, |_, args| Ok(Value::Number(Number::Uint32(int(args) as u32))));
    add("u64", int_, false, |_, args| Ok(Value::Number(Number::Uint64(int(args) as u64))));
    add("f32", params!(FLOAT64), false, |_, args| match args {
        [Value::Float(float)] => Ok(Value::Number(Number::Float32(*float as f32))),
        other => panic!("not a float: {other:?}"),
    });
    for (name, params) in [
        ("any", any),
        ("int", int_),
        ("int8", params!(INT8)),
        ("int64", params!(INT64)),
        ("uint", params!(UINT)),
        ("uint8", params!(UINT8)),
        ("float", params!(FLOAT64)),
        ("float32", params!(FLOAT32)),
        ("complex", params!(COMPLEX128)),
        ("bool", params!(BOOL)),
    ] {
        add(name, params, false, |_, args| Ok(args[0].clone()));
    }
    add("map", params!(ANY_MAP), false, |_, args| {
        Ok(Value::Int(i64::try_from(args[0].as_map().unwrap().len()).unwrap()))
    });
    add("slice_", params!(ANY_SLICE), false, |_, args| {
        Ok(Value::Int(i64::try_from(args[0].as_list().unwrap().len()).unwrap()))
    });
    add("typeof", any, false, |_, args| {
        Ok(Value::from(args[0].go_type().map_or("<nil>", |go_type| go_type.name)))
    });
    add("mix", params!(STRING, INT, FLOAT64), true, |_, args| {
        let rest: Vec<String> = args[2..].iter().map(text).collect();
        Ok(Value::from(format!("{}{} [{}]", text(&args[0]), text(&args[1]), rest.join(" "))))
    });
    add("thing", none, false, |_, _| Ok(Value::object(Thing { nil: false })));
    add("nothing", none, false, |_, _| Ok(Value::object(Thing { nil: true })));
    add("seq", int_, false, |_, args| Ok(Value::object(Func { go_type: &SEQ, count: int(args) })));
    add("seq2", int_, false, |_, args| Ok(Value::object(Func { go_type: &SEQ2, count: int(args) })));
    add("func", none, false, |_, _| Ok(Value::object(Func { go_type: &FUNC, count: 0 })));
    add("include", params!(STRING, ANY), false, |call, args| {
        call.include(args[0].as_str().unwrap(), &args[1]).map(Value::String)
    });
    add("tpl", params!(STRING, ANY), false, |call, args| {
        call.tpl(args[0].as_str().unwrap(), &args[1]).map(Value::String)
    });
    functions
}
