//! A post-renderer that is a program.

use std::ffi::OsString;
use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pintle_render::{PostDocument, PostRenderer, StreamPostRenderer};

/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(5);

/// A [`PostRenderer`] that runs a program: it reads the documents as a stream of YAML from its standard input and writes
/// the changed ones to its standard output, as Helm 3's `--post-renderer` and Kustomize do.
///
/// The program runs on the blocking thread that renders, with the environment and the folder of this process. It fails
/// where the program ends with another status than 0, writes nothing, writes more than
/// [`output_limit`](Self::output_limit) or takes longer than [`timeout`](Self::timeout); what it wrote to standard
/// error is in the error then.
#[derive(Clone, Debug)]
pub struct CommandPostRenderer {
    program: OsString,
    arguments: Vec<OsString>,
    timeout: Duration,
    output_limit: u64,
}

impl CommandPostRenderer {
    /// The program of this name or path, without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            timeout: Duration::from_secs(300),
            output_limit: 64 << 20,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// How long the program may take. Default: 5 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The most bytes that the program may write. Default: 64 MiB.
    #[must_use]
    pub fn output_limit(mut self, bytes: u64) -> Self {
        self.output_limit = bytes;
        self
    }

    fn pipe(&self, input: &[u8]) -> Result<Vec<u8>, String> {
        let name = self.program.display();
        let failed = |reason: String| format!("error while running command {name}: {reason}");
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that it ends with all that it started: each of them holds the pipes open.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let limit = self.output_limit;
        // All three at once: no pipe may fill up while another is waited for.
        let (status, output, complaint) = std::thread::scope(|scope| {
            let output = scope.spawn(move || read(stdout, limit));
            let complaint = scope.spawn(move || read(stderr, limit));
            scope.spawn(move || {
                if let Some(mut stdin) = stdin {
                    // A program that does not read its input to the end is judged by what it writes.
                    let _ = stdin.write_all(input);
                }
            });
            let status = wait(&mut child, self.timeout);
            (status, output.join().unwrap_or_default(), complaint.join().unwrap_or_default())
        });
        let complaint = String::from_utf8_lossy(&complaint).trim_end().to_owned();
        let status = status.map_err(|reason| failed(format!("{reason}. error output:\n{complaint}")))?;
        // Asked first: a program that writes on ends by the closed pipe, and not well.
        if output.len() as u64 > limit {
            return Err(failed(format!("it wrote more than the limit of {limit} bytes")));
        }
        if !status.success() {
            return Err(failed(format!("{status}. error output:\n{complaint}")));
        }
        if output.trim_ascii().is_empty() {
            return Err(format!("post-renderer {name} produced empty output"));
        }
        Ok(output)
    }
}

impl PostRenderer for CommandPostRenderer {
    fn run(&self, documents: Vec<PostDocument>) -> Result<Vec<PostDocument>, String> {
        StreamPostRenderer::new(|input: Vec<u8>| self.pipe(&input)).run(documents)
    }
}

/// Everything up to one byte more than the limit; the pipe is closed then, which ends a program that writes on.
fn read(pipe: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What cannot be read counts as not written.
        let _ = pipe.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    }
    bytes
}

fn wait(child: &mut Child, timeout: Duration) -> Result<std::process::ExitStatus, String> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if began.elapsed() < timeout => std::thread::sleep(LOOK),
            ended => {
                // Its pipes close with it, whatever else becomes of it.
                end(child);
                let _ = child.wait();
                return Err(match ended {
                    Err(error) => error.to_string(),
                    _ => format!("it took longer than {timeout:?}"),
                });
            }
        }
    }
}

/// Ends a program, and where there are process groups all that it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "helpers of tests stop where a test does")]

    use pintle_value::Data;

    use super::*;

    fn object() -> PostDocument {
        let object: Data = serde_json::from_str(r#"{"kind":"A","metadata":{"name":"a"}}"#).unwrap();
        PostDocument::new("web/templates/a.yaml", object)
    }

    fn shell(script: &str) -> CommandPostRenderer {
        CommandPostRenderer::new("/bin/sh").arguments(["-c", script])
    }

    #[test]
    fn documents_go_through_the_program_and_keep_their_files() {
        let changed = shell("sed 's/name: a$/name: b/'").run(vec![object()]).unwrap();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].source, "web/templates/a.yaml");
        assert_eq!(changed[0].object.at(&["metadata", "name"]).and_then(Data::as_str), Some("b"));
        assert!(changed[0].object.at(&["metadata", "annotations"]).is_none());
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let error = |renderer: CommandPostRenderer| renderer.run(vec![object()]).unwrap_err();
        let failed = error(shell("echo broken >&2; exit 3"));
        assert!(failed.contains("exit status: 3") && failed.contains("broken"), "{failed}");
        assert!(error(shell("cat >/dev/null")).contains("produced empty output"));
        assert!(
            error(shell("sleep 60; true").timeout(Duration::from_millis(50))).contains("longer than 50ms")
        );
        assert!(error(shell("yes").output_limit(1000)).contains("1000 bytes"));
        assert!(error(CommandPostRenderer::new("/no/such/program")).contains("/no/such/program"));
    }
}
