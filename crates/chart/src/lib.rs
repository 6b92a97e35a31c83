//! The chart format: Chart.yaml, archives, ignore rules, values, dependencies, schema and packaging.
//!
//! A [`Chart`] is read once, from an archive, a directory or files in memory, and never changes afterwards. A clone
//! costs a counter, and any number of threads may use it at once.
//!
//! ```
//! use pintle_chart::{Chart, File, Limits};
//!
//! let files = vec![
//!     File::new("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.3\n"),
//!     File::new("values.yaml", "replicas: 1\n"),
//!     File::new("templates/pod.yaml", "kind: Pod\n"),
//! ];
//! let chart = Chart::from_files(files, &Limits::default())?;
//! assert_eq!(chart.metadata().name, "web");
//! assert_eq!(chart.templates().len(), 1);
//! # Ok::<(), pintle_chart::ChartError>(())
//! ```
//!
//! What a user sets for a chart is collected with [`ValuesBuilder`], and what a template sees in the end is made by
//! [`Chart::process_dependencies`] and [`coalesce_values`].

mod archive;
mod chart;
mod coalesce;
mod decode;
mod dependencies;
mod directory;
mod error;
mod file;
mod ignore;
mod limits;
mod load;
mod metadata;
mod node;
mod origins;
mod package;
mod path_pattern;
mod print;
mod record;
mod release_name;
#[cfg(feature = "schema")]
mod schema;
mod set_flags;
mod timestamp;
mod values;
mod values_file;
mod warning;

pub use chart::{Chart, ChartBuilder, CrdFile, Digest};
pub use coalesce::{coalesce_tables, coalesce_values};
pub use decode::ChartFile;
pub use dependencies::{Processed, Selection, is_compatible};
pub use error::{ChartError, Class, SchemaFault};
pub use file::File;
pub use ignore::{IgnoreRules, PathKind};
pub use limits::{Limits, Links};
pub use metadata::{Dependency, Lock, Maintainer, Metadata};
pub use origins::{Effect, Origins, Setter, ValueOrigin};
pub use package::Package;
pub use path_pattern::PathPattern;
pub use print::number_text;
pub use release_name::validate_release_name;
#[cfg(feature = "schema")]
pub use schema::{check_schema, has_schema, validate_schema};
pub use timestamp::Timestamp;
pub use values::{Values, ValuesBuilder};
pub use values_file::stream_documents;
pub use warning::{Level, Warning};
