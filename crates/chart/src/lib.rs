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

mod chart;
mod decode;
mod error;
mod file;
mod limits;
mod load;
mod metadata;
mod quote;
mod record;
mod timestamp;
mod version;

pub use chart::{Chart, ChartBuilder, CrdFile, Digest, Warning};
pub use error::{ChartError, Class};
pub use file::File;
pub use limits::Limits;
pub use metadata::{Dependency, Lock, Maintainer, Metadata};
pub use timestamp::Timestamp;
