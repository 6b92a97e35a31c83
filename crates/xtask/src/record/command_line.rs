//! `cargo xtask record command-line`: Helm's flags, and what it says to command lines that are wrong.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use pintle_testkit::fixtures;

use crate::oracle::{HELM_VERSION, Helm};

/// The commands that this project has too.
const COMMANDS: &[&str] = &[
    "install",
    "upgrade",
    "template",
    "lint",
    "rollback",
    "uninstall",
    "list",
    "history",
    "status",
    "get all",
    "get hooks",
    "get manifest",
    "get metadata",
    "get notes",
    "get values",
    "show all",
    "show chart",
    "show crds",
    "show readme",
    "show values",
    "pull",
    "version",
];

/// Which command lines to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

#[expect(clippy::print_stdout, reason = "a command line shows its progress")]
pub(crate) fn run() -> crate::Outcome {
    let helm = Helm::find()?;
    let folder = fixtures::root().join("cli");
    let flags = flags(&helm, &folder)?;
    std::fs::write(folder.join("flags.txt"), &flags)?;
    let usage = usage(&helm, &folder)?;
    std::fs::write(folder.join("usage.txt"), usage)?;
    println!("recorded {} flags with helm {HELM_VERSION}", flags.lines().count() - 2);
    Ok(ExitCode::SUCCESS)
}

/// One line for each flag of each command: the command, the flag with its short form, and the type of its value.
fn flags(helm: &Helm, folder: &Path) -> Result<String, crate::oracle::Error> {
    let mut text = format!(
        "# The flags of helm {HELM_VERSION}: command | short form | flag | type of its value.\n\
         # Written by `cargo xtask record command-line`.\n"
    );
    for command in COMMANDS {
        let output = helm.run(folder, command.split(' ').chain(["--help"]))?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Some((short, flag, kind)) = flag(line) else { continue };
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{command} | {short} | {flag} | {kind}");
        }
    }
    Ok(text)
}

/// A line of Go's `pflag` (`  -o, --output format    prints the output`): short form, flag and type.
fn flag(line: &str) -> Option<(&str, &str, &str)> {
    let line = line.strip_prefix("  ")?;
    let (short, rest) = match line.strip_prefix('-').and_then(|line| line.split_once(", --")) {
        Some((short, rest)) if short.len() == 1 => (short, rest),
        _ => ("", line.strip_prefix("    --")?),
    };
    let head = rest.split("   ").next()?;
    let (flag, kind) = head.split_once(' ').unwrap_or((head, ""));
    // `--dry-run string[="unset"]`
    Some((short, flag, kind.split('[').next().unwrap_or(kind)))
}

/// Runs each line of `usage-cases.txt`, and puts what Helm says below it.
fn usage(helm: &Helm, folder: &Path) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut text = format!(
        "# What helm {HELM_VERSION} says to each line of usage-cases.txt.\n\
         # Written by `cargo xtask record command-line`.\n"
    );
    for line in std::fs::read_to_string(folder.join("usage-cases.txt"))?.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let output = helm.run(folder, line.split(' '))?;
        let code = output.status.code().unwrap_or(-1);
        let _ = write!(text, "\n$ {line}\n{code}\n");
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            let _ = writeln!(text, "> {line}");
        }
    }
    Ok(text)
}
