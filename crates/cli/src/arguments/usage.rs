//! What is wrong with a command line, in Helm's words.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

/// How many arguments a command takes, and how it is called (Helm: `pkg/cmd/require/args.go`).
struct Arity {
    path: &'static [&'static str],
    count: &'static str,
    line: &'static str,
}

const fn arity(path: &'static [&'static str], count: &'static str, line: &'static str) -> Arity {
    Arity { path, count, line }
}

const ARITIES: &[Arity] = &[
    arity(&["install"], "requires at least 1 argument", "[NAME] [CHART] [flags]"),
    arity(&["template"], "requires at least 1 argument", "[NAME] [CHART] [flags]"),
    arity(&["lint"], "requires at least 1 argument", "PATH [flags]"),
    arity(&["upgrade"], "requires 2 arguments", "[RELEASE] [CHART] [flags]"),
    arity(&["rollback"], "requires at least 1 argument", "<RELEASE> [REVISION] [flags]"),
    arity(&["uninstall"], "requires at least 1 argument", "RELEASE_NAME [...] [flags]"),
    arity(&["diff", "install"], "requires at least 1 argument", "[NAME] [CHART] [flags]"),
    arity(&["diff", "upgrade"], "requires 2 arguments", "[RELEASE] [CHART] [flags]"),
    arity(&["diff", "rollback"], "requires at least 1 argument", "<RELEASE> [REVISION] [flags]"),
    arity(&["diff", "uninstall"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["diff", "drift"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["list"], "accepts no arguments", "[flags]"),
    arity(&["history"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["status"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["get", "all"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["get", "hooks"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["get", "manifest"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["get", "metadata"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["get", "notes"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["get", "values"], "requires 1 argument", "RELEASE_NAME [flags]"),
    arity(&["show", "all"], "requires 1 argument", "[CHART] [flags]"),
    arity(&["show", "chart"], "requires 1 argument", "[CHART] [flags]"),
    arity(&["show", "crds"], "requires 1 argument", "[CHART] [flags]"),
    arity(&["show", "readme"], "requires 1 argument", "[CHART] [flags]"),
    arity(&["show", "values"], "requires 1 argument", "[CHART] [flags]"),
    arity(&["pull"], "requires at least 1 argument", "[chart URL | repo/chartname] [...] [flags]"),
    arity(&["completion"], "requires 1 argument", "bash|zsh|fish|powershell"),
    arity(&["version"], "accepts no arguments", "[flags]"),
];

/// The message for an error of the parser; `path` is the command that was called, below the program.
///
/// `last` is the last argument, which says whether a flag without its value was given in its short form.
pub(crate) fn message(error: &Error, program: &Command, path: &[String], last: &str) -> String {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => match argument.as_bytes() {
            [b'-', b'-', ..] => format!("unknown flag: {}", flag_name(&argument)),
            [b'-', ..] => {
                let letter = argument.chars().nth(1).unwrap_or('-');
                format!("unknown shorthand flag: '{letter}' in {argument}")
            }
            _ => wrong_count(path).unwrap_or_else(|| plain(error)),
        },
        ErrorKind::MissingRequiredArgument if !argument.starts_with("--") => {
            wrong_count(path).unwrap_or_else(|| plain(error))
        }
        ErrorKind::InvalidSubcommand => unknown_command(error, program, path),
        ErrorKind::InvalidValue if value.is_empty() && argument.starts_with("--") => {
            match last.strip_prefix('-').filter(|letter| letter.chars().count() == 1) {
                Some(letter) => format!("flag needs an argument: '{letter}' in {last}"),
                None => format!("flag needs an argument: {}", flag_name(&argument)),
            }
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map_or_else(|| choices(error), ToString::to_string);
            match argument.starts_with("--") {
                // Helm looks at these itself, after the parser.
                true if reason.starts_with("invalid dry-run") || reason.starts_with("invalid cascade") => {
                    reason
                }
                true => {
                    let flag = with_shorthand(program, path, flag_name(&argument));
                    format!("invalid argument {value:?} for \"{flag}\" flag: {reason}")
                }
                false if error.kind() == ErrorKind::InvalidValue => {
                    format!("invalid argument {value:?}: {reason}")
                }
                false => reason,
            }
        }
        _ => plain(error),
    }
}

fn wrong_count(path: &[String]) -> Option<String> {
    let arity = ARITIES.iter().find(|arity| arity.path == path)?;
    let command = path.join(" ");
    Some(format!("\"pintle {command}\" {}\n\nUsage:  pintle {command} {}", arity.count, arity.line))
}

fn unknown_command(error: &Error, program: &Command, path: &[String]) -> String {
    let parent = ["pintle"].into_iter().chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    let mut message =
        format!("unknown command {:?} for {parent:?}", text(error, ContextKind::InvalidSubcommand));
    let parent_command =
        path.iter().fold(program, |command, name| command.find_subcommand(name).unwrap_or(command));
    let typed = text(error, ContextKind::InvalidSubcommand).to_lowercase();
    // cobra: command.go, SuggestionsFor
    let near = |name: &&str| strsim::levenshtein(&typed, name) <= 2 || name.starts_with(&typed);
    let suggested: Vec<&str> = parent_command.get_subcommands().map(Command::get_name).filter(near).collect();
    if !suggested.is_empty() {
        message = format!("{message}\n\nDid you mean this?\n\t{}", suggested.join("\n\t"));
    }
    message + &format!("\n\nRun '{parent} --help' for usage.")
}

/// `--output` as `-o, --output`, where it has a short form.
fn with_shorthand(program: &Command, path: &[String], flag: &str) -> String {
    let mut command = program;
    for name in path {
        command = command.find_subcommand(name).unwrap_or(command);
    }
    let long = flag.trim_start_matches('-');
    let is_it = |arg: &&Arg| arg.get_long() == Some(long);
    let found = command.get_arguments().find(is_it).or_else(|| program.get_arguments().find(is_it));
    match found.and_then(Arg::get_short) {
        Some(short) => format!("-{short}, {flag}"),
        None => flag.to_owned(),
    }
}

fn choices(error: &Error) -> String {
    if text(error, ContextKind::InvalidArg).starts_with("--output ") {
        return "invalid format type".to_owned(); // Helm: pkg/cli/output/output.go, ErrInvalidFormatType
    }
    format!("must be one of {}", text(error, ContextKind::ValidValue))
}

/// `--output <OUTPUT>` and `--output=x` without what follows the name.
fn flag_name(argument: &str) -> &str {
    argument.split([' ', '=', '[']).next().unwrap_or(argument)
}

fn text(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}

/// The parser's own words, without its label and its usage.
fn plain(error: &Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.trim().trim_start_matches("error: ").to_owned()
}
