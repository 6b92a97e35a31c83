//! What a command ends with when it could not do what it was asked.

use std::fmt;
use std::io;

use pintle::render::Explanation;

/// Why a command failed, in one message for the person at the terminal, and what it tells the program that called it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: Option<String>,
    explanation: Option<Box<Explanation>>,
    code: u8,
}

/// The exit code of every failure of Helm's.
const FAILED: u8 = 1;

impl Failure {
    /// A failure with this message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), explanation: None, code: FAILED }
    }

    /// Nothing failed, but the exit code says something.
    pub(crate) fn silent(code: u8) -> Self {
        Self { message: None, explanation: None, code }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    /// The message; `None` where there is none, or nobody can read it because the reader of the output has gone away.
    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What lies behind it in the chart and its values.
    pub(crate) fn explanation(&self) -> Option<&Explanation> {
        self.explanation.as_deref()
    }

    /// The same, with what lies behind it.
    pub(crate) fn explained(self, explanation: Option<Box<Explanation>>) -> Self {
        Self { explanation, ..self }
    }

    /// The same, with what was being done in front.
    pub(crate) fn within(self, doing: impl fmt::Display) -> Self {
        Self { message: self.message.map(|message| format!("{doing}: {message}")), ..self }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::silent(FAILED),
            _ => Self::new(error.to_string()),
        }
    }
}

macro_rules! from {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.to_string())
            }
        }
    )*};
}

impl From<pintle::Error> for Failure {
    fn from(error: pintle::Error) -> Self {
        match error {
            // Helm's commands say it in this way; `install` alone gives the reason (Helm: `pkg/action/*.go`).
            pintle::Error::Name { name } => Self::new(format!("release name is invalid: {name}")),
            error => {
                let explanation = error.explanation().cloned().map(Box::new);
                Self::new(error.to_string()).explained(explanation)
            }
        }
    }
}

from!(
    pintle::chart::ChartError,
    pintle::cluster::Error,
    pintle::registry::RegistryError,
    pintle::render::RenderError,
    pintle::yaml::Error,
    serde_json::Error,
);
