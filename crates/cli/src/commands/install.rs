//! `pintle install` (Helm: `pkg/cmd/install.go`).

use std::time::{SystemTime, UNIX_EPOCH};

use pintle::chart::Values;
use pintle::release::Record;
use pintle::render::PostRenderStrategy;
use pintle::{Chart, Error, Merging, NameReuse, Plan, PlanInstall, ReleaseHandle};

use super::approval::{self, Approval};
use super::{Context, options};
use crate::arguments::{
    DryRun, InstallArguments, LiveRenderFlags, NameFlags, OutputFormat, RunFlags, Switch,
};
use crate::print::{self, Shown};
use crate::progress::{Progress, say};
use crate::{Failure, cancel, source, user_values};

pub(super) async fn run(context: &mut Context<'_>, arguments: &InstallArguments) -> Result<(), Failure> {
    install(context, arguments).await.map_err(|failure| failure.within("INSTALLATION FAILED"))
}

async fn install(context: &mut Context<'_>, arguments: &InstallArguments) -> Result<(), Failure> {
    let (name, reference) = name_and_chart(&arguments.name)?;
    let Some(name) = name else {
        return Err(Failure::new("must either provide a name or specify --generate-name"));
    };
    let chart = source::chart(&reference, &arguments.chart, context.global).await?;
    let values = user_values::read(&arguments.values).await?;
    check_name(&name)?;
    deprecation(&chart);
    let (target, namespace) = context.cluster().await?;
    let release = target.release(name).in_namespace(namespace);
    let sensitive = user_values::sensitive(&arguments.values).await?;
    let plan = plan(&release, &chart, &values, arguments)?.sensitive(sensitive);
    let record = carry_out(plan.await.map_err(name_in_use)?, &arguments.live, &arguments.run).await?;
    show(context, &record, arguments.output, arguments.hide_notes)
}

/// Helm says where it found out (Helm: `pkg/action/install.go`, `availableName`).
fn name_in_use(error: Error) -> Failure {
    match error {
        Error::NameInUse { .. } => Failure::from(error).within("release name check failed"),
        error => error.into(),
    }
}

/// Runs a plan and gives the release's record, or the one that the release would have.
pub(super) async fn carry_out(
    plan: Plan,
    live: &LiveRenderFlags,
    flags: &RunFlags,
) -> Result<Record, Failure> {
    let approval = Approval::of(&flags.plan)?;
    if flags.dry_run == DryRun::None {
        for warning in plan.report().warnings {
            say(&warning);
        }
    } else {
        // Helm prints what would be recorded; what would be done is for people.
        say(plan.report().to_string().trim_end());
        let mut record = plan.record().clone();
        "Dry run complete".clone_into(&mut record.info.description);
        if Switch::is_on(live.hide_secret) {
            record.manifest = print::without_secrets(&record.manifest);
        }
        return Ok(record);
    }
    let cancel = cancel::on_signal(plan.release().name());
    let progress = Progress::new(format_args!("{} {}", plan.action(), plan.release().name()));
    let ended = approval::run(plan, approval, &progress, &cancel).await;
    progress.finish();
    Ok(ended?.record)
}

/// Prints a release that was installed or upgraded.
pub(super) fn show(
    context: &mut Context<'_>,
    record: &Record,
    format: OutputFormat,
    hide_notes: Option<Switch>,
) -> Result<(), Failure> {
    let computed = if context.debug() { Some(pintle::computed_values(record)?) } else { None };
    let shown = Shown {
        notes: !Switch::is_on(hide_notes),
        computed: computed.as_ref(),
        ..Shown::short(context.palette)
    };
    print::release(context.out, record, format, &shown)
}

pub(super) fn plan(
    release: &ReleaseHandle,
    chart: &Chart,
    values: &Values,
    arguments: &InstallArguments,
) -> Result<PlanInstall, Failure> {
    options::hide_secret(&arguments.live, arguments.run.dry_run)?;
    let client = arguments.server_side.is_some() && !Switch::is_on(arguments.server_side);
    let mut plan = release
        .plan_install(chart)
        .values(values.clone())
        .schema_validation(options::schema(arguments.render.skip_schema_validation))
        .subchart_notes(options::subchart_notes(arguments.render.render_subchart_notes))
        .hooks(options::hooks(arguments.run.no_hooks))
        .timeout(arguments.run.timeout.0)
        .wait(options::wait(arguments.run.wait, arguments.run.wait_for_jobs))
        .conflicts(options::conflicts(arguments.run.force_conflicts))
        .immutable(options::immutable(arguments.run.on_immutable))
        .detail(options::detail(arguments.run.dry_run))
        .merging(if client { Merging::Client } else { Merging::Server })
        .updates(options::updates(&arguments.run)?)
        .on_failure(options::on_failure(arguments.rollback_on_failure))
        .ownership(options::ownership(arguments.take_ownership))
        .crds(options::crds(arguments.skip_crds))
        .labels(options::labels(&arguments.labels)?)
        .create_namespace(options::create_namespace(arguments.create_namespace))
        .name_reuse(if Switch::is_on(arguments.replace) { NameReuse::Replace } else { NameReuse::Refuse });
    if let Some(post_renderer) = options::post_renderer(&arguments.live) {
        plan = plan.post_renderer(post_renderer, PostRenderStrategy::Combined);
    }
    if let Some(resolver) = options::resolver(&arguments.live) {
        plan = plan.resolver(resolver);
    }
    Ok(match &arguments.description {
        Some(description) => plan.description(description),
        None => plan,
    })
}

/// Refuses a name that is none of a release (Helm: `pkg/action/install.go`, `availableName`).
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let Err(reason) = pintle::chart::validate_release_name(name) else { return Ok(()) };
    let reason = format!("release name {name:?}: {reason}");
    say(&format!("level=ERROR msg=\"release name check failed\" error={reason:?}"));
    Err(Failure::new(reason).within("release name check failed"))
}

/// Warns of a chart that nobody maintains any more.
pub(super) fn deprecation(chart: &Chart) {
    if chart.metadata().deprecated {
        say("level=WARN msg=\"this chart is deprecated\"");
    }
    for warning in chart.warnings() {
        say(&warning.to_string());
    }
}

/// The release's name, where one is given or can be made, and the chart
/// (Helm: `pkg/action/install.go`, `NameAndChart`).
pub(super) fn name_and_chart(flags: &NameFlags) -> Result<(Option<String>, String), Failure> {
    match flags.name_and_chart.as_slice() {
        [chart] => {
            let name = match &flags.name_template {
                Some(template) if !template.is_empty() => {
                    Some(pintle::render::name_from_template(template).map_err(Failure::new)?)
                }
                _ if Switch::is_on(flags.generate_name) => Some(generated(chart)),
                _ => None,
            };
            Ok((name, chart.clone()))
        }
        [name, chart] => {
            if Switch::is_on(flags.generate_name) {
                return Err(Failure::new("cannot set --generate-name and also specify a name"));
            }
            if flags.name_template.as_ref().is_some_and(|template| !template.is_empty()) {
                return Err(Failure::new("cannot set --name-template and also specify a name"));
            }
            Ok((Some(name.clone()), chart.clone()))
        }
        [_, _, extra @ ..] => {
            let extra = extra.join(", ");
            Err(Failure::new(format!("expected at most two arguments, unexpected arguments: {extra}")))
        }
        [] => Err(Failure::new("the chart is missing")),
    }
}

fn generated(chart: &str) -> String {
    let base = chart.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let base = if base.is_empty() || base == "." { "chart" } else { base };
    let base = base.split('.').next().unwrap_or(base);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{base}-{}", now.as_secs())
}
