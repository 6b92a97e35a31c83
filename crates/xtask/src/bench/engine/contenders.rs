//! The two programs and the API server that both work on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pintle_benches::{ProgramsJob, Run};
use pintle_testkit::{AuditEvents, Bed, Machinery, Tenant, TenantOptions};

use crate::Fault;
use crate::bench::programs::Programs;
use crate::corpus;
use crate::oracle::Helm;

/// An API server without controllers, so that nothing but the two programs keeps it busy, and each program with a
/// namespace, a home and a user of its own: the user tells in the audit log whose a request was.
pub(super) struct Contenders<'a> {
    pub(super) tenant: Tenant,
    pub(super) helm: Contender,
    pub(super) pintle: Contender,
    programs: &'a Programs,
    folder: tempfile::TempDir,
    /// Its home is the first contender's.
    _helm: Helm,
}

/// One of the two.
pub(super) struct Contender {
    user: &'static str,
    program: PathBuf,
    /// The namespace that it works in.
    pub(super) namespace: &'static str,
    kubeconfig: PathBuf,
}

/// What one call took, and how many requests it sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) run: Run,
    pub(super) reads: usize,
    pub(super) writes: usize,
}

impl<'a> Contenders<'a> {
    /// Boots the API server.
    pub(super) fn new(programs: &'a Programs) -> Result<Self, Fault> {
        let options = TenantOptions::new("bench").machinery(Machinery::Api);
        let bed = Bed::builder().management(Machinery::Api).tenant(options.clone()).boot()?;
        let tenant = bed.find_tenant(&options).ok_or("the bed has no tenant")?;
        let helm = Helm::find()?;
        let folder = tempfile::tempdir()?;
        let contender = |user: &'static str, program: PathBuf| -> Result<Contender, Fault> {
            let kubeconfig = folder.path().join(format!("{user}.conf"));
            std::fs::write(&kubeconfig, tenant.kubeconfig_of(user, Some("system:masters"))?)?;
            let namespace =
                serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": user}});
            tenant.api().create("/api/v1/namespaces", &namespace)?;
            Ok(Contender { user, program, namespace: user, kubeconfig })
        };
        let (theirs, ours) = (
            contender("bench-helm", helm.binary().to_owned())?,
            contender("bench-pintle", programs.pintle.clone())?,
        );
        Ok(Self { tenant, helm: theirs, pintle: ours, programs, folder, _helm: helm })
    }

    /// Runs one action of each program; who begins changes from round to round.
    pub(super) fn turn(&self, round: usize, arguments: &[&str]) -> Result<[Measured; 2], Fault> {
        if round.is_multiple_of(2) {
            let helm = self.measure(&self.helm, arguments)?;
            Ok([helm, self.measure(&self.pintle, arguments)?])
        } else {
            let pintle = self.measure(&self.pintle, arguments)?;
            Ok([self.measure(&self.helm, arguments)?, pintle])
        }
    }

    fn measure(&self, contender: &Contender, arguments: &[&str]) -> Result<Measured, Fault> {
        let job = ProgramsJob {
            commands: vec![contender.command_line(arguments)],
            folder: corpus::workspace().join("benches").join("charts"),
            environment: self.environment(contender),
            warmup: 0,
            runs: 1,
        };
        let mark = self.tenant.audit().mark()?;
        let runs = self.programs.stopwatch.time(&job)?;
        let run = *runs.first().and_then(|runs| runs.first()).ok_or("nothing was measured")?;
        let sent: AuditEvents = self.tenant.audit().since(&mark)?.by_user(contender.user).requests();
        Ok(Measured { run, reads: sent.clone().reads().len(), writes: sent.writes().len() })
    }

    /// What a program prints.
    pub(super) fn output(&self, contender: &Contender, arguments: &[&str]) -> Result<String, Fault> {
        let line = contender.command_line(arguments);
        let (program, arguments) = line.split_first().ok_or("an empty command line")?;
        let output = std::process::Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(self.environment(contender))
            .current_dir(corpus::workspace().join("benches").join("charts"))
            .output()?;
        if !output.status.success() {
            return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn environment(&self, contender: &Contender) -> BTreeMap<String, String> {
        let home = self.folder.path().display().to_string();
        let kubeconfig = contender.kubeconfig.display().to_string();
        [("HOME", home), ("KUBECONFIG", kubeconfig), ("TZ", "UTC".to_owned())]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

impl Contender {
    fn command_line(&self, arguments: &[&str]) -> Vec<String> {
        let namespace = ["--namespace", self.namespace];
        let arguments = arguments.iter().chain(&namespace).map(|argument| (*argument).to_owned());
        std::iter::once(self.program.display().to_string()).chain(arguments).collect()
    }
}
