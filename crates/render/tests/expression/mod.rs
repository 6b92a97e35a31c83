//! Renders a template as the notes of a chart: notes are printed as they are. For tests and chores.

use pintle_chart::{Chart, File};
use pintle_render::{Capabilities, CompiledChart, KubeVersion, RenderInput};

/// The file that the recorded templates were.
const RECORDED: &str = "c/templates/t.yaml";
/// The file that they are here.
const HERE: &str = "c/templates/NOTES.txt";

/// Which of two files' definitions counts depends on the files' names, which differ here.
const DEPENDS_ON_THE_NAME: &str = "define \"hello\"";

/// What the template prints in this chart, or the error. Notes are text, so bytes that are no UTF-8 stand as U+FFFD.
pub(crate) fn render(chart: &Chart, template: &str) -> Result<String, String> {
    render_with(chart, template, |input| input)
}

/// The same with something else in the input, such as a stopped clock.
pub(crate) fn render_with(
    chart: &Chart,
    template: &str,
    with: impl FnOnce(RenderInput) -> RenderInput,
) -> Result<String, String> {
    let mut templates = chart.templates().to_vec();
    templates.push(File::new("templates/NOTES.txt", template));
    let chart = CompiledChart::new(chart.to_builder().templates(templates).build());
    let capabilities = Capabilities::offline().with_kube_version(KubeVersion::parse("v1.34.0")?);
    let input = with(RenderInput::new("rel", "ns").capabilities(capabilities));
    chart.render(&input).map(|rendered| rendered.notes).map_err(|error| error.to_string())
}

/// A text of the oracle with the name of the file that a template is here.
pub(crate) fn from_here(recorded: &str) -> String {
    recorded.replace(RECORDED, HERE)
}

/// Whether a template may differ here because it is another file.
pub(crate) fn depends_on_the_name(template: &str) -> bool {
    template.contains(DEPENDS_ON_THE_NAME)
}
