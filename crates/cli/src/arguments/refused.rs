//! Flags of Helm that this program does not honour yet.
//!
//! Each is known to the parser, so that it can be refused by its name instead of with "unexpected argument", and none
//! is ever swallowed.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::{Arguments, Switch, usage};

/// Why the command line was not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It asks for help or for the version.
    Help(Box<clap::Error>),
    /// It cannot be read; the text says why.
    Usage(String),
    /// It has a flag that is Helm's, and not honoured yet.
    NotYet(&'static str),
}

/// Whether a flag takes a value.
#[derive(Clone, Copy)]
enum Takes {
    Nothing,
    Value,
}

use Takes::{Nothing, Value};

/// Of every command.
const GLOBAL: &[(&str, Takes)] = &[
    ("burst-limit", Value),
    ("content-cache", Value),
    ("kube-apiserver", Value),
    ("kube-as-group", Value),
    ("kube-as-user", Value),
    ("kube-ca-file", Value),
    ("kube-insecure-skip-tls-verify", Nothing),
    ("kube-tls-server-name", Value),
    ("kube-token", Value),
    ("qps", Value),
    ("registry-config", Value),
    ("repository-cache", Value),
];

/// Of commands that take a chart.
const CHART: &[(&str, Takes)] = &[
    ("insecure-skip-tls-verify", Nothing),
    ("keyring", Value),
    ("plain-http", Nothing),
    ("verify", Nothing),
];

/// Of commands that render a chart.
const RENDER: &[(&str, Takes)] = &[("dependency-update", Nothing)];

/// Of `template`, which does not yet do what `install` does with them.
const TEMPLATE: &[(&str, Takes)] = &[
    ("enable-dns", Nothing),
    ("hide-secret", Nothing),
    ("post-renderer", Value),
    ("post-renderer-args", Value),
];

/// Of `template`, which has all flags of `install` though these do nothing in Helm either: they are taken.
const WITHOUT_EFFECT: &[(&str, Takes)] = &[
    ("atomic", Nothing),
    ("create-namespace", Nothing),
    ("description", Value),
    ("disable-openapi-validation", Nothing),
    ("force", Nothing),
    ("force-conflicts", Nothing),
    ("force-replace", Nothing),
    ("hide-notes", Nothing),
    ("labels", Value),
    ("replace", Nothing),
    ("rollback-on-failure", Nothing),
    ("server-side", Nothing),
    ("take-ownership", Nothing),
    ("timeout", Value),
    ("wait", Nothing),
    ("wait-for-jobs", Nothing),
];

/// The refused flags of a command, by its path below the program.
fn refused(path: &[&str]) -> Vec<&'static [(&'static str, Takes)]> {
    match path {
        ["install" | "upgrade"] | ["diff", "install" | "upgrade"] => vec![CHART, RENDER],
        ["template"] => vec![CHART, RENDER, TEMPLATE],
        ["list"] => vec![&[("time-format", Value)]],
        ["get", "all"] | ["version"] => vec![&[("template", Value)]],
        ["show", "values"] => vec![CHART, &[("jsonpath", Value)]],
        ["show", _] => vec![CHART],
        ["pull"] => vec![CHART, &[("prov", Nothing)]],
        _ => Vec::new(),
    }
}

/// Reads the command line.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Refusal> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let matches = command().try_get_matches_from(&arguments).map_err(|error| refusal(error, &arguments))?;
    if let Some(flag) = first_refused(&matches, &mut Vec::new()) {
        return Err(Refusal::NotYet(flag));
    }
    Arguments::from_arg_matches(&matches).map_err(|error| refusal(error, &arguments))
}

fn refusal(error: clap::Error, arguments: &[OsString]) -> Refusal {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    if matches!(error.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion) {
        return Refusal::Help(Box::new(error));
    }
    // Which command it is about is not in the error; a second look that takes everything says it.
    let mut path = Vec::new();
    if let Ok(matches) = command().ignore_errors(true).try_get_matches_from(arguments) {
        let mut below = matches.subcommand();
        while let Some((name, matches)) = below {
            path.push(name.to_owned());
            below = matches.subcommand();
        }
    }
    let last = arguments.last().map(|last| last.to_string_lossy()).unwrap_or_default();
    let mut program = command();
    program.build();
    Refusal::Usage(usage::message(&error, &program, &path, &last))
}

/// The whole command line, refused flags included. Commands have their flags once it is built.
pub(crate) fn command() -> Command {
    with_flags(Switch::without_values(Arguments::command()), GLOBAL, true).mut_args(takes_anything)
}

/// A command of the program with its refused flags, and those of the commands below it.
pub(super) fn with_refused(command: Command) -> Command {
    let path = [command.get_name().to_owned()];
    with_refused_at(Switch::without_values(command), &path)
}

/// Lets a flag's value begin with a dash, as Go's `pflag` does (`--set -a=b`, `-f -`).
fn takes_anything(arg: Arg) -> Arg {
    let one_value = arg.get_num_args().is_none_or(|range| range == 1.into());
    let flag = arg.get_long().is_some() && !arg.is_require_equals_set() && arg.get_action().takes_values();
    if flag && one_value { arg.allow_hyphen_values(true) } else { arg }
}

fn with_refused_at(command: Command, path: &[String]) -> Command {
    let borrowed: Vec<&str> = path.iter().map(String::as_str).collect();
    let unused: &[_] = if borrowed == ["template"] { WITHOUT_EFFECT } else { &[] };
    let flags = refused(&borrowed).into_iter().chain([unused]);
    let command = flags.fold(command, |command, flags| with_flags(command, flags, false));
    let below = |command: Command| {
        let path = [path, &[command.get_name().to_owned()]].concat();
        with_refused_at(command, &path)
    };
    command.mut_subcommands(below).mut_args(takes_anything)
}

fn with_flags(command: Command, flags: &'static [(&'static str, Takes)], global: bool) -> Command {
    flags.iter().fold(command, |command, (name, takes)| {
        let mut arg = Arg::new(*name).long(*name).hide(true).global(global);
        if *name == "labels" {
            arg = arg.short('l');
        }
        command.arg(match takes {
            Value => arg.num_args(1).action(ArgAction::Append),
            Nothing => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .action(ArgAction::Append),
        })
    })
}

fn first_refused(matches: &ArgMatches, path: &mut Vec<String>) -> Option<&'static str> {
    let borrowed: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut flags = refused(&borrowed);
    flags.push(GLOBAL);
    let given = |name: &&str| {
        matches.try_contains_id(name).unwrap_or(false)
            && matches.value_source(name) == Some(ValueSource::CommandLine)
    };
    if let Some(name) = flags.into_iter().flatten().map(|(name, _)| *name).find(given) {
        return Some(name);
    }
    let (name, matches) = matches.subcommand()?;
    path.push(name.to_owned());
    first_refused(matches, path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Flags of Helm's help that are no flags of its commands.
    const OF_THE_PARSER: &[&str] = &["help"];

    fn recorded() -> Vec<(Vec<String>, String, String, String)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/cli/flags.txt");
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let mut parts = line.split('|').map(|part| part.trim().to_owned());
            let command = parts.next().unwrap().split(' ').map(str::to_owned).collect();
            (command, parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
        });
        lines.collect()
    }

    #[test]
    fn the_parser_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_flag_of_helm_is_honoured_or_refused_by_its_name() {
        let recorded = recorded();
        assert!(recorded.len() > 500, "{}", recorded.len());
        let mut program = command();
        program.build();
        for (path, short, long, kind) in recorded {
            if OF_THE_PARSER.contains(&long.as_str()) {
                continue;
            }
            let at = format!("{} --{long}", path.join(" "));
            let command = path.iter().fold(&program, |command, name| command.find_subcommand(name).unwrap());
            let aliased =
                |arg: &&Arg| arg.get_all_aliases().is_some_and(|names| names.contains(&long.as_str()));
            let arg =
                command.get_arguments().find(|arg| arg.get_long() == Some(long.as_str()) || aliased(arg));
            let arg = arg.unwrap_or_else(|| panic!("{at} is neither honoured nor refused"));
            assert_eq!(
                arg.get_short().map(String::from).unwrap_or_default(),
                short,
                "the short form of {at}"
            );
            assert_eq!(
                arg.is_require_equals_set(),
                kind.is_empty() || without_value(&path, &long),
                "the value of {at}"
            );
            let borrowed: Vec<&str> = path.iter().map(String::as_str).collect();
            let mut tables = super::refused(&borrowed);
            tables.push(GLOBAL);
            if tables.into_iter().flatten().any(|(name, _)| *name == long) {
                let mut words = vec!["pintle".to_owned()];
                words.extend(path.clone());
                words.push(format!("--{long}"));
                if !arg.is_require_equals_set() {
                    words.push("value".to_owned());
                }
                words.extend(["a".to_owned(), "b".to_owned()].into_iter().take(positionals(&borrowed)));
                match parse(words.into_iter().map(OsString::from)) {
                    Err(Refusal::NotYet(flag)) => assert_eq!(flag, long),
                    other => panic!("{at} is swallowed: {other:?}"),
                }
            }
        }
    }

    /// Flags with a value that can be left out (Go's `NoOptDefVal`).
    fn without_value(path: &[String], long: &str) -> bool {
        matches!(long, "wait" | "dry-run") || (long == "server-side" && path == ["install"])
    }

    fn positionals(path: &[&str]) -> usize {
        match path {
            ["install" | "upgrade" | "template"] => 2,
            ["list" | "version"] => 0,
            _ => 1,
        }
    }
}
