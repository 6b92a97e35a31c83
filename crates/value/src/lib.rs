//! The values of charts and templates: immutable [`Data`], and [`Value`] with the behaviour of Go's values.
//!
//! Two kinds of values stand side by side, because they live differently:
//!
//! - [`Data`] is an immutable tree shared by `Arc`: chart defaults, user values, rendered documents, plans and
//!   records. It is `Send + Sync`, it reads and writes serde formats, and a clone costs a counter.
//! - [`Value`] is what a template computes with during one run: maps and slices alias as Go's do (a `set` through
//!   one name is seen through every other), numbers keep their Go kind, and strings are bytes. It is counted
//!   without atomics, is `!Send`, and never leaves the call that renders.
//!
//! A [`Value`] starts as a view of a [`Data`]: [`Value::from`] copies nothing but what a template touches.
//!
//! ```
//! use pintle_value::{Data, Value};
//!
//! let data: Data = [("replicas", Data::from(2_i64)), ("name", Data::from("web"))].into_iter().collect();
//! assert_eq!(data.get("name").and_then(Data::as_str), Some("web"));
//!
//! let value = Value::from(&data);
//! let map = value.as_map().expect("a map stays a map");
//! map.insert("name", Value::from("db")); // the run's copy changes …
//! assert_eq!(data.get("name").and_then(Data::as_str), Some("web")); // … the data does not
//! ```

mod convert;
mod data;
mod drop;
mod equal;
mod float;
mod go_type;
mod json;
mod list;
mod map;
mod number;
mod object;
mod origin;
mod pointer;
mod print;
mod quote;
mod sequence;
mod text;
mod unicode;
mod unicode_tables;
mod value;
mod value_path;
mod walk;

pub use data::{Data, DataList, DataMap};
pub use equal::{deep_equal, deep_equal_counted};
pub use float::{FloatBits, FloatFormat, append_float};
pub use go_type::{Kind, MapMethods, Type, types};
pub use json::{Json, JsonError};
pub use list::{Items, List};
pub use map::Map;
pub use number::Number;
pub use object::{MethodError, Object, Underlying};
pub use origin::Origin;
pub use pointer::{pointer_key, pointer_token};
pub use print::{print, printed};
pub use quote::{Quote, append_quoted, append_quoted_rune, can_backquote, quoted};
pub use sequence::Sequence;
pub use text::{Str, lossy};
pub use unicode::{decode_rune, is_digit, is_letter, is_print, rune_count};
pub use value::Value;
pub use value_path::{Step, ValuePath};
pub use walk::{Event, MAX_DEPTH, WalkError, walk};
