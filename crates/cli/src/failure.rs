//! What a command ends with when it could not do what it was asked.

use std::fmt;
use std::io;

/// Why a command failed, in one message for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(Option<String>);

impl Failure {
    /// A failure with this message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Some(message.into()))
    }

    /// The message; `None` where nobody can read it, because the reader of the output has gone away.
    pub(crate) fn message(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The same, with what was being done in front.
    pub(crate) fn within(self, doing: impl fmt::Display) -> Self {
        Self(self.0.map(|message| format!("{doing}: {message}")))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self(None),
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
            error => Self::new(error.to_string()),
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
