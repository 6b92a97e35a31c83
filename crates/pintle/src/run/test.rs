//! Running a release's tests.

use std::sync::Arc;

use pintle_cluster::Scope;
use pintle_release::{DeletePolicy, Hook, HookEvent, OutputLogPolicy};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::hooks::places_at;
use super::{Hold, Run, Stop, locked};
use crate::ledger::Past;
use crate::plan::Basis;
use crate::test_run::{TestRun, Tested};
use crate::{Error, Event, Observer};

/// Runs tests under the release's lock: no other run changes meanwhile what they look at.
pub(crate) async fn test(
    test: TestRun,
    past: Past,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> Result<Tested, Error> {
    let release = test.release.clone();
    let (caller, basis) = (Scope::new(cancel.clone()), Basis::of(Some(&past)));
    let work = async |hold: &Hold, _: &mut locked::After| {
        Box::pin(run_tests(test, past, &basis, observer, hold)).await
    };
    locked::run(&release, basis.fence, &caller, work).instrument(crate::span::test(&release)).await
}

/// Helm: `pkg/action/release_testing.go`, `Run`.
async fn run_tests(
    test: TestRun,
    past: Past,
    basis: &Basis,
    observer: &dyn Observer,
    hold: &Hold,
) -> Result<Tested, Error> {
    let TestRun { release, settings, filter, logs } = test;
    let run = Run {
        release,
        observer,
        scope: hold.work.clone(),
        hold,
        resumes: None,
        warnings: Vec::new(),
        sensitive: crate::Sensitive::default(),
        explainer: None,
    };
    let ledger = run.ledger();
    run.unmoved(&ledger, basis).await?;
    let mut entry = ledger.reopen(past.last);
    // Helm moves the tests that do not run to the front of the record.
    let (hooks, skipped): (Vec<Hook>, Vec<Hook>) =
        std::mem::take(&mut entry.record.hooks).into_iter().partition(|hook| filter.takes(&hook.name));
    let first = skipped.len();
    entry.record.hooks = skipped.into_iter().chain(hooks).collect();
    let order = places_at(&entry.record.hooks, HookEvent::Test);

    let namespace = entry.record.namespace.clone();
    let mut ran = Vec::new();
    let mut failed = None;
    for place in order.into_iter().filter(|place| *place >= first) {
        let ended = run.hook(&mut entry, place, HookEvent::Test, &settings).await;
        let Some(hook) = entry.record.hooks.get(place).cloned() else { continue };
        let policy = match &ended {
            Ok(()) => (OutputLogPolicy::HookSucceeded, DeletePolicy::HookSucceeded),
            Err(_) => (OutputLogPolicy::HookFailed, DeletePolicy::HookFailed),
        };
        if logs {
            run.logs_of(&hook, &namespace).await;
        } else {
            run.logs(&hook, policy.0, &namespace).await;
        }
        ran.push((hook, policy.1));
        if let Err(stop) = ended {
            failed = Some(stop);
            break;
        }
    }
    entry.write().await?;
    for (hook, policy) in ran.iter().rev() {
        if let Err(Stop::Failed(failure, _)) = run.dispose(hook, *policy, &namespace, &settings).await {
            run.emit(&Event::Warning { text: format!("the test's objects are left behind: {failure}") });
        }
    }
    match failed {
        Some(Stop::Lost) => Err(Error::LockLost { name: entry.record.name.clone() }),
        Some(Stop::Cancelled) => Err(Error::Cancelled {
            name: entry.record.name.clone(),
            revision: entry.record.revision,
            status: entry.record.info.status.clone(),
        }),
        Some(Stop::Failed(failure, _)) => {
            let failure = Arc::from(failure);
            run.emit(&Event::Failed { failure: Arc::clone(&failure) });
            Ok(Tested { record: entry.record, failure: Some(failure) })
        }
        None => Ok(Tested { record: entry.record, failure: None }),
    }
}
