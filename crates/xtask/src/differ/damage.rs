//! Copies of charts with small faults, as people make them: a line too few, a word for another, an odd scalar.
//!
//! A damaged template of a real chart fails where no written fixture thinks of it, deep in helpers of its subcharts; a
//! damaged values file asks the reader of YAML what it makes of texts that nobody would write on purpose.

use std::io;
use std::path::{Path, PathBuf};

use crate::random::Random;

/// What may stand for any scalar of a YAML file.
const SCALARS: [&str; 62] = [
    "",
    "~",
    "Null",
    "yes",
    "NO",
    "on",
    "y",
    "True",
    "0755",
    "0o17",
    "0b101",
    "0x1F",
    "-0x1F",
    "1_000",
    "0_7",
    "+12",
    "-0",
    "-0.0",
    ".5",
    "1.",
    "1e3",
    "1E-9",
    "1e400",
    "6.02e23",
    "123456789012345678",
    "9223372036854775808",
    "99999999999999999999",
    "0.1000",
    ".inf",
    "-.INF",
    ".nan",
    "12:30:45",
    "2024-01-31",
    "2001-12-14t21:59:43.10-05:00",
    "!!str 1",
    "!!int \"3\"",
    "!!float 1",
    "!!bool \"yes\"",
    "!!binary aGVsbG8=",
    "!!null x",
    "!own tag",
    "&a x",
    "*a",
    "\"\\x41\\u263a\\n\\\"\"",
    "\"open",
    "'it''s'",
    "'open",
    "[a, b]",
    "[a, [b, {c: d}], ]",
    "{a: b, c}",
    "{a: b",
    "|\n  two\n  lines",
    ">-\n  folded\n   more\n  text",
    "- a",
    "? a",
    "# nothing",
    "@x",
    "%x",
    "`x`",
    "a: b",
    "\ttab",
    "{{ .Release.Name }}",
];

/// What is put between the letters of a template.
const PIECES: [&str; 44] = [
    "{{",
    "}}",
    "{{-",
    "-}}",
    "{{ end }}",
    "{{ else }}",
    "{{ .Values }}",
    "{{ . }}",
    "{{- if . }}",
    "(",
    ")",
    "|",
    ".",
    "$",
    "$.",
    "\"",
    "`",
    "'",
    ":=",
    "=",
    ",",
    " ",
    "\n",
    "\r\n",
    "\t",
    "-",
    "- ",
    ": ",
    "---\n",
    "#",
    "0",
    "1",
    "x",
    "é",
    "\u{feff}",
    "\\",
    "%",
    "nil",
    "not ",
    "| quote",
    "| toYaml",
    "| fromYaml",
    "| int",
    "| nindent 2",
];

/// What a file of a chart is, for how it is damaged.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sort {
    Template,
    Yaml,
    Other,
}

/// Copies a chart's folder, what symbolic links lead to included.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match std::fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => copy(&entry.path(), &target)?,
            Ok(metadata) if metadata.is_file() => drop(std::fs::copy(entry.path(), target)?),
            _ => {}
        }
    }
    Ok(())
}

/// Damages one or two files of a chart, other ones for other random numbers.
pub(super) fn damage(chart: &Path, random: &mut Random) -> io::Result<()> {
    let mut files = Vec::new();
    find(chart, &mut files)?;
    files.sort();
    for _ in 0..=random.below(2) {
        // Most charts are templates for the most part; the few other files deserve more than their share.
        let wanted = *random
            .pick(&[Sort::Template, Sort::Template, Sort::Template, Sort::Yaml, Sort::Yaml, Sort::Other])
            .unwrap_or(&Sort::Template);
        let some: Vec<&PathBuf> = files.iter().filter(|file| sort(chart, file) == wanted).collect();
        let Some(file) = random.pick(&some) else { continue };
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let text = match wanted {
            Sort::Template if random.below(4) == 0 => words(&text, random),
            Sort::Template => template(&text, random),
            Sort::Yaml if random.below(3) > 0 => scalar(&text, random),
            _ => lines(&text, random),
        };
        std::fs::write(file, text)?;
    }
    Ok(())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn sort(chart: &Path, file: &Path) -> Sort {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let inside = file.strip_prefix(chart).unwrap_or(file);
    if inside.iter().any(|step| step == "templates") {
        return Sort::Template;
    }
    match &*name {
        "values.yaml" | "Chart.yaml" => Sort::Yaml,
        _ => Sort::Other,
    }
}

/// A fault between the marks of a template, or in its lines.
fn template(text: &str, random: &mut Random) -> String {
    match random.below(6) {
        0 => lines(text, random),
        1 => scalar(text, random),
        2 | 3 => words(text, random),
        _ => {
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
            let place = random.pick(&places).copied().unwrap_or_default();
            let (before, behind) = text.split_at_checked(place).unwrap_or((text, ""));
            match random.below(3) {
                0 => before.to_owned() + behind.get(1..).unwrap_or(behind),
                _ => [before, random.pick(&PIECES).copied().unwrap_or_default(), behind].concat(),
            }
        }
    }
}

/// A word of the text in the place of another.
fn words(text: &str, random: &mut Random) -> String {
    let mut found: Vec<(usize, &str)> = Vec::new();
    let mut start = None;
    // Only what stands in actions; the rest is only text.
    let mut depth = 0_usize;
    for (place, letter) in text.char_indices() {
        if text.get(place..).is_some_and(|rest| rest.starts_with("{{")) {
            depth += 1;
        } else if text.get(place..).is_some_and(|rest| rest.starts_with("}}")) {
            depth = depth.saturating_sub(1);
        }
        let inside = depth > 0 && (letter.is_alphanumeric() || "._$\"".contains(letter));
        match (start, inside) {
            (None, true) => start = Some(place),
            (Some(from), false) => {
                found.extend(text.get(from..place).map(|word| (from, word)));
                start = None;
            }
            _ => {}
        }
    }
    let (Some((from, old)), Some((_, new))) = (random.pick(&found), random.pick(&found)) else {
        return lines(text, random);
    };
    let (before, behind) = (text.get(..*from), text.get(from + old.len()..));
    let new = if random.below(4) == 0 { "" } else { *new };
    [before.unwrap_or_default(), new, behind.unwrap_or_default()].concat()
}

/// An odd scalar behind a key or a dash.
fn scalar(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let places: Vec<usize> = (0..lines.len())
        .filter(|place| lines.get(*place).is_some_and(|line| colon(line).is_some()))
        .collect();
    if let Some(line) = random.pick(&places).and_then(|place| lines.get_mut(*place))
        && let Some(place) = colon(line)
    {
        let indent: String = line.chars().take_while(|letter| *letter == ' ').collect();
        let scalar = random.pick(&SCALARS).copied().unwrap_or_default();
        line.truncate(place);
        line.push_str(&scalar.replace('\n', &format!("\n{indent}")));
    }
    lines.join("\n")
}

/// Where the value of a line of YAML begins.
fn colon(line: &str) -> Option<usize> {
    if line.trim_start().starts_with(['#', '{']) {
        return None;
    }
    line.find(": ").map(|place| place + 2).or_else(|| line.find("- ").map(|place| place + 2))
}

/// A line that is missing, double, in another place, or set in or out; or other line ends.
fn lines(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let place = random.below(lines.len());
    match random.below(9) {
        0 | 1 => drop(lines.remove(place)),
        2 => {
            let line = lines.get(place).cloned().unwrap_or_default();
            lines.insert(place, line);
        }
        3 if place > 0 => lines.swap(place - 1, place),
        4 => lines.truncate(place),
        5 => return text.replace('\n', "\r\n"),
        6 => {
            if let Some(line) = lines.get_mut(place) {
                *line = line.trim_start_matches(' ').to_owned();
            }
        }
        _ => {
            let by = " ".repeat(random.below(3) + 1);
            if let Some(line) = lines.get_mut(place) {
                *line = if random.below(3) == 0 {
                    line.strip_prefix(&by).unwrap_or(line).to_owned()
                } else {
                    by + line
                };
            }
        }
    }
    lines.join("\n")
}
