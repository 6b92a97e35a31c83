//! `cargo xtask record fixtures`: runs each case of `fixtures/cases/` through the real Helm.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitCode, Output};

use pintle_testkit::fixtures::{self, Case, Recorded, RecordedCase};

use crate::oracle::{HELM_VERSION, Helm};

/// Which cases to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the suites whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
}

#[expect(clippy::print_stdout, reason = "a command line shows its progress")]
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let helm = Helm::find()?;
    let (mut cases, mut failing) = (0, 0);
    for suite in fixtures::suites()? {
        if !suite.contains(&arguments.filter) {
            continue;
        }
        let folder = fixtures::root().join("cases").join(&suite);
        let listed = fixtures::suite_cases(&suite)?;
        clean(&folder)?;
        let mut recorded = Recorded { helm: HELM_VERSION.to_owned(), case: BTreeMap::new() };
        for case in listed {
            let of_case = record(&helm, &case, &folder)?;
            cases += 1;
            failing += usize::from(of_case.exit != 0);
            recorded.case.insert(case.name, of_case);
        }
        std::fs::write(folder.join("recorded.toml"), toml::to_string(&recorded)?)?;
    }
    println!("recorded {cases} cases with helm {HELM_VERSION}, {failing} of them failures");
    Ok(ExitCode::SUCCESS)
}

/// Takes away what an earlier run wrote, so that a renamed case leaves nothing behind.
fn clean(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let old = path.extension().is_some_and(|extension| extension == "stdout" || extension == "stderr");
        if old || path.file_name().is_some_and(|name| name == "recorded.toml") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Runs one case twice, a second apart in random seeds and clock, and stores the first output.
fn record(
    helm: &Helm,
    case: &Case,
    folder: &Path,
) -> Result<RecordedCase, Box<dyn std::error::Error + Send + Sync>> {
    let first = helm.run(&fixtures::root(), &case.argv)?;
    let again = helm.run(&fixtures::root(), &case.argv)?;
    let volatile = volatile_lines(&first, &again).ok_or_else(|| {
        format!("{}: two runs of helm differ in more than single lines of standard output", case.id())
    })?;
    let exit = first.status.code().unwrap_or(-1);
    let (mut stdout, mut stderr) = (first.stdout.as_slice(), first.stderr.as_slice());
    // What is only random or in another order stays as it was, so that recording anew shows what really changed.
    if let Some(before) = &case.expected
        && before.volatile == volatile
        && before.difference(exit, stdout, stderr).is_none()
    {
        stdout = &before.stdout;
        stderr = if exit == 0 { stderr } else { &before.stderr };
    }
    store(&folder.join(format!("{}.stdout", case.name)), &fixtures::without_root(stdout))?;
    store(&folder.join(format!("{}.stderr", case.name)), &fixtures::without_root(stderr))?;
    Ok(RecordedCase { exit, volatile })
}

/// Writes an output file; an empty output has none.
fn store(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() { Ok(()) } else { std::fs::write(path, bytes) }
}

/// The lines of standard output, from 1, in which two runs differ; `None` when they differ in anything else.
fn volatile_lines(first: &Output, again: &Output) -> Option<Vec<usize>> {
    let lines = |output: &Output| -> Vec<Vec<u8>> {
        output.stdout.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    };
    let sorted = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let (before, after) = (lines(first), lines(again));
    if first.status != again.status
        || before.len() != after.len()
        || sorted(&first.stderr) != sorted(&again.stderr)
    {
        return None;
    }
    let differing = before.iter().zip(&after).enumerate().filter(|(_, (one, two))| one != two);
    Some(differing.map(|(index, _)| index + 1).collect())
}
