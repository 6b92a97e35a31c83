use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::error::{Error, IoContext as _};
use crate::output::Output;
use crate::parts::Part;
use crate::programs;

/// The real Helm, as the oracle of what compatible means.
///
/// It runs with an empty home, in UTC, without anything of the caller's environment but `PATH`, and without a
/// cluster until it is given one. Clones share the home, and with it added repositories.
///
/// ```no_run
/// # fn main() -> Result<(), pintle_testkit::Error> {
/// let helm = pintle_testkit::Helm::v4()?;
/// helm.run(["create", "web"])?.success()?;
/// let manifest = helm.run(["template", "web", "./web"])?.success()?;
///
/// let bed = pintle_testkit::Bed::shared()?;
/// let tenant = bed.tenant("tenant1")?;
/// let helm = helm.on(&tenant);
/// assert_eq!(helm.run(["list", "-o", "json"])?.success()?.trim(), "[]");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Helm {
    version: &'static str,
    program: PathBuf,
    home: Arc<TempDir>,
    kubeconfig: Option<PathBuf>,
    folder: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
}

impl Helm {
    /// Helm 4.3.1, the version that compatible means.
    pub fn v4() -> Result<Self, Error> {
        Self::new("v4.3.1", Part::Helm4)
    }

    /// Helm 3.22.0, the newest 3.
    pub fn v3() -> Result<Self, Error> {
        Self::new("v3.22.0", Part::Helm3)
    }

    fn new(version: &'static str, part: Part) -> Result<Self, Error> {
        let program = programs::helm(part, version)?;
        let home = TempDir::with_prefix("pintle-helm-").doing("making a home in", &std::env::temp_dir())?;
        Ok(Self {
            version,
            program,
            home: Arc::new(home),
            kubeconfig: None,
            folder: None,
            variables: Vec::new(),
        })
    }

    /// Its version, such as `v4.3.1`.
    pub fn version(&self) -> &str {
        self.version
    }

    /// The path of the program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The same Helm with this cluster, as a user who may do everything.
    pub fn on(&self, cluster: &Cluster) -> Self {
        self.with_kubeconfig(cluster.kubeconfig_path())
    }

    /// The same Helm with the cluster of this kubeconfig.
    pub fn with_kubeconfig(&self, path: &Path) -> Self {
        Self { kubeconfig: Some(path.to_owned()), ..self.clone() }
    }

    /// The same Helm, run in this folder; else it runs in its empty home.
    pub fn within(&self, folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), ..self.clone() }
    }

    /// The same Helm with one more variable in its environment, such as `HELM_DRIVER`.
    pub fn with_variable(&self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let mut helm = self.clone();
        helm.variables.push((name.into(), value.into()));
        helm
    }

    /// Runs it to its end. That it fails is in the output and no error.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Output, Error> {
        self.run_with(arguments, "")
    }

    /// Runs it with a text on its standard input, such as the values for `-f -`.
    pub fn run_with<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Result<Output, Error> {
        let home = self.home.path();
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().env("HOME", home).env("TZ", "UTC");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        for (name, folder) in [
            ("HELM_CACHE_HOME", "cache"),
            ("HELM_CONFIG_HOME", "config"),
            ("HELM_DATA_HOME", "data"),
            ("TMPDIR", "tmp"),
        ] {
            let folder = home.join(folder);
            fs::create_dir_all(&folder).doing("making the folder", &folder)?;
            command.env(name, folder);
        }
        // A file that is not there: Helm neither finds a cluster nor the one of a Pod that the tests run in.
        let none = home.join("no-kubeconfig");
        command.env("KUBECONFIG", self.kubeconfig.as_deref().unwrap_or(&none));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.as_deref().unwrap_or(home));
        Output::of(&mut command, input)
    }
}
