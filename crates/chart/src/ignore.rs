//! The rules of a `.helmignore` file.

use crate::{ChartError, PathPattern};

/// Rules that leave files out of a chart (Helm: `pkg/ignore/rules.go`).
///
/// The rules are read in order and the first that speaks decides. A rule with `!` in front ignores whatever it does
/// **not** match: that is Helm's rule, and not git's.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    negated: bool,
    directories_only: bool,
    base_only: bool,
    pattern: PathPattern,
}

/// Whether a path is a directory or a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a path of a chart is one or the other")]
pub enum PathKind {
    /// A directory.
    Directory,
    /// Anything else.
    File,
}

impl IgnoreRules {
    /// The rules of a `.helmignore` file with these bytes, and Helm's own behind them (`templates/.?*`).
    pub fn parse(bytes: &[u8]) -> Result<Self, ChartError> {
        let mut rules = Self::default();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for line in bytes.split(|byte| *byte == b'\n') {
            if line.len() >= 64 * 1024 {
                return Err(ChartError::IgnoreRule("bufio.Scanner: token too long".to_owned()));
            }
            rules.add(&String::from_utf8_lossy(line))?;
        }
        rules.add_defaults();
        Ok(rules)
    }

    /// Helm's own rules, for a chart without a `.helmignore`.
    pub fn defaults() -> Self {
        let mut rules = Self::default();
        rules.add_defaults();
        rules
    }

    fn add_defaults(&mut self) {
        if let Ok(pattern) = PathPattern::new("templates/.?*") {
            self.0.push(Rule { negated: false, directories_only: false, base_only: false, pattern });
        }
    }

    fn add(&mut self, line: &str) -> Result<(), ChartError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err(ChartError::IgnoreRule("double-star (**) syntax is not supported".to_owned()));
        }
        let bad = |text: &str| ChartError::IgnoreRule(text.to_owned());
        PathPattern::new(line).map_err(bad)?;
        let (negated, rule) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (directories_only, rule) = match rule.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let base_only = !rule.contains('/');
        let rule = rule.strip_prefix('/').unwrap_or(rule);
        // What is left over may be no pattern any more (`\/` for example); then Helm's rule never matches.
        let Ok(pattern) = PathPattern::new(rule) else { return Ok(()) };
        self.0.push(Rule { negated, directories_only, base_only, pattern });
        Ok(())
    }

    /// Whether the rules leave out this path, given from the chart's folder with `/` between its parts.
    pub fn ignores(&self, path: &str, kind: PathKind) -> bool {
        if matches!(path, "" | "." | "./") {
            return false;
        }
        let base = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        let directory = kind == PathKind::Directory;
        for rule in &self.0 {
            let matches = || rule.pattern.matches(if rule.base_only { base } else { path });
            if rule.negated {
                if (rule.directories_only && !directory) || !matches() {
                    return true;
                }
            } else if (!rule.directories_only || directory) && matches() {
                return true;
            }
        }
        false
    }
}
