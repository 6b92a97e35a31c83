//! `pintle template` beside `helm template`, as a user runs them.

use std::collections::BTreeMap;

use pintle_benches::{ProgramsJob, Run};
use pintle_testkit::fixtures::output_difference;

use super::subject::Subject;
use crate::Fault;
use crate::bench::figures::{figure, head, mebibytes, median, ratio, row};
use crate::bench::goals::Goals;
use crate::bench::programs::Programs;
use crate::oracle::{self, Helm};

/// Runs are neither fewer, or chance decides, nor more, or a trivial chart takes for ever.
const RUNS: std::ops::RangeInclusive<f64> = 5.0..=40.0;

/// The medians of some runs.
struct Medians {
    wall: f64,
    cpu: f64,
    memory: f64,
}

impl Medians {
    fn of(runs: &[Run]) -> Self {
        Self {
            wall: median(runs.iter().map(|run| run.wall)),
            cpu: median(runs.iter().map(|run| run.cpu)),
            memory: median(runs.iter().map(|run| figure(run.memory))),
        }
    }
}

/// Prints a table and adds what it says of the goals.
pub(super) fn measure(
    subjects: &[Subject],
    programs: &Programs,
    helm: &Helm,
    seconds: f64,
    goals: &mut Goals,
) -> Result<(), Fault> {
    head(
        "Whole process",
        &[
            "chart",
            "helm, ms",
            "pintle, ms",
            "faster",
            "helm, CPU ms",
            "pintle, CPU ms",
            "less CPU",
            "helm, MiB",
            "pintle, MiB",
            "less memory",
        ],
    );
    let (mut faster, mut smaller) = (Vec::new(), Vec::new());
    for subject in subjects {
        check(subject, programs, helm)?;
        let ours = programs.pintle.display().to_string();
        let ours = [ours, "template".to_owned()].into_iter().chain(subject.argv.iter().cloned()).collect();
        let mut job = ProgramsJob {
            commands: vec![helm.command_line(&subject.argv), ours],
            folder: subject.folder.clone(),
            environment: environment(helm),
            warmup: 0,
            runs: 1,
        };
        // The first runs warm the files' cache, and say how many fit into the time.
        let once: f64 = programs.stopwatch.time(&job)?.iter().flatten().map(|run| run.wall).sum();
        job.runs = runs(2.0 * seconds / once);
        let measured = programs.stopwatch.time(&job)?;
        let [theirs, ours] = measured.as_slice() else { return Err("not two measurements".into()) };
        let (theirs, ours) = (Medians::of(theirs), Medians::of(ours));
        let (time, memory) = (ratio(theirs.wall, ours.wall), ratio(theirs.memory, ours.memory));
        row(&[
            subject.name.clone(),
            format!("{:.1}", theirs.wall * 1e3),
            format!("{:.1}", ours.wall * 1e3),
            format!("{time:.1}×"),
            format!("{:.1}", theirs.cpu * 1e3),
            format!("{:.1}", ours.cpu * 1e3),
            format!("{:.1}×", ratio(theirs.cpu, ours.cpu)),
            format!("{:.1}", theirs.memory / mebibyte()),
            format!("{:.1}", ours.memory / mebibyte()),
            format!("{memory:.1}×"),
        ]);
        faster.push((subject.name.clone(), time));
        smaller.push((subject.name.clone(), memory));
    }
    goals.each("the process is faster on every chart,", 5.0, &faster);
    goals.middle("the process is faster in the median,", 10.0, &faster);
    goals.each("the process takes less memory,", 5.0, &smaller);
    Ok(())
}

/// All that the programs find in their environment.
pub(super) fn environment(helm: &Helm) -> BTreeMap<String, String> {
    [("HOME", helm.home().display().to_string()), ("TZ", "UTC".to_owned())]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Fails where the two programs do not print the same: then their times say nothing.
fn check(subject: &Subject, programs: &Programs, helm: &Helm) -> Result<(), Fault> {
    let arguments = || std::iter::once("template").chain(subject.argv.iter().map(String::as_str));
    let theirs = helm.run(&subject.folder, arguments())?;
    let ours = oracle::run(&programs.pintle, helm.home(), &subject.folder, arguments())?;
    for (program, output) in [("helm", &theirs), ("pintle", &ours)] {
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {program} failed: {}", subject.name, error.trim()).into());
        }
    }
    match output_difference(&theirs.stdout, &ours.stdout, &subject.volatile_lines) {
        None => Ok(()),
        Some(difference) => Err(format!("{}: {difference}", subject.name).into()),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just clamped")]
fn runs(wanted: f64) -> usize {
    wanted.clamp(*RUNS.start(), *RUNS.end()) as usize
}

fn mebibyte() -> f64 {
    1.0 / mebibytes(1)
}
