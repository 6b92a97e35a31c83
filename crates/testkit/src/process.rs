//! Programs that live no longer than the process that started them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::{Error, IoContext as _};

/// The guard of one program: a small shell that starts it, says its process id, and kills it when the pipe
/// on its standard input is closed, which the operating system does however the process at the other end
/// ends. A line on the pipe means that the program shall stay when the pipe is closed.
///
/// It is a shell and not a mode of one of the Go programs, so that it works with installed binaries too, and
/// on systems that have no signal for the death of a parent.
const GUARD: &str = r#"
exec 3<&0
log=$1
shift
"$@" </dev/null >>"$log" 2>&1 3<&- &
program=$!
(
    exec >/dev/null
    if read -r _ <&3; then exit 0; fi
    kill -KILL "$program" 2>/dev/null
) &
watch=$!
exec 3<&-
echo "$program"
wait "$program"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
"#;

/// Removes a folder once the pipe on its standard input is closed without a line.
const SWEEPER: &str = r#"
if read -r _; then exit 0; fi
for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$1" && exit 0
    sleep 0.5
done
"#;

/// A running program, killed when this value is dropped or the process that holds it ends in any way.
#[derive(Debug)]
pub(crate) struct Guarded {
    program: String,
    log: PathBuf,
    guard: Child,
    life: Option<ChildStdin>,
    pid: Pid,
}

impl Guarded {
    /// Starts a program whose output goes to the end of the log file.
    pub(crate) fn start(
        program: &Path,
        arguments: &[String],
        folder: &Path,
        log: &Path,
    ) -> Result<Self, Error> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The file exists from here on, so that whatever reads the log finds one.
        File::options().create(true).append(true).open(log).doing("opening the log", log)?;
        let mut guard = shell(GUARD)
            .arg(log)
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .env("HOME", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| Error::Start { program: program.to_owned(), source })?;
        let life = guard.stdin.take();
        let mut said = String::new();
        if let Some(stdout) = guard.stdout.take() {
            // An unreadable line leaves the id empty, which is told below.
            let _ = BufReader::new(stdout).read_line(&mut said);
        }
        let Some(pid) = said.trim().parse().ok().and_then(Pid::from_raw) else {
            return Err(Error::Start {
                program: program.to_owned(),
                source: std::io::Error::other("the guarding shell did not say a process id"),
            });
        };
        Ok(Self { program: name, log: log.to_owned(), guard, life, pid })
    }

    /// The process id of the program.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Stops the program where it is: connections to it are taken and never answered.
    pub(crate) fn pause(&self) -> std::io::Result<()> {
        Ok(kill_process(self.pid, Signal::STOP)?)
    }

    /// Lets a paused program go on.
    pub(crate) fn resume(&self) -> std::io::Result<()> {
        Ok(kill_process(self.pid, Signal::CONT)?)
    }

    /// An error with the end of its log when the program is no longer running.
    pub(crate) fn check(&mut self, owner: &str) -> Result<(), Error> {
        match self.guard.try_wait() {
            Ok(Some(status)) => Err(self.ended(owner, status)),
            _ => Ok(()),
        }
    }

    fn ended(&self, owner: &str, status: ExitStatus) -> Error {
        Error::Ended {
            program: self.program.clone(),
            owner: owner.to_owned(),
            status,
            log: self.log.clone(),
            tail: self.tail(),
        }
    }

    /// The last lines of the log.
    pub(crate) fn tail(&self) -> String {
        tail(&self.log)
    }

    /// Lets the program stay when this process ends. It is killed by its process id from then on.
    pub(crate) fn release(&mut self) {
        if let Some(mut life) = self.life.take() {
            // The guard has gone when the program has; then there is nothing to release.
            let _ = life.write_all(b"stay\n");
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if self.life.take().is_some() {
            // The closed pipe makes the guard kill the program; waiting for it leaves no zombie.
            let _ = self.guard.wait();
        }
    }
}

/// A folder that is removed with this value, or when the process that holds it ends in any way.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    sweeper: Child,
    life: Option<ChildStdin>,
}

impl Folder {
    /// Makes a new folder in the folder for temporary files.
    pub(crate) fn new(prefix: &str) -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            // Private keys are in it.
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .doing("making a folder in", &std::env::temp_dir())?
            .keep();
        let mut sweeper = shell(SWEEPER)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| Error::Start { program: "/bin/sh".into(), source })?;
        let life = sweeper.stdin.take();
        Ok(Self { path: folder, sweeper, life })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the folder stay when this process ends.
    pub(crate) fn release(&mut self) {
        if let Some(mut life) = self.life.take() {
            // The sweeper reads one line and ends.
            let _ = life.write_all(b"stay\n");
            let _ = self.sweeper.wait();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.life.is_some() {
            // What cannot be removed now, the sweeper tries again.
            let _ = fs::remove_dir_all(&self.path);
            self.life = None;
            let _ = self.sweeper.wait();
        }
    }
}

/// A shell in a process group of its own, which a signal to the group of the tests does not reach.
fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script).arg("pintle-testkit").process_group(0);
    command
}

/// The last lines of a log file, for an error.
pub(crate) fn tail(log: &Path) -> String {
    const LINES: usize = 15;
    const LONGEST: usize = 400;
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LINES);
    let last: Vec<String> =
        lines.iter().skip(from).map(|line| line.chars().take(LONGEST).collect()).collect();
    last.join("\n")
}
