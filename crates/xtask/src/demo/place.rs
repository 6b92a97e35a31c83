//! The clusters that the demo plays in.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use pintle_testkit::{Bed, Helm, Machinery, TenantOptions};

use super::story;
use crate::Fault;

/// The namespace of the management cluster that the release is declared in.
pub(super) const DECLARED_IN: &str = "tenants";

/// A management cluster and a tenant.
pub(super) struct Place {
    bed: Option<Bed>,
    kubectl: PathBuf,
    pub(super) management: PathBuf,
    pub(super) tenant: PathBuf,
    helm: Helm,
}

impl Place {
    /// Boots them.
    pub(super) fn boot() -> Result<Self, Fault> {
        story::title(
            "a management cluster and tenant1 boot (real API servers; the first time their programs are built)",
        );
        let helm = Helm::v4()?;
        let bed = Bed::builder().management(Machinery::Controllers).boot()?;
        bed.management().kubectl(["create", "namespace", DECLARED_IN])?.success()?;
        let options = TenantOptions::new("tenant1").within(DECLARED_IN).machinery(Machinery::Pods);
        let tenant = bed.add_tenant(&options)?;
        let place = Self {
            kubectl: pintle_testkit::program("kubectl")?,
            management: bed.management().kubeconfig_path().to_owned(),
            tenant: tenant.kubeconfig_path().to_owned(),
            helm: helm.on(&tenant),
            bed: Some(bed),
        };
        place.show_management(&["get", "tenantcontrolplanes,secrets", "-n", DECLARED_IN])?;
        Ok(place)
    }

    /// Takes a cluster that is there for both, and declares it as tenant1.
    pub(super) fn existing(kubeconfig: &Path) -> Result<Self, Fault> {
        story::title("an existing cluster is management cluster and tenant");
        let place = Self {
            kubectl: pintle_testkit::program("kubectl")?,
            management: kubeconfig.to_owned(),
            tenant: kubeconfig.to_owned(),
            helm: Helm::v4()?.with_kubeconfig(kubeconfig),
            bed: None,
        };
        place.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {DECLARED_IN}\n"))?;
        let text = std::fs::read_to_string(kubeconfig)?;
        let indented = format!("    {}\n", text.trim_end().replace('\n', "\n    "));
        place.apply(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: tenant1-admin-kubeconfig\n  namespace: {DECLARED_IN}\n\
             stringData:\n  admin.conf: |\n{indented}"
        ))?;
        Ok(place)
    }

    /// The tenant's audit log, where the demo booted it.
    pub(super) fn audit(&self) -> Option<pintle_testkit::AuditLog> {
        let bed = self.bed.as_ref()?;
        let options = TenantOptions::new("tenant1").within(DECLARED_IN).machinery(Machinery::Pods);
        bed.find_tenant(&options).map(|tenant| tenant.audit().clone())
    }

    /// Runs kubectl in the management cluster.
    pub(super) fn manage(&self, arguments: &[&str]) -> Result<String, Fault> {
        run(&self.kubectl, &self.management, arguments, "")
    }

    /// Runs kubectl in the tenant.
    pub(super) fn in_tenant(&self, arguments: &[&str]) -> Result<String, Fault> {
        run(&self.kubectl, &self.tenant, arguments, "")
    }

    /// Applies objects in the management cluster.
    pub(super) fn apply(&self, text: &str) -> Result<(), Fault> {
        run(&self.kubectl, &self.management, &["apply", "-f", "-"], text).map(drop)
    }

    /// Tells what kubectl says in the management cluster.
    pub(super) fn show_management(&self, arguments: &[&str]) -> Result<(), Fault> {
        story::command(&format!("kubectl {}", arguments.join(" ")), &self.manage(arguments)?);
        Ok(())
    }

    /// Tells what kubectl says in the tenant.
    pub(super) fn show_tenant(&self, arguments: &[&str]) -> Result<String, Fault> {
        let output = self.in_tenant(arguments)?;
        story::command(&format!("kubectl {}   # in the tenant", arguments.join(" ")), &output);
        Ok(output)
    }

    /// Tells what the real Helm says in the tenant.
    pub(super) fn show_helm(&self, arguments: &[&str]) -> Result<String, Fault> {
        let output = self.helm.run(arguments)?.success()?;
        story::command(&format!("helm {}   # in the tenant", arguments.join(" ")), &output);
        Ok(output)
    }

    /// Asks the real Helm in the tenant.
    pub(super) fn helm(&self, arguments: &[&str]) -> Result<String, Fault> {
        Ok(self.helm.run(arguments)?.success()?)
    }

    /// Lets the clusters run on.
    pub(super) fn leave_running(&self) -> Result<(), Fault> {
        story::say(&format!("management cluster: KUBECONFIG={}", self.management.display()));
        story::say(&format!("tenant1:            KUBECONFIG={}", self.tenant.display()));
        if let Some(bed) = &self.bed {
            story::say(&format!("to end all of it:   sh {}", bed.leave_running()?.display()));
        }
        Ok(())
    }
}

fn run(program: &Path, kubeconfig: &Path, arguments: &[&str], input: &str) -> Result<String, Fault> {
    use std::io::Write as _;
    use std::process::Stdio;

    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = Command::new(program)
        .arg(OsStr::new("--kubeconfig"))
        .arg(kubeconfig)
        .args(arguments)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("kubectl {}: {}", arguments.join(" "), reason.trim()).into())
}
