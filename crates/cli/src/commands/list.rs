//! `pintle list` (Helm: `pkg/cmd/list.go`, `pkg/action/list.go`).

use pintle::release::{Head, Status};
use pintle::{ListOptions, ListOrder};
use regex_automata::meta::Regex;

use super::Context;
use crate::Failure;
use crate::arguments::{ListArguments, OutputFormat, Switch};
use crate::print;

pub(super) async fn run(context: &mut Context<'_>, arguments: &ListArguments) -> Result<(), Failure> {
    let (target, namespace) = context.cluster().await?;
    let mut options = if Switch::is_on(arguments.all_namespaces) {
        ListOptions::all_namespaces()
    } else {
        ListOptions::namespace(namespace)
    };
    options = options.states(states(arguments)).order(order(arguments));
    if let Some(selector) = &arguments.selector {
        options = options.selector(selector);
    }
    let mut records = target.list(&options).await?;
    if let Some(pattern) = arguments.filter.as_ref().filter(|pattern| !pattern.is_empty()) {
        let pattern =
            Regex::new(pattern).map_err(|error| Failure::new(format!("--filter {pattern:?}: {error}")))?;
        records.retain(|record| pattern.is_match(&record.name));
    }
    let most = if arguments.max.0 == 0 { usize::MAX } else { arguments.max.items() };
    let records: Vec<Head> = records.into_iter().skip(arguments.offset.items()).take(most).collect();
    if !Switch::is_on(arguments.short) {
        return print::list(context.out, &records, arguments.output, arguments.no_headers, context.palette);
    }
    let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    match arguments.output {
        OutputFormat::Json => print::json(context.out, &names),
        OutputFormat::Yaml => print::yaml(context.out, &names),
        OutputFormat::Table => {
            for name in names {
                writeln!(context.out, "{name}")?;
            }
            Ok(())
        }
    }
}

/// Helm: `pkg/action/list.go`, `SetStateMask`; without a flag every state is listed.
fn states(arguments: &ListArguments) -> Vec<Status> {
    let pending = [Status::PendingInstall, Status::PendingUpgrade, Status::PendingRollback];
    let flags: [(Option<Switch>, &[Status]); 6] = [
        (arguments.deployed, &[Status::Deployed]),
        (arguments.uninstalled, &[Status::Uninstalled]),
        (arguments.uninstalling, &[Status::Uninstalling]),
        (arguments.pending, &pending),
        (arguments.failed, &[Status::Failed]),
        (arguments.superseded, &[Status::Superseded]),
    ];
    flags
        .iter()
        .filter(|(flag, _)| Switch::is_on(*flag))
        .flat_map(|(_, states)| states.iter().cloned())
        .collect()
}

/// Helm: `pkg/action/list.go`, `sort`.
fn order(arguments: &ListArguments) -> ListOrder {
    match (Switch::is_on(arguments.date), Switch::is_on(arguments.reverse)) {
        (false, false) => ListOrder::Name,
        (false, true) => ListOrder::NameDescending,
        (true, false) => ListOrder::Date,
        (true, true) => ListOrder::DateDescending,
    }
}
