//! Failures by what they have in common, for chores that compare thousands of cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One case that differs.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the case is named in a list.
    pub(crate) name: String,
    /// The command line that shows it.
    pub(crate) command: String,
    /// What differs.
    pub(crate) difference: String,
}

/// Failures with one cause, as far as their texts tell.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// What the differences have in common.
    pub(crate) reason: String,
    /// The failures in the order in which they were given.
    pub(crate) members: Vec<&'a Failure>,
}

/// The failures by reason, the largest group first.
pub(crate) fn group(failures: &[Failure]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<String, Vec<&Failure>> = BTreeMap::new();
    for failure in failures {
        groups.entry(reason(&failure.difference)).or_default().push(failure);
    }
    let mut groups: Vec<_> = groups.into_iter().map(|(reason, members)| Group { reason, members }).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));
    groups
}

/// The first line of a text, or rather: all of them in one, cut after some letters.
pub(crate) fn shorten(text: &str, letters: usize) -> String {
    let text = text.replace('\n', " | ");
    if text.chars().count() <= letters { text } else { text.chars().take(letters).chain(['…']).collect() }
}

/// The groups for a terminal, some members of each.
pub(crate) fn summary(groups: &[Group<'_>], show: usize) -> String {
    let mut text = String::new();
    for group in groups {
        let _ = writeln!(text, "{:5} {}", group.members.len(), group.reason);
        for failure in group.members.iter().take(show) {
            let _ = writeln!(text, "        {}: {}", failure.name, shorten(&failure.difference, 300));
        }
    }
    text
}

/// The groups with everything that is known of each failure, for a file.
pub(crate) fn report(groups: &[Group<'_>]) -> String {
    let mut text = String::new();
    for group in groups {
        let _ = writeln!(text, "## {} × {}\n", group.members.len(), group.reason);
        for failure in &group.members {
            let _ = writeln!(text, "{}\n    {}", failure.name, failure.command);
            let _ = writeln!(text, "    {}\n", failure.difference.replace('\n', "\n    "));
        }
    }
    text
}

/// What a difference has in common with others: its text without names of files, numbers and quoted parts.
fn reason(difference: &str) -> String {
    // The innermost message of a template error stands last and says most.
    let line = difference
        .lines()
        .rfind(|line| !line.is_empty() && !line.starts_with("Use --debug"))
        .unwrap_or(difference);
    let tail = line.rsplit_once(">: ").map_or(line, |(_, tail)| tail);
    let mut common = String::new();
    let mut quoted = false;
    for letter in tail.chars() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            digit if digit.is_ascii_digit() => {
                if !common.ends_with('#') {
                    common.push('#');
                }
            }
            other => common.push(other),
        }
    }
    shorten(&common, 120)
}
