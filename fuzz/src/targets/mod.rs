//! The targets' bodies.

pub mod archive;
pub mod chart;
pub mod dates;
pub mod execution;
pub mod expressions;
pub mod functions;
pub mod index;
pub mod json;
pub mod keys;
pub mod manifests;
pub mod patterns;
pub mod printf;
pub mod record;
pub mod regex;
mod run;
pub mod schema;
pub mod set_flags;
pub mod template;
pub mod toml;
pub mod versions;
pub mod yaml;
pub mod yaml_values;

use run::template_of;
