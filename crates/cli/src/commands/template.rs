//! `pintle template` (Helm: `pkg/cmd/template.go`).

use std::io::{BufWriter, Write as _};

use pintle::render::{
    CompiledChart, Crds, Explanations, HookOutput, KubeVersion, Operation, OutputFolder, SchemaCheck,
    TemplateOptions, template,
};

use super::install::{check_name, name_and_chart};
use super::{Context, on_server};
use crate::arguments::{DryRun, Switch, TemplateArguments};
use crate::progress::say;
use crate::{Failure, client, source, user_values};

pub(super) async fn run(context: &mut Context<'_>, arguments: &TemplateArguments) -> Result<(), Failure> {
    let place = place(arguments)?;
    if let Some(version) = &arguments.kube_version {
        KubeVersion::parse(version)
            .map_err(|error| Failure::new(format!("invalid kube version '{version}': {error}")))?;
    }
    let (name, reference) = name_and_chart(&arguments.name)?;
    let chart = source::chart(&reference, &arguments.chart, context.global).await?;
    let folder = arguments.output_dir.as_ref().map(|folder| {
        let folder = OutputFolder::new(folder);
        if Switch::is_on(arguments.release_name) {
            folder.within_release(name.as_deref().unwrap_or(NAME))
        } else {
            folder
        }
    });
    if place == DryRun::Server {
        let name = name.unwrap_or_else(|| NAME.to_owned());
        return on_server::run(context, arguments, name, &chart, folder).await;
    }
    let mut options = TemplateOptions::default();
    options.namespace = client::offline_namespace(context.global);
    options.values = user_values::read(&arguments.values).await?;
    if let Some(name) = name {
        check_name(&name)?;
        options.name = name;
    }
    options.kube_version = arguments.kube_version.clone();
    options.api_versions = arguments.api_versions.clone();
    options.show_only = arguments.show_only.clone();
    if Switch::is_on(arguments.include_crds) {
        options.crds = Crds::Include;
    }
    if Switch::is_on(arguments.no_hooks) {
        options.hooks = HookOutput::None;
    } else if Switch::is_on(arguments.skip_tests) {
        options.hooks = HookOutput::WithoutTests;
    }
    if Switch::is_on(arguments.is_upgrade) {
        options.operation = Operation::Upgrade;
    }
    if Switch::is_on(arguments.render.skip_schema_validation) {
        options.schema = SchemaCheck::Skip;
    }
    if context.global.explain.is_on() {
        options.explanations = Explanations::Make;
    }
    options.output = folder;
    // On this thread: nothing else goes on meanwhile.
    let chart = CompiledChart::new(chart);
    let rendered = template(&chart, &options);
    let warnings = match &rendered {
        Ok(output) => &output.warnings,
        Err(error) => &error.warnings,
    };
    for warning in warnings {
        say(&warning.to_string());
    }
    let output = match rendered {
        Ok(output) => output,
        Err(error) => {
            context.out.write_all(error.printed.as_bytes())?;
            return Err(Failure::new(error.to_string()).explained(error.explanation));
        }
    };
    let mut out = BufWriter::with_capacity(OUTPUT_BUFFER, &mut *context.out);
    output.write_to(&mut out)?;
    out.flush()?;
    drop(out);
    // The program ends now: giving back the memory of a large chart piece by piece would be for nothing.
    std::mem::forget((chart, output));
    Ok(())
}

/// The release's name where none is given.
const NAME: &str = "release-name";

/// Where the chart is rendered (Helm: `cmdGetDryRunFlagStrategy`; cobra: `MarkFlagsMutuallyExclusive`).
fn place(arguments: &TemplateArguments) -> Result<DryRun, Failure> {
    if arguments.validate.is_some() {
        say("Flag --validate has been deprecated, use '--dry-run=server' instead");
        if arguments.dry_run.is_some() {
            return Err(Failure::new(
                "if any flags in the group [validate dry-run] are set none of the others can be; [dry-run validate] \
                 were all set",
            ));
        }
        if Switch::is_on(arguments.validate) {
            return Ok(DryRun::Server);
        }
    }
    match arguments.dry_run.unwrap_or(DryRun::Client) {
        DryRun::None => {
            Err(Failure::new("invalid dry-run value (\"none\"). Must be \"server\" or \"client\""))
        }
        place => Ok(place),
    }
}

/// Large enough that few system calls are made, small enough not to show in the memory used.
const OUTPUT_BUFFER: usize = 64 << 10;
