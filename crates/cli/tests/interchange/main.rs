//! Every action of the program against the same action of Helm 4.3.1 and of Helm 3, on a real API server.
//!
//! Objects, managed fields, records as they are stored, hook runs, locks and exit codes are compared after each action, of
//! each program alone and of two by turns. The tests of every day try a few charts; `cargo xtask interchange` tries all.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests stop where a test does, and a long one shows how far it is"
)]

mod arena;
mod charts;
mod contest;
mod difference;
mod record;
mod snapshot;
mod tools;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use arena::Arenas;
use contest::{Verdict, judge};

#[test]
fn every_action_ends_as_helms_does() {
    let arenas = Arenas::default();
    let charts = charts::chosen();
    assert!(!charts.is_empty(), "no chart has that in its name, or the corpus is not there (PINTLE_CORPUS)");
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<Vec<Verdict>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..charts::at_once() {
            scope.spawn(|| {
                while let Some(chart) = charts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = judge(&arenas, chart);
                    eprintln!("{verdict}");
                    verdicts.lock().unwrap().push(verdict);
                }
            });
        }
    });
    let verdicts = verdicts.into_inner().unwrap();
    let actions: usize = verdicts.iter().map(|verdict| verdict.actions).sum();
    let failing: usize = verdicts.iter().map(|verdict| verdict.failing).sum();
    let equal = verdicts.iter().filter(|verdict| verdict.differences.is_empty()).count();
    let of_helm4 = verdicts.iter().filter(|verdict| verdict.of_helm4).count();
    eprintln!(
        "interchange: {equal} of {} charts equal, {actions} actions compared, {failing} of them fail with helm too; {of_helm4} \
         charts are rendered otherwise by helm 3 and compared with helm 4 alone",
        verdicts.len()
    );
    assert_eq!(verdicts.len(), charts.len());
    assert_eq!(equal, verdicts.len(), "see the charts above that are not");
}
