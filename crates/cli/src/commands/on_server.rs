//! `pintle template --dry-run=server`: what an install would make of a chart in the cluster, without making it
//! (Helm: `pkg/cmd/template.go`, `--validate`).

use pintle::release::{Hook, HookEvent, Record};
use pintle::render::{Operation, OutputFolder, Piece, show_only, split_manifests};
use pintle::{Chart, Crds, Error, NameReuse, Ownership};

use super::{Context, options};
use crate::arguments::{Switch, TemplateArguments};
use crate::progress::say;
use crate::{Failure, user_values};

/// Plans an install under this name, and prints what it would make, or writes it into the folder.
pub(super) async fn run(
    context: &mut Context<'_>,
    arguments: &TemplateArguments,
    name: String,
    chart: &Chart,
    folder: Option<OutputFolder>,
) -> Result<(), Failure> {
    let values = user_values::read(&arguments.values).await?;
    let (target, namespace) = context.cluster().await?;
    if !chart.crds().is_empty() && !Switch::is_on(arguments.skip_crds) {
        let text =
            "This chart or one of its subcharts contains CRDs. Rendering may fail or contain inaccuracies.";
        say(&format!("level=WARN msg=\"{text}\""));
    }
    let mut plan = target
        .release(name)
        .in_namespace(namespace)
        .plan_install(chart)
        .values(values)
        .name_reuse(NameReuse::Ignore)
        .crds(Crds::Skip)
        .schema_validation(options::schema(arguments.render.skip_schema_validation));
    if Switch::is_on(arguments.is_upgrade) {
        // The objects of an upgrade are there already.
        plan = plan.operation(Operation::Upgrade).ownership(Ownership::Take);
    }
    let plan = plan.await.map_err(failure)?;
    for warning in plan.warnings() {
        say(warning);
    }
    let shown = Shown::of(plan.record(), chart, arguments);
    let text = match (folder, arguments.show_only.first()) {
        (None, None) => shown.text(),
        (None, Some(_)) => show_only(&shown.text(), &arguments.show_only).map_err(Failure::new)?,
        (Some(folder), pattern) => {
            let mut printed = String::new();
            let written = folder.write_pieces(shown.crds(), shown.documents(), shown.hooks(), &mut printed);
            context.out.write_all(printed.as_bytes())?;
            written.map_err(Failure::new)?;
            if let Some(pattern) = pattern {
                // Nothing is left to be shown.
                return Err(Failure::new(format!("could not find template {pattern} in chart")));
            }
            "\n".to_owned()
        }
    };
    context.out.write_all(text.as_bytes())?;
    Ok(())
}

/// What is shown of a release.
struct Shown<'a> {
    /// Paths and texts of CRDs.
    crds: Vec<(String, String)>,
    manifest: &'a str,
    hooks: Vec<&'a Hook>,
}

impl<'a> Shown<'a> {
    fn of(record: &'a Record, chart: &Chart, arguments: &TemplateArguments) -> Self {
        let crds = if Switch::is_on(arguments.include_crds) { chart.crds() } else { Vec::new() };
        let hooks = if Switch::is_on(arguments.no_hooks) { &[] } else { record.hooks.as_slice() };
        let tests = !Switch::is_on(arguments.skip_tests);
        Self {
            crds: crds
                .into_iter()
                .map(|crd| (crd.path, String::from_utf8_lossy(&crd.file.data).into_owned()))
                .collect(),
            manifest: &record.manifest,
            hooks: hooks.iter().filter(|hook| tests || !hook.runs_at(HookEvent::Test)).collect(),
        }
    }

    fn crds(&self) -> impl Iterator<Item = Piece<'_>> {
        self.crds.iter().map(|(source, text)| Piece { source, text })
    }

    /// The documents of the manifest, each of which begins with its file.
    fn documents(&self) -> impl Iterator<Item = Piece<'_>> {
        split_manifests(self.manifest).into_iter().filter_map(|(_, document)| {
            let (source, text) = document.strip_prefix("# Source: ")?.split_once('\n')?;
            Some(Piece { source, text: text.strip_suffix('\n').unwrap_or(text) })
        })
    }

    fn hooks(&self) -> impl Iterator<Item = Piece<'_>> {
        self.hooks.iter().map(|hook| Piece { source: &hook.path, text: &hook.manifest })
    }

    /// All of it as Helm prints it.
    fn text(&self) -> String {
        let crds: String = self.crds().map(|crd| crd.to_string()).collect();
        let hooks: String = self.hooks().map(|hook| hook.to_string()).collect();
        format!("{}\n{hooks}", format!("{crds}{}", self.manifest).trim())
    }
}

/// Like [`Failure::from`], and where a template failed it points at `--debug`, as Helm does.
fn failure(error: Error) -> Failure {
    if !matches!(&error, Error::Render(unrendered) if unrendered.error.while_rendering()) {
        return error.into();
    }
    let explanation = error.explanation().cloned().map(Box::new);
    Failure::new(format!("{error}\n\nUse --debug flag to render out invalid YAML")).explained(explanation)
}
