//! The programs that are compared, called the same way.

use std::path::PathBuf;
use std::process::Command;

use pintle_testkit::{Helm, Tenant};

/// A program that installs charts.
pub(crate) enum Tool {
    Helm(Helm),
    Pintle { kubeconfig: PathBuf, home: tempfile::TempDir, merge: Merge },
}

/// Where Pintle merges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    Server,
    Client,
}

/// How a call ended.
pub(crate) struct Ended {
    pub(crate) exit: i32,
    pub(crate) stderr: String,
}

impl Tool {
    pub(crate) fn helm(helm: &Helm, tenant: &Tenant) -> Self {
        Self::Helm(helm.on(tenant))
    }

    pub(crate) fn pintle(tenant: &Tenant, merge: Merge) -> Self {
        let kubeconfig = tenant.kubeconfig_path().to_owned();
        Self::Pintle { kubeconfig, home: tempfile::tempdir().unwrap(), merge }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        match self {
            Self::Helm(helm) => {
                let output = helm.run(arguments).unwrap();
                Ended { exit: output.code, stderr: output.stderr }
            }
            Self::Pintle { kubeconfig, home, merge } => {
                let merges = matches!(arguments.first(), Some(&("install" | "upgrade" | "rollback")));
                let merge = (*merge == Merge::Client && merges).then_some("--server-side=false");
                let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
                    .args(arguments)
                    .args(merge)
                    .env_clear()
                    .env("HOME", home.path())
                    .env("KUBECONFIG", kubeconfig)
                    .env("TZ", "UTC")
                    .output()
                    .unwrap();
                let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
                Ended { exit: output.status.code().unwrap_or(-1), stderr }
            }
        }
    }
}
