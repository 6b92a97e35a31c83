//! Where a chart comes from: a folder, an archive, an address, or a repository.

use std::io;
use std::path::Path;

use pintle::Chart;
use pintle::chart::Links;
use pintle::registry::{Bytes, Credentials, Http, RegistryError, Repository, RepositoryBuilder, Tls};

use crate::Failure;
use crate::arguments::{ChartFlags, GlobalFlags, Switch};
use crate::repositories::{self, Known};

/// A chart archive that came over the network.
pub(crate) struct Download {
    /// The last part of its address.
    pub(crate) file: String,
    /// The archive.
    pub(crate) bytes: Bytes,
}

/// Reads the chart that the command line names (Helm: `pkg/action/install.go`, `LocateChart`).
pub(crate) async fn chart(
    reference: &str,
    flags: &ChartFlags,
    global: &GlobalFlags,
) -> Result<Chart, Failure> {
    let reference = reference.trim();
    let limits = pintle::chart::Limits::default();
    if flags.repo.is_none() {
        if Path::new(reference).exists() {
            let file = Path::new(reference).join("Chart.yaml");
            if Path::new(reference).is_dir() && !file.exists() {
                let file = std::path::absolute(file)?;
                let file = file.display();
                let reason = "no such file or directory";
                return Err(Failure::new(format!("unable to detect chart at {file}: open {file}: {reason}")));
            }
            return Ok(Chart::from_path(reference, &limits.with_links(Links::All))?);
        }
        if Path::new(reference).is_absolute() || reference.starts_with('.') {
            return Err(Failure::new(format!("path {reference:?} not found")));
        }
    }
    let archive = download(reference, flags, global).await?;
    Ok(Chart::from_archive(&archive.bytes, &limits)?)
}

/// Downloads the archive that the command line names.
pub(crate) async fn download(
    reference: &str,
    flags: &ChartFlags,
    global: &GlobalFlags,
) -> Result<Download, Failure> {
    let reference = reference.trim();
    if reference.starts_with("oci://") {
        return Err(Failure::new("charts in OCI registries (oci://) are not supported yet"));
    }
    if let Some(url) = &flags.repo {
        let known = Known { url: url.clone(), ..Known::default() };
        return from_repository(&known, reference, flags)
            .await
            .map_err(|error| worded(error, url, reference, flags));
    }
    if reference.starts_with("http://") || reference.starts_with("https://") {
        let http = http(&Known::default(), flags)?;
        let mut request = http.download(reference);
        if let Some(credentials) = credentials(&Known::default(), flags) {
            request = request.credentials(credentials);
        }
        let file = last_part(reference.split(['?', '#']).next().unwrap_or(reference));
        return Ok(Download { file, bytes: request.bytes().await? });
    }
    let Some((repository, name)) = reference.split_once('/') else {
        let reason = "non-absolute URLs should be in form of repo_name/path_to_chart, got";
        return Err(Failure::new(format!("{reason}: {reference}")));
    };
    let known = repositories::find(repository, global)?;
    from_repository(&known, name, flags).await.map_err(|error| worded(error, &known.url, name, flags))
}

async fn from_repository(known: &Known, name: &str, flags: &ChartFlags) -> Result<Download, Problem> {
    let repository = builder(known, flags)?.build(&http(known, flags)?);
    let found = repository.resolve(name, constraint(flags)).await?;
    let bytes = repository.download(&found).await?;
    Ok(Download { file: last_part(found.url.path()), bytes })
}

fn builder(known: &Known, flags: &ChartFlags) -> Result<RepositoryBuilder, RegistryError> {
    let mut builder = Repository::builder(&known.url)?;
    if let Some(credentials) = credentials(known, flags) {
        builder = builder.credentials(credentials);
    }
    if known.pass_credentials || Switch::is_on(flags.pass_credentials) {
        builder = builder.pass_credentials();
    }
    Ok(builder)
}

fn credentials(known: &Known, flags: &ChartFlags) -> Option<Credentials> {
    let username = flags.username.as_ref().or(known.username.as_ref())?;
    let password = flags.password.as_ref().or(known.password.as_ref());
    Some(Credentials::basic(username, password.map(String::as_str).unwrap_or_default()))
}

fn http(known: &Known, flags: &ChartFlags) -> Result<Http, Problem> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| Failure::new(format!("open {}: {}", path.display(), reason(&error))))
    };
    let mut tls = Tls::new();
    if let Some(path) = flags.ca_file.as_ref().or(known.ca_file.as_ref()) {
        tls = tls.authorities(read(path)?);
    }
    let certificate = flags.cert_file.as_ref().or(known.cert_file.as_ref());
    let key = flags.key_file.as_ref().or(known.key_file.as_ref());
    if let (Some(certificate), Some(key)) = (certificate, key) {
        tls = tls.identity(read(certificate)?, read(key)?);
    }
    Ok(Http::with_tls(&tls)?)
}

/// `--version`, and what `--devel` stands for.
fn constraint(flags: &ChartFlags) -> &str {
    match &flags.version {
        Some(version) if !version.trim().is_empty() => version.trim(),
        _ if Switch::is_on(flags.devel) => ">0.0.0-0",
        _ => "",
    }
}

/// What went wrong: in the repository, or before it was asked.
enum Problem {
    Registry(RegistryError),
    Other(Failure),
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Registry(error) => error.into(),
            Problem::Other(failure) => failure,
        }
    }
}

/// The problem in Helm's words, where Helm has some (Helm: `pkg/repo/v1/chartrepo.go`, `FindChartInRepoURL`).
fn worded(problem: Problem, url: &str, name: &str, flags: &ChartFlags) -> Failure {
    let Problem::Registry(error) = problem else { return problem.into() };
    let version = constraint(flags);
    let chart = if version.is_empty() {
        format!("chart {name:?}")
    } else {
        format!("chart {name:?} version {version:?}")
    };
    match error {
        RegistryError::NoChart { .. }
        | RegistryError::NoVersion { .. }
        | RegistryError::Constraint { .. } => Failure::new(format!("{chart} not found in {url} repository")),
        RegistryError::NoAddress { .. } => Failure::new(format!("{chart} has no downloadable URLs")),
        RegistryError::Digest { .. } | RegistryError::Chart { .. } | RegistryError::Url { .. } => {
            error.into()
        }
        error => Failure::from(error)
            .within(format!("looks like {url:?} is not a valid chart repository or cannot be reached")),
    }
}

fn last_part(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// What the system said, as Go prints it: in lower case and without the number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
