//! Damaged templates, rendered by the real Helm's engine and by this one.

use std::process::ExitCode;

use pintle_chart::{Chart, File, Limits};
use pintle_render::{Capabilities, CompiledChart, KubeVersion, RenderInput};
use pintle_testkit::fixtures;

use crate::record::expressions;

/// The file that the real engine renders a template as.
const THERE: &str = "c/templates/t.yaml";
/// The file that it is here: notes are printed as they are.
const HERE: &str = "c/templates/NOTES.txt";

/// How many differences are shown.
const SHOWN: usize = 40;

/// Fails where a template gives another output or another error than in Helm.
#[expect(clippy::print_stdout, reason = "a command line shows what it found")]
pub(super) fn run(seed: u32, count: usize) -> crate::Outcome {
    let answered = expressions::damaged(seed, count)?;
    let chart = Chart::from_path(fixtures::root().join("expressions/chart"), &Limits::default())?;
    let mut different = 0;
    for (template, theirs) in &answered {
        let theirs = match theirs {
            Ok(text) => Ok(text.replace(THERE, HERE)),
            Err(text) => Err(text.replace(THERE, HERE)),
        };
        let ours = render(&chart, template);
        if ours != theirs {
            different += 1;
            if different <= SHOWN {
                println!("{template:?}\n    helm   {theirs:?}\n    pintle {ours:?}");
            }
        }
    }
    println!("{} templates compared, {different} different", answered.len());
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn render(chart: &Chart, template: &str) -> Result<String, String> {
    let mut templates = chart.templates().to_vec();
    templates.push(File::new("templates/NOTES.txt", template));
    let chart = CompiledChart::new(chart.to_builder().templates(templates).build());
    let capabilities = Capabilities::offline().with_kube_version(KubeVersion::parse("v1.34.0")?);
    let input = RenderInput::new("rel", "ns").capabilities(capabilities);
    chart.render(&input).map(|rendered| rendered.notes).map_err(|error| error.to_string())
}
