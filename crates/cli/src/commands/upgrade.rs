//! `pintle upgrade` (Helm: `pkg/cmd/upgrade.go`).

use pintle::chart::Values;
use pintle::render::PostRenderStrategy;
use pintle::{Action, Chart, PlanUpgrade, ReleaseHandle, ReuseValues};

use super::install::{carry_out, deprecation, show};
use super::{Context, options};
use crate::arguments::{OutputFormat, Switch, UpgradeArguments};
use crate::{Failure, source, user_values};

pub(super) async fn run(context: &mut Context<'_>, arguments: &UpgradeArguments) -> Result<(), Failure> {
    let name = &arguments.release.0;
    let chart = source::chart(&arguments.chart_reference, &arguments.chart, context.global).await?;
    let values = user_values::read(&arguments.values).await?;
    deprecation(&chart);
    let (target, namespace) = context.cluster().await?;
    let release = target.release(name).in_namespace(namespace);
    let failed = |failure: Failure| failure.within("UPGRADE FAILED");
    let sensitive = user_values::sensitive(&arguments.values).await?;
    let plan = plan(&release, &chart, &values, arguments)?.sensitive(sensitive);
    let plan = plan.await.map_err(|error| failed(error.into()))?;
    let installs = plan.action() == Action::Install;
    if installs && arguments.output == OutputFormat::Table {
        writeln!(context.out, "Release {name:?} does not exist. Installing it now.")?;
    }
    let ended = carry_out(plan, &arguments.live, &arguments.run).await;
    // Helm names no failed upgrade where it installed.
    let record = if installs { ended } else { ended.map_err(failed) }?;
    if !installs && arguments.output == OutputFormat::Table {
        writeln!(context.out, "Release {name:?} has been upgraded. Happy Helming!")?;
    }
    show(context, &record, arguments.output, arguments.hide_notes)
}

pub(super) fn plan(
    release: &ReleaseHandle,
    chart: &Chart,
    values: &Values,
    arguments: &UpgradeArguments,
) -> Result<PlanUpgrade, Failure> {
    options::hide_secret(&arguments.live, arguments.run.dry_run)?;
    let mut plan = release
        .plan_upgrade(chart)
        .values(values.clone())
        .reuse_values(reuse(arguments))
        .schema_validation(options::schema(arguments.render.skip_schema_validation))
        .subchart_notes(options::subchart_notes(arguments.render.render_subchart_notes))
        .hooks(options::hooks(arguments.run.no_hooks))
        .timeout(arguments.run.timeout.0)
        .pending_timeout(arguments.pending_timeout.0)
        .wait(options::wait(arguments.run.wait, arguments.run.wait_for_jobs))
        .conflicts(options::conflicts(arguments.run.force_conflicts))
        .immutable(options::immutable(arguments.run.on_immutable))
        .detail(options::detail(arguments.run.dry_run))
        .merging(options::merging(arguments.server_side))
        .updates(options::updates(&arguments.run)?)
        .cleanup(options::cleanup(arguments.cleanup_on_fail))
        .history_limit(options::history_limit(arguments.history_max))
        .on_failure(options::on_failure(arguments.rollback_on_failure))
        .ownership(options::ownership(arguments.take_ownership))
        .labels(options::labels(&arguments.labels)?);
    if let Some(post_renderer) = options::post_renderer(&arguments.live) {
        plan = plan.post_renderer(post_renderer, PostRenderStrategy::Combined);
    }
    if let Some(resolver) = options::resolver(&arguments.live) {
        plan = plan.resolver(resolver);
    }
    if let Some(description) = &arguments.description {
        plan = plan.description(description);
    }
    if Switch::is_on(arguments.install) {
        plan =
            plan.install_if_absent().create_namespace(options::create_namespace(arguments.create_namespace));
    }
    Ok(plan)
}

/// The first of the three flags wins (Helm: `pkg/action/upgrade.go`, `reuseValues`).
fn reuse(arguments: &UpgradeArguments) -> ReuseValues {
    if Switch::is_on(arguments.reset_values) {
        ReuseValues::Reset
    } else if Switch::is_on(arguments.reuse_values) {
        ReuseValues::Reuse
    } else if Switch::is_on(arguments.reset_then_reuse_values) {
        ReuseValues::ResetThenReuse
    } else {
        ReuseValues::WhenNoneGiven
    }
}
