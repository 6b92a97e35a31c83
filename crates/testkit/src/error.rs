use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why the test bed, the chart server or an oracle could not do what a test asked for.
///
/// Messages are made for the person who reads a failed test: they name the program, the file or the
/// request, show the last lines of the log where there is one, and say what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program is neither installed nor can it be built, because there is no usable `go`.
    #[error(
        "{program} is not available: not in KUBEBUILDER_ASSETS, not on PATH, and {reason}; install Go 1.21 or \
         newer from https://go.dev/dl (it fetches the toolchain that is needed by itself), or put {program} \
         into a folder on PATH or into the one that KUBEBUILDER_ASSETS names"
    )]
    NoProgram {
        /// The program that was asked for, such as `kube-apiserver`.
        program: String,
        /// What is wrong with `go`: not found, or its version is too old.
        reason: String,
    },

    /// `go build` or `go install` did not succeed.
    #[error("building {part} ended with {status}:\n{tail}\n(the command was `{command}`)")]
    Build {
        /// The part that was built, such as `controlplane`.
        part: &'static str,
        /// The command line.
        command: String,
        /// How the command ended.
        status: ExitStatus,
        /// The last lines of what it said.
        tail: String,
    },

    /// A file or folder could not be read or written.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done, such as `reading`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason of the operating system.
        #[source]
        source: std::io::Error,
    },

    /// A program could not be started.
    #[error("starting {program}: {source}")]
    Start {
        /// The program's path.
        program: PathBuf,
        /// The reason of the operating system.
        #[source]
        source: std::io::Error,
    },

    /// A part of the bed ended by itself while it was needed.
    #[error("{program} of {owner} ended with {status}; the last lines of {}:\n{tail}", log.display())]
    Ended {
        /// The program, such as `kube-apiserver`.
        program: String,
        /// The cluster or bed that it belongs to.
        owner: String,
        /// How it ended.
        status: ExitStatus,
        /// Its log file.
        log: PathBuf,
        /// The last lines of that file.
        tail: String,
    },

    /// Something that was waited for did not happen in time.
    #[error("{what} did not happen within {} s; last seen: {last}{}", waited.as_secs(), lines(tail))]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long it was waited for.
        waited: Duration,
        /// What the last look showed.
        last: String,
        /// The last lines of the log of the program that should have done it; empty where there is none.
        tail: String,
    },

    /// An API server answered a request with an error.
    #[error("{method} {path} on cluster {cluster}: {status} {message}")]
    Refused {
        /// The cluster's name.
        cluster: String,
        /// The HTTP method.
        method: &'static str,
        /// The path of the request.
        path: String,
        /// The HTTP status code.
        status: u16,
        /// The message of the server's `Status` object, else its whole answer.
        message: String,
    },

    /// An API server did not answer a request.
    #[error("{method} {path} on cluster {cluster}: no answer: {reason}")]
    Unanswered {
        /// The cluster's name.
        cluster: String,
        /// The HTTP method.
        method: &'static str,
        /// The path of the request.
        path: String,
        /// The reason, as the HTTP client says it.
        reason: String,
    },

    /// A command that was expected to succeed ended with another code than 0.
    #[error("`{command}` ended with code {code}:\n{stderr}")]
    Command {
        /// The command line.
        command: String,
        /// The exit code; -1 when a signal ended it.
        code: i32,
        /// What it wrote to its standard error.
        stderr: String,
    },

    /// The bed was booted by another process, which alone may stop its parts.
    #[error(
        "cluster {cluster} belongs to the bed of another process; boot a tenant of your own with \
         `Bed::add_tenant` to {doing} it"
    )]
    Foreign {
        /// The cluster's name.
        cluster: String,
        /// What was asked for, such as `stop`.
        doing: &'static str,
    },

    /// The file that `PINTLE_BED` names does not describe a living bed.
    #[error("PINTLE_BED names {}, which is not usable: {reason}; unset it to let the test boot a bed of its own", path.display())]
    Handover {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The bed that the tests of this process share could not be booted.
    #[error("the bed of this process could not be booted: {reason}")]
    SharedBed {
        /// The message of the first error; every later test of the process gets the same.
        reason: String,
    },

    /// A name that cannot be used.
    #[error("{what} {name:?} cannot be used: {reason}")]
    Name {
        /// What the name is for.
        what: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// A chart that cannot be served.
    #[error("chart {chart}: {reason}")]
    Chart {
        /// The chart's folder, or `archive`.
        chart: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A certificate or key could not be made.
    #[error("making the certificate of {subject}: {source}")]
    Certificate {
        /// The name in the certificate.
        subject: String,
        /// The reason.
        #[source]
        source: rcgen::Error,
    },

    /// TLS could not be set up.
    #[error("setting up TLS for {peer}: {reason}")]
    Tls {
        /// Whose connection it is.
        peer: String,
        /// The reason.
        reason: String,
    },
}

/// The lines of a log on lines of their own, or nothing.
fn lines(tail: &str) -> String {
    if tail.is_empty() { String::new() } else { format!("; the last lines of its log:\n{tail}") }
}

/// Adds what was being done, and to which file, to an error of the operating system.
pub(crate) trait IoContext<T> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, Error>;
}

impl<T> IoContext<T> for Result<T, std::io::Error> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { doing, path: path.to_owned(), source })
    }
}
