//! Chart, values and capabilities in; documents, hooks, CRDs and notes out, each with the template line it came from.

mod capabilities;
mod command;
mod compiled;
mod document;
mod error;
mod explain;
mod explanation;
mod field_place;
mod files;
mod glob;
mod go_struct;
mod head;
mod hook;
mod input;
mod kind_order;
pub mod lint;
mod manifest;
mod output_folder;
mod post_renderer;
mod release_name;
mod render;
mod rendered;
mod scope;
mod shared_text;
mod split;
mod trace;
mod values_methods;
mod witness;
mod yaml_text;

pub use capabilities::{Capabilities, KubeVersion};
pub use command::{
    Explanations, HookOutput, TemplateError, TemplateOptions, TemplateOutput, check_installable, show_only,
    template,
};
pub use compiled::CompiledChart;
pub use document::Document;
pub use error::{Class, Hidden, RenderError};
pub use explain::DocumentRef;
pub use explanation::{Excerpt, Explanation, NamedValue, Role};
pub use head::Head;
pub use hook::{
    HOOK_ANNOTATION, HOOK_DELETE_ANNOTATION, HOOK_OUTPUT_LOG_ANNOTATION, HOOK_WEIGHT_ANNOTATION, Hook,
    HookEvent,
};
pub use input::{LiveLookup, Mode, NameResolver, Notes, Operation, RenderInput, SchemaCheck};
pub use kind_order::{INSTALL_ORDER, UNINSTALL_ORDER, compare_kinds};
pub use output_folder::{OutputFolder, Piece};
pub use pintle_template::Limits;
pub use post_renderer::{PostDocument, PostRenderStrategy, PostRenderer, StreamPostRenderer};
pub use release_name::name_from_template;
pub use rendered::{Crds, Rendered};
pub use shared_text::SharedText;
pub use split::split_manifests;
pub use witness::Witness;
