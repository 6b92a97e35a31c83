//! `pintle diff`: what an action would do, and what the cluster has otherwise.

use pintle::{Chart, Detail, DriftRules, Plan};
use serde::Serialize;

use super::approval::{self, Approval};
use super::{Context, install, rollback, uninstall, upgrade};
use crate::arguments::{DiffCommand, DiffDriftArguments, DiffFlags, OutputFormat, PlanFlags, Switch};
use crate::print;
use crate::{Failure, source, user_values};

/// The exit code that says that something would change, or differs.
const CHANGES: u8 = 2;

pub(super) async fn run(context: &mut Context<'_>, command: &DiffCommand) -> Result<(), Failure> {
    match command {
        DiffCommand::Install(arguments) => {
            let action = &arguments.action;
            let (name, reference) = install::name_and_chart(&action.name)?;
            let name =
                name.ok_or_else(|| Failure::new("must either provide a name or specify --generate-name"))?;
            let chart = chart(context, &reference, &action.chart).await?;
            let values = user_values::read(&action.values).await?;
            let (target, namespace) = context.cluster().await?;
            let release = target.release(name).in_namespace(namespace);
            let plan = install::plan(&release, &chart, &values, action)?
                .detail(detail(&arguments.diff))
                .sensitive(user_values::sensitive(&action.values).await?);
            show(context, &plan.await?, &arguments.diff, &action.run.plan, action.output)
        }
        DiffCommand::Upgrade(arguments) => {
            let action = &arguments.action;
            let chart = chart(context, &action.chart_reference, &action.chart).await?;
            let values = user_values::read(&action.values).await?;
            let (target, namespace) = context.cluster().await?;
            let release = target.release(&action.release.0).in_namespace(namespace);
            let plan = upgrade::plan(&release, &chart, &values, action)?
                .detail(detail(&arguments.diff))
                .sensitive(user_values::sensitive(&action.values).await?);
            show(context, &plan.await?, &arguments.diff, &action.run.plan, action.output)
        }
        DiffCommand::Rollback(arguments) => {
            let action = &arguments.action;
            let (target, namespace) = context.cluster().await?;
            let release = target.release(&action.release.0).in_namespace(namespace);
            let plan = rollback::plan(&release, action)?.detail(detail(&arguments.diff));
            show(context, &plan.await?, &arguments.diff, &action.run.plan, arguments.output)
        }
        DiffCommand::Uninstall(arguments) => {
            let action = &arguments.action;
            let [name] = action.releases.as_slice() else {
                return Err(Failure::new("one release at a time can be shown"));
            };
            let (target, namespace) = context.cluster().await?;
            let release = target.release(&name.0).in_namespace(namespace);
            let plan = uninstall::plan(&release, action);
            show(context, &plan.await?, &arguments.diff, &action.plan, arguments.output)
        }
        DiffCommand::Drift(arguments) => drift(context, arguments).await,
    }
}

async fn chart(
    context: &Context<'_>,
    reference: &str,
    flags: &crate::arguments::ChartFlags,
) -> Result<Chart, Failure> {
    let chart = source::chart(reference, flags, context.global).await?;
    install::deprecation(&chart);
    Ok(chart)
}

fn detail(flags: &DiffFlags) -> Detail {
    if Switch::is_on(flags.no_server) { Detail::Actions } else { Detail::Fields }
}

fn show(
    context: &mut Context<'_>,
    plan: &Plan,
    flags: &DiffFlags,
    key: &PlanFlags,
    format: OutputFormat,
) -> Result<(), Failure> {
    if let Some(approval) = Approval::of(key)? {
        approval.check(plan)?;
    }
    let report = plan.report();
    print::formatted(context.out, format, &report, |out| {
        if Switch::is_on(flags.all_fields) {
            write!(out, "{report:#}")?;
        } else {
            write!(out, "{report}")?;
        }
        Ok(())
    })?;
    if let Some(path) = &flags.out {
        approval::write(plan, path, key)?;
    }
    if Switch::is_on(flags.detailed_exitcode) && report.changes_anything() {
        return Err(Failure::silent(CHANGES));
    }
    Ok(())
}

/// One object that differs, for programs.
#[derive(Serialize)]
struct Drifted<'a> {
    object: &'a pintle::cluster::ObjectRef,
    kind: pintle::DriftKind,
    changes: &'a [pintle::FieldChange],
}

async fn drift(context: &mut Context<'_>, arguments: &DiffDriftArguments) -> Result<(), Failure> {
    let (target, namespace) = context.cluster().await?;
    let release = target.release(&arguments.release.0).in_namespace(namespace);
    let report = release.drift(&DriftRules::default()).await?;
    let drifted: Vec<Drifted<'_>> = report
        .drifts
        .iter()
        .map(|drift| Drifted { object: &drift.object, kind: drift.kind, changes: &drift.changes })
        .collect();
    print::formatted(context.out, arguments.output, &drifted, |out| {
        for drift in &report.drifts {
            writeln!(out, "{drift}")?;
        }
        if report.drifts.is_empty() {
            writeln!(out, "nothing differs")?;
        }
        Ok(())
    })?;
    if Switch::is_on(arguments.detailed_exitcode) && !drifted.is_empty() {
        return Err(Failure::silent(CHANGES));
    }
    Ok(())
}
