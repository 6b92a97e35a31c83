//! Names of releases that a template makes (`--name-template`).

use pintle_functions::{Helm, HelmHost};
use pintle_template::{Execution, Output, Templates};
use pintle_value::Value;

/// The name that a template makes, with the functions that charts have and no values
/// (Helm: `pkg/action/install.go`, `TemplateName`).
///
/// ```
/// assert_eq!(pintle_render::name_from_template("web-{{ upper \"a\" | lower }}").as_deref(), Ok("web-a"));
/// assert_eq!(
///     pintle_render::name_from_template("{{").unwrap_err(),
///     "template: name-template:1: unclosed action",
/// );
/// ```
///
/// # Errors
///
/// The text is Go's.
pub fn name_from_template(text: &str) -> Result<String, String> {
    let mut templates = Templates::new("name-template", Helm::functions());
    templates.parse("name-template", text).map_err(|error| error.to_string())?;
    let mut output = Output::new();
    let mut host = HelmHost::new();
    let program = templates.finish();
    program
        .execute("name-template", &Value::Nil, &mut output, &mut Execution::new(&mut host))
        .map_err(|error| error.to_string())?;
    Ok(pintle_value::lossy(output.as_bytes()).into_owned())
}
