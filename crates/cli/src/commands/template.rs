//! `pintle template` (Helm: `pkg/cmd/template.go`).

use std::io::{BufWriter, Write as _};

use pintle::render::{
    CompiledChart, Crds, HookOutput, KubeVersion, Operation, SchemaCheck, TemplateOptions, template,
};

use super::Context;
use super::install::{check_name, name_and_chart};
use crate::arguments::{DryRun, Switch, TemplateArguments};
use crate::progress::say;
use crate::{Failure, client, source, user_values};

pub(super) async fn run(context: &mut Context<'_>, arguments: &TemplateArguments) -> Result<(), Failure> {
    match arguments.dry_run {
        DryRun::Client => {}
        DryRun::Server => return Err(Failure::new("the flag --dry-run=server is not supported yet")),
        DryRun::None => {
            let reason = "invalid dry-run value (\"none\"). Must be \"server\" or \"client\"";
            return Err(Failure::new(reason));
        }
    }
    if let Some(version) = &arguments.kube_version {
        KubeVersion::parse(version)
            .map_err(|error| Failure::new(format!("invalid kube version '{version}': {error}")))?;
    }
    let (name, reference) = name_and_chart(&arguments.name)?;
    let chart = source::chart(&reference, &arguments.chart, context.global).await?;
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
    let output = rendered.map_err(|error| Failure::new(error.to_string()))?;
    let mut out = BufWriter::with_capacity(OUTPUT_BUFFER, &mut *context.out);
    output.write_to(&mut out)?;
    out.flush()?;
    drop(out);
    // The program ends now: giving back the memory of a large chart piece by piece would be for nothing.
    std::mem::forget((chart, output));
    Ok(())
}

/// Large enough that few system calls are made, small enough not to show in the memory used.
const OUTPUT_BUFFER: usize = 64 << 10;
