//! `pintle template --dry-run=server`: what an install would make of a chart in the cluster, without making it
//! (Helm: `pkg/cmd/template.go`, `--validate`).

use std::io::Write as _;

use pintle::release::{Hook, HookEvent};
use pintle::{Chart, Crds, NameReuse};

use super::{Context, options};
use crate::arguments::{Switch, TemplateArguments};
use crate::progress::say;
use crate::{Failure, user_values};

pub(super) async fn run(
    context: &mut Context<'_>,
    arguments: &TemplateArguments,
    name: Option<String>,
    chart: &Chart,
) -> Result<(), Failure> {
    for (given, flag) in [
        (Switch::is_on(arguments.is_upgrade), "--is-upgrade"),
        (arguments.output_dir.is_some(), "--output-dir"),
        (!arguments.show_only.is_empty(), "--show-only"),
    ] {
        if given {
            return Err(Failure::new(format!("the flag {flag} is not supported with --dry-run=server yet")));
        }
    }
    let values = user_values::read(&arguments.values).await?;
    let (target, namespace) = context.cluster().await?;
    let crds = chart.crds();
    if !crds.is_empty() && !Switch::is_on(arguments.skip_crds) {
        let text =
            "This chart or one of its subcharts contains CRDs. Rendering may fail or contain inaccuracies.";
        say(&format!("level=WARN msg=\"{text}\""));
    }
    let release = target.release(name.unwrap_or_else(|| "release-name".to_owned())).in_namespace(namespace);
    let plan = release
        .plan_install(chart)
        .values(values)
        .name_reuse(NameReuse::Ignore)
        .crds(Crds::Skip)
        .schema_validation(options::schema(arguments.render.skip_schema_validation))
        .await
        .map_err(Failure::from)?;
    for warning in plan.warnings() {
        say(warning);
    }
    let record = plan.record();
    let mut text = Vec::new();
    if Switch::is_on(arguments.include_crds) {
        for crd in &crds {
            write!(text, "---\n# Source: {}\n{}\n", crd.path, String::from_utf8_lossy(&crd.file.data))?;
        }
    }
    write!(text, "{}", record.manifest)?;
    writeln!(context.out, "{}", String::from_utf8_lossy(&text).trim())?;
    if !Switch::is_on(arguments.no_hooks) {
        let skip_tests = Switch::is_on(arguments.skip_tests);
        let shown = record.hooks.iter().filter(|hook| !(skip_tests && is_test(hook)));
        for hook in shown {
            write!(context.out, "---\n# Source: {}\n{}\n", hook.path, hook.manifest)?;
        }
    }
    Ok(())
}

fn is_test(hook: &Hook) -> bool {
    hook.events.contains(&HookEvent::Test)
}
