//! YAML as Helm reads and writes it: go-yaml's v2 and v3 flavours.
//!
//! Helm reads every file through `sigs.k8s.io/yaml`, which is go-yaml v2 with JSON behind it: YAML 1.1 with its
//! booleans (`yes`, `off`), numbers in four bases, dates that stay strings, merge keys, and numbers that all become
//! floats. It writes through the same library, and `toYamlPretty` through go-yaml v3. This crate reads and writes the
//! same bytes, and fails with the same messages.
//!
//! ```
//! use pintle_value::Data;
//! use pintle_yaml::{Flavour, Limits, emit_data, parse};
//!
//! let data = parse(b"image: {tag: 1.10, pull: yes}\nports: [80, 0x1BB]\n", &Limits::default())?;
//! assert_eq!(data.at(&["image", "tag"]), Some(&Data::Float(1.1)));
//! assert_eq!(emit_data(&data, Flavour::V2)?, "image:\n  pull: true\n  tag: 1.1\nports:\n- 80\n- 443\n");
//!
//! let error = parse(b"a: b\nc: d: e\n", &Limits::default()).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context",
//! );
//! # Ok::<(), pintle_yaml::Error>(())
//! ```
//!
//! For types of your own there is a front with the feel of `serde_yaml`: [`from_str`], [`from_slice`], [`to_string`].
//! Where a value stands in its file is kept by [`Document`].
//!
//! The reader takes any bytes: it never panics, keeps its own stack, and ends within its [`Limits`].

mod base64;
mod de;
mod decode;
mod direct;
mod document;
mod emit;
mod error;
mod go_syntax;
mod input;
mod limits;
mod node;
mod number;
mod parser;
mod read;
mod resolve;
mod scanner;
mod ser;
mod stream;
mod tag;
mod target;
mod timestamp;

pub use de::{from_slice, from_str, from_str_strict};
pub use document::Document;
pub use emit::{Emitter, Flavour, emit, emit_data, emit_value};
pub use error::{Error, ErrorKind, Position};
pub use limits::Limits;
pub use node::{Node, NodeKind, parse_spanned};
pub use read::{parse, parse_into, parse_into_strict, parse_list, parse_map, parse_strict, parse_typed};
pub use ser::to_string;
pub use stream::{Chunk, documents};
pub use target::Target;
