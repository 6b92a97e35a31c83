//! `cargo xtask corpus`: renders every case of the chart corpus and compares with what Helm 4.3.1 printed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pintle_testkit::fixtures::{error_difference, output_difference};
use serde::Deserialize;

use crate::groups::{Failure, group, report, summary};

/// Which cases to run, and with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only cases whose id and case name (`cert-manager-v1.10.1/default`) contain this.
    #[arg(long, default_value = "")]
    filter: String,
    /// How many cases run at once; default: one per processor.
    #[arg(long)]
    jobs: Option<usize>,
    /// How many failing cases to show of each group.
    #[arg(long, default_value_t = 3)]
    show: usize,
    /// A Helm-like program to run instead of the library, for example the real helm to check the comparison.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// One case of the corpus, as its `index.json` has it (fields that do not matter here are left out).
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    /// The chart and its version.
    pub(crate) id: String,
    /// The chart.
    pub(crate) chart: String,
    /// The name of the values, such as `default`.
    #[serde(rename = "case")]
    pub(crate) values: String,
    /// What stands behind `helm template`.
    pub(crate) argv: Vec<String>,
    /// Whether Helm renders it.
    pub(crate) ok: bool,
    golden: Option<String>,
    stderr: Option<String>,
    deterministic: bool,
    #[serde(default)]
    volatile_lines: Option<Vec<usize>>,
}

impl Case {
    fn name(&self) -> String {
        format!("{}/{}", self.id, self.values)
    }

    /// The lines of the output that differ from run to run, from 1.
    pub(crate) fn volatile_lines(&self) -> &[usize] {
        self.volatile_lines.as_deref().filter(|_| !self.deterministic).unwrap_or(&[])
    }
}

/// The folder of the corpus: the one that `PINTLE_CORPUS` names, else beside the workspace. `None` where it is not.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder =
        std::env::var_os("PINTLE_CORPUS").map_or_else(|| workspace().join("../shared/corpus"), PathBuf::from);
    folder.join("index.json").is_file().then_some(folder)
}

/// All cases of the corpus.
pub(crate) fn cases(corpus: &Path) -> Result<Vec<Case>, crate::Fault> {
    Ok(serde_json::from_slice(&std::fs::read(corpus.join("index.json"))?)?)
}

/// What rendering a case printed.
#[derive(Debug)]
struct Outcome {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    exit: i32,
}

/// What a case came to: `None` when it equals the golden output, else the reason.
type Verdict = Option<String>;

#[expect(clippy::print_stdout, reason = "a command line prints its result")]
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let Some(corpus) = folder() else {
        println!("corpus skipped: there is none (set PINTLE_CORPUS to its folder)");
        return Ok(ExitCode::SUCCESS);
    };
    let mut cases = cases(&corpus)?;
    cases.retain(|case| case.name().contains(&arguments.filter));

    let home = tempfile::tempdir()?;
    let renderer = Renderer { corpus: &corpus, home: home.path(), binary: arguments.binary.as_deref() };
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let verdicts = judge_all(&renderer, &cases, jobs.max(1));

    let counts = |wanted: fn(&Case) -> bool| {
        let of_kind = || cases.iter().zip(&verdicts).filter(|(case, _)| wanted(case));
        format!("{}/{}", of_kind().filter(|(_, verdict)| verdict.is_none()).count(), of_kind().count())
    };
    let totals = format!(
        "{} byte-identical\n{} equal without their volatile lines\n{} failures with the same message\n{} in all",
        counts(|case| case.ok && case.deterministic),
        counts(|case| case.ok && !case.deterministic),
        counts(|case| !case.ok),
        counts(|_| true),
    );
    let failures: Vec<Failure> = cases
        .iter()
        .zip(verdicts)
        .filter_map(|(case, verdict)| {
            let command = format!("template {}", case.argv.join(" "));
            Some(Failure { name: case.name(), command, difference: verdict? })
        })
        .collect();
    let groups = group(&failures);
    print!("{}", summary(&groups, arguments.show));
    println!("{totals}");

    let details = workspace().join("target").join("corpus.txt");
    std::fs::create_dir_all(workspace().join("target"))?;
    std::fs::write(&details, report(&groups))?;
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("details of {} failures: {}", failures.len(), details.display());
    Ok(ExitCode::FAILURE)
}

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// What renders the cases.
#[derive(Debug)]
struct Renderer<'a> {
    corpus: &'a Path,
    home: &'a Path,
    binary: Option<&'a Path>,
}

impl Renderer<'_> {
    /// Renders one case as `template` does, in the folder of the corpus.
    fn template(&self, case: &Case) -> Result<Outcome, String> {
        let Some(binary) = self.binary else {
            let printed = crate::in_process::run(self.corpus, &case.argv)?;
            return Ok(Outcome {
                stdout: printed.stdout.into_bytes(),
                stderr: printed.stderr.into_bytes(),
                exit: printed.exit,
            });
        };
        let arguments = std::iter::once("template").chain(case.argv.iter().map(String::as_str));
        let output = crate::oracle::run(binary, self.home, self.corpus, arguments)
            .map_err(|error| format!("cannot run {}: {error}", binary.display()))?;
        Ok(Outcome { stdout: output.stdout, stderr: output.stderr, exit: output.status.code().unwrap_or(-1) })
    }

    /// Renders one case and compares it with the golden output by the rules of the corpus.
    fn judge(&self, case: &Case) -> Verdict {
        let outcome = match self.template(case) {
            Ok(outcome) => outcome,
            Err(reason) => return Some(reason),
        };
        match self.compare(case, &outcome) {
            Ok(verdict) => verdict,
            Err(error) => Some(format!("cannot read the golden output: {error}")),
        }
    }

    fn compare(&self, case: &Case, outcome: &Outcome) -> std::io::Result<Verdict> {
        let error = String::from_utf8_lossy(&outcome.stderr);
        if !case.ok {
            if outcome.exit == 0 {
                return Ok(Some("succeeds where helm fails".to_owned()));
            }
            let expected = match &case.stderr {
                Some(path) => std::fs::read(self.corpus.join(path))?,
                None => Vec::new(),
            };
            return Ok(error_difference(&expected, &outcome.stderr));
        }
        if outcome.exit != 0 {
            return Ok(Some(format!("fails: {}", error.trim())));
        }
        let expected = match &case.golden {
            Some(path) => gunzip(&self.corpus.join(path))?,
            None => Vec::new(),
        };
        Ok(output_difference(&expected, &outcome.stdout, case.volatile_lines()))
    }
}

fn gunzip(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Judges all cases on some threads; the verdicts stand in the order of the cases.
fn judge_all(renderer: &Renderer<'_>, cases: &[Case], jobs: usize) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((index, case)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(index).map(|case| (index, case))
                } {
                    let verdict = renderer.judge(case);
                    if let Ok(mut verdicts) = verdicts.lock() {
                        verdicts.insert(index, verdict);
                    }
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_default();
    // A case without a verdict belongs to a thread that panicked.
    (0..cases.len())
        .map(|index| verdicts.remove(&index).unwrap_or_else(|| Some("the renderer panicked".to_owned())))
        .collect()
}
