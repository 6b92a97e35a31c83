//! `cargo xtask fuzz`: the fuzz targets under libFuzzer, on any compiler.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

mod differential;
mod instrument;

pub(crate) use instrument::compile;

/// Which targets to run, and how long. What was found stays in `fuzz/corpus/`, and is where the next run begins; an
/// input that makes a target panic is written into `fuzz/artifacts/`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The targets, files of `fuzz/fuzz_targets/`; without any, all of them one after the other.
    targets: Vec<String>,
    /// How many inputs to try, of each target.
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// Where the sequence of chances begins.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Instead: renders as many damaged templates as `--runs` says with the real Helm's engine and with this one, and
    /// fails where they differ. Needs Go.
    #[arg(long, conflicts_with = "targets")]
    differential: bool,
    /// How long one input may take, in seconds.
    #[arg(long, default_value_t = 30)]
    timeout: u32,
}

/// Builds the targets and runs them; fails where one panics, hangs or takes too much memory.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    if arguments.differential {
        return differential::run(arguments.seed, usize::try_from(arguments.runs)?);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let host = host()?;
    let programs = folder.join("target").join(&host).join("release");
    let known = names(&folder)?;
    if let Some(unknown) = arguments.targets.iter().find(|name| !known.contains(name)) {
        return Err(format!("there is no fuzz target {unknown:?}; there are {}", known.join(", ")).into());
    }
    let chosen = if arguments.targets.is_empty() { &known } else { &arguments.targets };
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(&folder).args(["build", "--release", "--locked", "--target", &host]);
    for name in chosen {
        build.args(["--bin", name]);
    }
    build
        .env("RUSTFLAGS", "--cfg fuzzing")
        .env("RUSTC_WRAPPER", std::env::current_exe()?)
        .env(instrument::VARIABLE, "1")
        .env("CARGO_TARGET_DIR", folder.join("target"));
    if !build.status()?.success() {
        return Err("the fuzz targets cannot be built; libFuzzer needs a C++ compiler".into());
    }
    for name in chosen {
        one(&folder, &programs.join(name), name, arguments)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The kind of machine that is fuzzed on. A build for a named one keeps the flags from build scripts.
fn host() -> Result<String, crate::Fault> {
    let about = Command::new("rustc").arg("-vV").output()?;
    let about = String::from_utf8_lossy(&about.stdout).into_owned();
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc -vV does not name the host")?.to_owned())
}

fn names(folder: &Path) -> Result<Vec<String>, crate::Fault> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.join("fuzz_targets"))? {
        names.extend(entry?.path().file_stem().and_then(|name| name.to_str()).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn one(folder: &Path, program: &Path, name: &str, arguments: &Arguments) -> Result<(), crate::Fault> {
    let corpus: PathBuf = folder.join("corpus");
    let artifacts = folder.join("artifacts").join(name);
    std::fs::create_dir_all(&artifacts)?;
    let told = Command::new(program).env("PINTLE_FUZZ_SEEDS", &corpus).output()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let max_len: usize = told.trim().parse().map_err(|_| format!("{name} wrote no seeds: {told}"))?;
    let mut fuzzer = Command::new(program);
    let words = corpus.join(format!("{name}.dict"));
    // libFuzzer refuses an empty one.
    if std::fs::metadata(&words)?.len() > 0 {
        fuzzer.arg(format!("-dict={}", words.display()));
    }
    let status = fuzzer
        .arg(corpus.join(name))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_len={max_len}"))
        .arg(format!("-runs={}", arguments.runs))
        .arg(format!("-seed={}", arguments.seed))
        .arg(format!("-timeout={}", arguments.timeout))
        .args(["-rss_limit_mb=2048", "-print_final_stats=1", "-reload=0"])
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("the fuzz target {name} failed ({status}); the input is in {}", artifacts.display()).into())
}
