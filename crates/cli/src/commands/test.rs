//! `pintle test` (Helm: `pkg/cmd/release_testing.go`).

use std::sync::{Mutex, PoisonError};

use pintle::{Event, TestFilter};

use super::Context;
use crate::arguments::{Switch, TestArguments};
use crate::print::{self, Shown};
use crate::progress::Progress;
use crate::{Failure, cancel};

pub(super) async fn run(context: &mut Context<'_>, arguments: &TestArguments) -> Result<(), Failure> {
    let (target, namespace) = context.cluster().await?;
    let test = target
        .release(&arguments.release.0)
        .in_namespace(namespace)
        .test()
        .filter(filter(&arguments.filter))
        .timeout(arguments.timeout.0);
    let test = if Switch::is_on(arguments.logs) { test.with_logs() } else { test };

    let cancel = cancel::on_signal(&arguments.release.0);
    let progress = Progress::new(format_args!("test {}", arguments.release.0));
    let logs = Mutex::new(Vec::new());
    let observer = |event: &Event| match event {
        Event::HookLog { container, text, .. } => {
            logs.lock().unwrap_or_else(PoisonError::into_inner).push((container.clone(), text.clone()));
        }
        event => pintle::Observer::event(&progress, event),
    };
    let tested = test.run(&observer, &cancel).await;
    progress.finish();
    let tested = tested?;
    let shown = Shown { notes: false, ..Shown::short(context.palette) };
    print::release(context.out, &tested.record, arguments.output, &shown)?;
    if Switch::is_on(arguments.logs) {
        writeln!(context.out)?;
        for (container, text) in logs.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let (pod, container) = container.split_once('/').unwrap_or((&container, ""));
            writeln!(context.out, "POD LOGS: {pod} ({container})\n{text}")?;
        }
    }
    match tested.failure {
        Some(failure) => Err(Failure::new(failure.reason.clone())),
        None => Ok(()),
    }
}

/// `--filter`: `name=NAME` or `!name=NAME`; anything else is passed over, as Helm passes it over.
fn filter(texts: &[String]) -> TestFilter {
    let mut filter = TestFilter::default();
    for text in texts {
        if let Some(name) = text.strip_prefix("name=") {
            filter.only.push(name.to_owned());
        } else if let Some(name) = text.strip_prefix("!name=").or_else(|| text.strip_prefix("! name=")) {
            filter.without.push(name.to_owned());
        }
    }
    filter
}
