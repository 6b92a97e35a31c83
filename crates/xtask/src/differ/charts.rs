//! `cargo xtask differ charts`: renders charts with changed values and flags, and compares with the real Helm.
//!
//! The corpus says what Helm printed for the inputs that somebody thought of. This asks Helm itself about inputs that
//! nobody did: defaults turned on and off, values of the wrong type, flags in any mixture. A seed makes a run the same
//! each time, so a difference can be looked at until its cause is found.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compare::{Comparison, Verdict};
use super::damage;
use super::inputs::{Inputs, Subject};
use crate::groups::{Failure, group, report, summary};
use crate::random::Seed;

/// Which charts to render, how, and how often.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Charts (folders or archives), and folders with charts somewhere below them; default: those of the corpus.
    charts: Vec<PathBuf>,
    /// Only charts whose path contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// Another seed makes other changes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many changed inputs each chart gets, besides its own values and those in its `ci/` folder.
    #[arg(long, default_value_t = 4)]
    changes: usize,
    /// How many damaged copies of each chart (of folders, not of archives) are rendered as well.
    #[arg(long, default_value_t = 0)]
    damaged: usize,
    /// How many cases run at once; default: one per processor.
    #[arg(long)]
    jobs: Option<usize>,
    /// How many differing cases to show of each group.
    #[arg(long, default_value_t = 2)]
    show: usize,
    /// A Helm-like program to compare instead of the library, for example the command line.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// A case's name, its command line, and what came of it.
type Judged = (String, String, Verdict);

/// How many cases came to which end.
#[derive(Debug, Default)]
struct Counts {
    equal: usize,
    masked: usize,
    unstable: usize,
    endless: usize,
}

#[expect(clippy::print_stdout, reason = "a command line prints its result")]
pub(super) fn run(arguments: &Arguments) -> crate::Outcome {
    let workspace = crate::corpus::workspace();
    let roots = if arguments.charts.is_empty() {
        let corpus = crate::corpus::folder();
        vec![
            corpus
                .ok_or("there is no corpus: name charts, or set PINTLE_CORPUS to its folder")?
                .join("charts"),
        ]
    } else {
        arguments.charts.clone()
    };
    let mut charts = Vec::new();
    for root in &roots {
        find_charts(
            &root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?,
            &mut charts,
        )?;
    }
    charts.retain(|chart| chart.to_string_lossy().contains(&arguments.filter));
    let comparison = Comparison::new(arguments.binary.clone())?;
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));

    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Vec<Judged>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(chart) = charts.get(index) else { break };
                    let mut verdicts = judge(&comparison, chart, arguments);
                    verdicts.extend(judge_damaged(&comparison, chart, index, arguments));
                    if let Ok(mut results) = results.lock() {
                        results.push((index, verdicts));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().map_err(|_| "a comparison panicked")?;
    results.sort_by_key(|(index, _)| *index);

    let mut counts = Counts::default();
    let mut failures = Vec::new();
    for (name, command, verdict) in results.into_iter().flat_map(|(_, verdicts)| verdicts) {
        match verdict {
            Verdict::Equal => counts.equal += 1,
            Verdict::EqualMasked => counts.masked += 1,
            Verdict::Unstable => counts.unstable += 1,
            Verdict::Endless => counts.endless += 1,
            Verdict::Different(difference) => failures.push(Failure { name, command, difference }),
        }
    }
    let groups = group(&failures);
    print!("{}", summary(&groups, arguments.show));
    println!(
        "{} charts, {} cases: {} equal, {} equal without what Helm prints at random, {} different",
        charts.len(),
        counts.equal + counts.masked + counts.unstable + counts.endless + failures.len(),
        counts.equal,
        counts.masked,
        failures.len()
    );
    println!(
        "not compared: {} where Helm differs from itself in more than lines, {} where it does not end",
        counts.unstable, counts.endless
    );
    let details = workspace.join("target").join("differ.txt");
    std::fs::create_dir_all(workspace.join("target"))?;
    std::fs::write(&details, report(&groups))?;
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("details of {} differences: {}", failures.len(), details.display());
    Ok(ExitCode::FAILURE)
}

/// All cases of one chart.
fn judge(comparison: &Comparison, chart: &Path, arguments: &Arguments) -> Vec<Judged> {
    let mut verdicts = Vec::new();
    let inputs = Inputs::of(&Subject::new(chart), Seed(arguments.seed), arguments.changes);
    for (number, words) in inputs.iter().enumerate() {
        let command = format!("cd {} && helm template {}", inputs.folder().display(), quoted(words));
        let verdict = comparison.judge(inputs.folder(), words);
        verdicts.push((format!("{}#{number}", chart.display()), command, verdict));
    }
    verdicts
}

/// The damaged copies of one chart. Those that differ stay in `target/differ/`, so that they can be looked at.
fn judge_damaged(comparison: &Comparison, chart: &Path, index: usize, arguments: &Arguments) -> Vec<Judged> {
    let copies = crate::corpus::workspace().join("target").join("differ");
    let mut verdicts = Vec::new();
    for number in 0..if chart.is_dir() { arguments.damaged } else { 0 } {
        let copy = copies.join(format!("{}-{index}-{number}", arguments.seed));
        let name = format!("{}, damaged #{number}", chart.display());
        let mut random = Seed(arguments.seed).random(&format!("damage {number} {}", chart.display()));
        let made = damage::copy(chart, &copy).and_then(|()| damage::damage(&copy, &mut random));
        if let Err(error) = made {
            verdicts.push((name, String::new(), Verdict::Different(format!("no copy: {error}"))));
            continue;
        }
        let words =
            ["rel", ".", "-n", "ns", "--include-crds", "--kube-version", "v1.34.0"].map(str::to_owned);
        let verdict = comparison.judge(&copy, &words);
        let command = format!("cd {} && helm template {}", copy.display(), quoted(&words));
        if !matches!(verdict, Verdict::Different(_)) {
            let _ = std::fs::remove_dir_all(&copy);
        }
        verdicts.push((name, command, verdict));
    }
    verdicts
}

/// Words as a shell takes them.
fn quoted(words: &[String]) -> String {
    let plain = |word: &str| {
        word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./:=,@+".contains(letter))
    };
    let quote = |word: &String| {
        if plain(word) && !word.is_empty() {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// The charts in a folder: itself, else what lies below it, archives included.
fn find_charts(path: &Path, charts: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() || path.join("Chart.yaml").is_file() {
        charts.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() && !entry.is_symlink()
            || entry.extension().is_some_and(|extension| extension == "tgz")
        {
            find_charts(&entry, charts)?;
        }
    }
    Ok(())
}
