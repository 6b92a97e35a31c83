//! Builds parts with `go`, once, into the cache.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::cache::{self, Lock, progress};
use crate::digest::sha256;
use crate::error::{Error, IoContext as _};
use crate::parts::{GO_TOOLCHAIN, KWOK_MODULE, KWOK_STAGES, Part};

/// How often a running build says that it still runs.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// How many of a build's last lines an error shows.
const TAIL: usize = 30;

/// The oldest Go that can fetch another toolchain by itself.
const OLDEST_GO: (u32, u32) = (1, 21);

/// The folder of this part's programs, built when it is not there.
///
/// Processes that ask at the same time build once. The folder's name ends in a digest of all that goes into
/// the build, so that a changed input makes a new folder, and an old one stays usable for an older checkout.
pub(crate) fn built(part: Part) -> Result<PathBuf, Error> {
    let folder = cache::folder()?.join("bin");
    fs::create_dir_all(&folder).doing("making the cache folder", &folder)?;
    let target = folder.join(format!("{}-{}", part.name(), key(part)?));
    if target.is_dir() {
        return Ok(target);
    }
    let go = Go::find(part)?;
    let _lock = Lock::acquire(&folder.join(format!("{}.lock", part.name())), part.name())?;
    if target.is_dir() {
        return Ok(target);
    }
    // Built beside its place and then moved there: whoever finds the folder finds all of it. What an
    // interrupted build left is removed; nobody else builds this part while the lock is held.
    let scratch = folder.join(format!(".building-{}", part.name()));
    if scratch.exists() {
        fs::remove_dir_all(&scratch).doing("removing", &scratch)?;
    }
    fs::create_dir(&scratch).doing("making the folder", &scratch)?;
    build(&go, part, &scratch)?;
    fs::rename(&scratch, &target).doing("moving the build to", &target)?;
    Ok(target)
}

/// The digest of all that decides what a build of this part yields.
fn key(part: Part) -> Result<String, Error> {
    let mut inputs = Vec::new();
    let mut add = |bytes: &[u8]| {
        inputs.extend((bytes.len() as u64).to_be_bytes());
        inputs.extend(bytes);
    };
    add(b"2");
    for text in [GO_TOOLCHAIN, "CGO_ENABLED=0", part.ldflags(), std::env::consts::OS, std::env::consts::ARCH]
    {
        add(text.as_bytes());
    }
    if let Some(package) = part.package() {
        add(package.as_bytes());
    }
    if let Some(module) = part.module() {
        for file in ["main.go", "go.mod", "go.sum"] {
            let path = sources(module).join(file);
            add(&fs::read(&path).doing("reading", &path)?);
        }
    }
    if part == Part::Kwok {
        for stage in KWOK_STAGES {
            add(stage.as_bytes());
        }
    }
    Ok(sha256(&inputs).chars().take(16).collect())
}

/// A Go module of this repository. Read at run time, so that building this crate does not need it.
fn sources(module: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(module)
}

/// A usable `go` command.
struct Go(PathBuf);

impl Go {
    fn find(part: Part) -> Result<Self, Error> {
        let no_program = |reason: String| Error::NoProgram { program: part.programs().join(", "), reason };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let go = std::env::split_paths(&path)
            .map(|folder| folder.join("go"))
            .find(|go| go.is_file())
            .ok_or_else(|| no_program("there is no `go` on PATH to build it with".to_owned()))?;
        // The version of the installed Go, not of the toolchain that a setting may make it fetch.
        let output = Command::new(&go)
            .args(["env", "GOVERSION"])
            .env("GOTOOLCHAIN", "local")
            .current_dir(std::env::temp_dir())
            .output()
            .map_err(|source| Error::Start { program: go.clone(), source })?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if release(&version).is_none_or(|release| release < OLDEST_GO) {
            return Err(no_program(format!("{} is {version:?}, which is too old to build it", go.display())));
        }
        Ok(Self(go))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.env("GOTOOLCHAIN", GO_TOOLCHAIN).env("CGO_ENABLED", "0").env("GOWORK", "off");
        // What the person's own settings would change about the result.
        for name in ["GOFLAGS", "GOBIN", "GOOS", "GOARCH", "GOEXPERIMENT"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }
}

/// `go1.27.3` and `go1.27-devel` are release 1.27.
fn release(version: &str) -> Option<(u32, u32)> {
    let (major, rest) = version.strip_prefix("go")?.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn build(go: &Go, part: Part, into: &Path) -> Result<(), Error> {
    progress(&format!(
        "building {} with {GO_TOOLCHAIN}; this happens once and takes {} when nothing is cached",
        part.name(),
        part.duration()
    ));
    let mut command = go.command();
    if let Some(package) = part.package() {
        command.args(["install", "-v", "-ldflags", part.ldflags(), package]);
        command.env("GOBIN", into).current_dir(into);
    }
    if let Some(module) = part.module() {
        command.args(["build", "-v", "-ldflags", part.ldflags(), "-o"]).arg(into.join(part.name())).arg(".");
        command.current_dir(sources(module));
    }
    watch(&mut command, part)?;
    if part == Part::ControlPlane {
        for program in part.programs() {
            let link = into.join(program);
            std::os::unix::fs::symlink(part.name(), &link).doing("making the link", &link)?;
        }
    }
    if part == Part::Kwok {
        stages(go, into)?;
    }
    Ok(())
}

/// Runs a build, says from time to time how far it is, and keeps its last lines for the error.
fn watch(command: &mut Command, part: Part) -> Result<(), Error> {
    let line = format!("{command:?}");
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| Error::Start { program: command.get_program().into(), source })?;
    let started = Instant::now();
    let packages = AtomicUsize::new(0);
    let stderr = child.stderr.take();
    let (done, ended) = mpsc::channel::<()>();
    let (status, tail) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut tail = VecDeque::with_capacity(TAIL);
            for line in stderr.into_iter().flat_map(|pipe| BufReader::new(pipe).lines()).map_while(Result::ok)
            {
                // `-v` prints each package's path when it is compiled; all else is a message.
                if line.contains(' ') {
                    if tail.len() == TAIL {
                        tail.pop_front();
                    }
                    tail.push_back(line);
                } else {
                    packages.fetch_add(1, Ordering::Relaxed);
                }
            }
            Vec::from(tail).join("\n")
        });
        scope.spawn(|| {
            let ended = ended;
            while ended.recv_timeout(PROGRESS_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                progress(&format!(
                    "building {}: {} packages compiled, {} s",
                    part.name(),
                    packages.load(Ordering::Relaxed),
                    started.elapsed().as_secs()
                ));
            }
        });
        let status = child.wait();
        let tail = reader.join().unwrap_or_default();
        drop(done);
        (status, tail)
    });
    let status = status.doing("waiting for", Path::new("go"))?;
    if !status.success() {
        return Err(Error::Build { part: part.name(), command: line, status, tail });
    }
    progress(&format!("built {} in {} s", part.name(), started.elapsed().as_secs()));
    Ok(())
}

/// Gathers kwok's stages from its module in the one file that `kwok --config` reads.
fn stages(go: &Go, into: &Path) -> Result<(), Error> {
    let mut command = go.command();
    command.args(["mod", "download", "-json", KWOK_MODULE]).current_dir(into);
    let output =
        command.output().map_err(|source| Error::Start { program: command.get_program().into(), source })?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let Some(module) = answer.get("Dir").and_then(serde_json::Value::as_str) else {
        return Err(Error::Build {
            part: Part::Kwok.name(),
            command: format!("{command:?}"),
            status: output.status,
            tail: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    };
    let mut text = String::new();
    for stage in KWOK_STAGES {
        let folder = Path::new(module).join("kustomize/stage").join(stage);
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .doing("reading", &folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
            .filter(|path| !path.ends_with("kustomization.yaml"))
            .collect();
        files.sort();
        for file in files {
            text.push_str("---\n");
            text.push_str(&fs::read_to_string(&file).doing("reading", &file)?);
            text.push('\n');
        }
    }
    let file = into.join("stages.yaml");
    fs::write(&file, text).doing("writing", &file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_go_are_read() {
        assert_eq!(release("go1.27.3"), Some((1, 27)));
        assert_eq!(release("go1.27-devel_abc"), Some((1, 27)));
        assert_eq!(release("devel"), None);
    }

    #[test]
    fn each_part_has_its_own_key() {
        let keys: Vec<String> = [Part::ControlPlane, Part::Kwok, Part::Helm4, Part::Helm3, Part::HelmRender]
            .into_iter()
            .map(|part| key(part).expect("sources are there"))
            .collect();
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(key.len(), 16);
            assert!(!keys[..index].contains(key));
        }
    }
}
