//! What Helm says and goes on.

use std::fmt;

/// Something that Helm writes to its log and goes on.
///
/// Printed it is the line of Helm's log (Go: `log/slog`, `TextHandler`, without the time).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// How grave it is.
    pub level: Level,
    /// Helm's text.
    pub message: String,
    /// What it is about, as names and texts.
    pub attributes: Vec<(&'static str, String)>,
}

/// How grave a [`Warning`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Helm's level `INFO`.
    Info,
    /// Helm's level `WARN`.
    Warn,
    /// Helm's level `ERROR`.
    Error,
}

impl Warning {
    /// A warning of level [`Level::Info`].
    pub fn info(message: impl Into<String>) -> Self {
        Self { level: Level::Info, message: message.into(), attributes: Vec::new() }
    }

    /// A warning of level [`Level::Warn`].
    pub fn warn(message: impl Into<String>) -> Self {
        Self { level: Level::Warn, message: message.into(), attributes: Vec::new() }
    }

    /// A line of level [`Level::Error`], which Helm logs before it fails.
    pub fn error(message: impl Into<String>) -> Self {
        Self { level: Level::Error, message: message.into(), attributes: Vec::new() }
    }

    /// The same warning with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.attributes.push((name, text.into()));
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.level {
            Level::Info => "level=INFO msg=",
            Level::Warn => "level=WARN msg=",
            Level::Error => "level=ERROR msg=",
        })?;
        write_text(f, &self.message)?;
        for (name, text) in &self.attributes {
            write!(f, " {name}=")?;
            write_text(f, text)?;
        }
        Ok(())
    }
}

/// Quotes a text that has blanks, quotes, `=` or unprintable letters (Go: `log/slog`, `needsQuoting`).
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let plain = |letter: char| {
        letter == '\\'
            || (!matches!(letter, ' ' | '=' | '"') && pintle_value::is_print(letter) && letter != '\u{fffd}')
    };
    if !text.is_empty() && text.chars().all(plain) {
        f.write_str(text)
    } else {
        f.write_str(&pintle_value::quoted(text))
    }
}
