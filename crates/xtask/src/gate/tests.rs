//! All tests of the workspace, two programs at a time.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use pintle_testkit::{BED_VARIABLE, Bed, TenantOptions};
use serde::Deserialize;

use super::metadata::Workspace;
use super::say;
use super::step::{Fault, cargo};

/// How many programs run at once. Half of them wait for an API server most of the time.
const AT_ONCE: usize = 2;

/// What all of the workspace's tests are compiled with, so that nothing is compiled twice.
const ALL: [&str; 2] = ["--workspace", "--all-features"];

/// A program of tests that cargo made.
struct TestProgram {
    name: String,
    executable: PathBuf,
    /// Where its package lies, which is where cargo would run it.
    folder: PathBuf,
}

/// What cargo says while it compiles (The Cargo Book: "External tools", JSON messages).
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    profile: Option<Profile>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Runs all tests, on one bed of control planes that they share, and says at the end which failed.
pub(super) fn run(_: &Workspace) -> Result<(), Fault> {
    // Compiled before the bed is booted: control planes take memory and time that the compiler wants.
    let programs = compile()?;
    let bed = Bed::builder().tenant(TenantOptions::new("tenant1")).boot()?;
    let waiting = Mutex::new(programs.iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                // Without a bed all that follows would fail, each test after a wait.
                while let (Some(program), Ok(())) = (next(&waiting), bed.check()) {
                    if let Err(fault) = program.run(&bed) {
                        let mut failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        failed.push(format!("{}: {fault}", program.name));
                    }
                }
            });
        }
    });
    bed.check()?;
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !failed.is_empty() {
        return Err(failed.join(", ").into());
    }
    cargo(["test", "--quiet", "--doc"].into_iter().chain(ALL))
}

fn next<'a>(waiting: &Mutex<impl Iterator<Item = &'a TestProgram>>) -> Option<&'a TestProgram> {
    waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next()
}

/// Compiles all tests. Cargo tells what is wrong with them itself.
fn compile() -> Result<Vec<TestProgram>, Fault> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--no-run", "--message-format", "json-render-diagnostics"]).args(ALL);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("cargo ended with {}", output.status).into());
    }
    let mut programs = Vec::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        programs.extend(TestProgram::of(serde_json::from_slice(line)?));
    }
    if programs.is_empty() {
        return Err("cargo tells of no tests".into());
    }
    Ok(programs)
}

impl TestProgram {
    /// `None` for a message about something else.
    fn of(message: Message) -> Option<Self> {
        let Message { executable, manifest_path, profile, target } = message;
        let folder = manifest_path?.parent()?.to_owned();
        let name = format!("{} of {}", target?.name, folder.file_name()?.to_string_lossy());
        profile.filter(|profile| profile.test)?;
        Some(Self { name, executable: executable?, folder })
    }

    /// Runs it; what it says is shown when it has ended, so that two do not talk at once.
    fn run(&self, bed: &Bed) -> Result<(), Fault> {
        let begin = Instant::now();
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.folder).env(BED_VARIABLE, bed.handover());
        let Output { status, stdout, stderr } = command.output()?;
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        let mut said = format!("{}, {:.0} s", self.name, begin.elapsed().as_secs_f64());
        if status.success() {
            stdout.lines().filter(|line| line.starts_with("test result: ")).for_each(|line| {
                said.push_str("\n  ");
                said.push_str(line);
            });
        } else {
            said.push('\n');
            said.push_str(&stdout);
        }
        if !stderr.is_empty() {
            said.push('\n');
            said.push_str(stderr.trim_end());
        }
        say(&said);
        if status.success() { Ok(()) } else { Err(format!("ended with {status}").into()) }
    }
}
