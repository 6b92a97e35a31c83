use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::error::Error;

/// What a program said and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The command line.
    pub command: String,
    /// The exit code; -1 when a signal ended the program.
    pub code: i32,
    /// Its standard output. Bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}

impl Output {
    /// The standard output when the exit code is 0, else [`Error::Command`].
    pub fn success(self) -> Result<String, Error> {
        if self.code == 0 {
            Ok(self.stdout)
        } else {
            Err(Error::Command { command: self.command, code: self.code, stderr: self.stderr })
        }
    }

    /// Runs a command to its end, with a text on its standard input.
    pub(crate) fn of(command: &mut Command, input: &str) -> Result<Self, Error> {
        let start = |source| Error::Start { program: "a command".into(), source };
        let line = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ");
        let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| Error::Start { program: command.get_program().into(), source })?;
        let pipe = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // A program that ends before it has read all of its input is judged by its code.
            scope.spawn(|| pipe.map(|mut pipe| pipe.write_all(input.as_bytes())));
            child.wait_with_output()
        })
        .map_err(start)?;
        Ok(Self {
            command: line,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
