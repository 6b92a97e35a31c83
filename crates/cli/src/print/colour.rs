//! Colours, as Helm draws them.

use std::io::IsTerminal;

use pintle::release::Status;

use crate::arguments::Color;

/// Whether results are coloured (Helm: `internal/cli/output/color.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Palette {
    /// They are.
    Colours,
    /// They are not.
    Plain,
}

impl Palette {
    /// What the flag asks for a stream: `auto` colours what a person looks at, unless `NO_COLOR` is set.
    pub(crate) fn of(color: Color, stream: &impl IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match color {
            Color::Always => Self::Colours,
            Color::Auto if stream.is_terminal() && !unwanted => Self::Colours,
            Color::Auto | Color::Never => Self::Plain,
        }
    }

    /// A heading.
    pub(crate) fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// A namespace.
    pub(crate) fn namespace(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// A release's state.
    pub(crate) fn status(self, status: &Status) -> String {
        match status {
            Status::Deployed => self.paint("32", status.as_str()),
            Status::Failed | Status::Unknown => self.paint("31", status.as_str()),
            Status::Uninstalling => self.paint("33", status.as_str()),
            pending if pending.is_pending() => self.paint("33", status.as_str()),
            _ => status.as_str().to_owned(),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Colours => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}
