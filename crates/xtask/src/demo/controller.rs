//! The controller as a process of its own, as an admin runs it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::place::Place;
use super::story;
use crate::Fault;

/// How the controller's requests are told from others in an audit log.
pub(super) const AGENT: &str = "pintle";

/// A running controller; it ends with this value.
pub(super) struct Controller {
    child: RefCell<Option<Child>>,
    log: PathBuf,
}

/// Builds the program, without optimisation: it is soon there, and quick enough.
pub(super) fn build() -> Result<PathBuf, Fault> {
    story::title("the controller is built");
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--package",
            "pintle-controller",
            "--message-format",
            "json-render-diagnostics",
        ])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("the controller could not be built".into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut executables = text.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executables.next_back().ok_or_else(|| "cargo did not say where the controller is".into())
}

impl Controller {
    /// Installs the custom resources and starts it.
    pub(super) fn start(program: &PathBuf, place: &Place) -> Result<Self, Fault> {
        story::title("the custom resources are installed and the controller is started");
        let crds = Command::new(program).arg("crds").output()?;
        place.apply(&String::from_utf8_lossy(&crds.stdout))?;
        place.manage(&["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"])?;
        let log = std::env::temp_dir().join(format!("pintle-demo-controller-{}.log", std::process::id()));
        let child = Command::new(program)
            .arg("run")
            .arg("--kubeconfig")
            .arg(&place.management)
            .args(["--metrics-addr", "127.0.0.1:0", "--health-addr", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .spawn()?;
        story::say(&format!("it logs to {}", log.display()));
        Ok(Self { child: RefCell::new(Some(child)), log })
    }

    /// The last lines of its log.
    pub(super) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }

    /// Lets it run on.
    pub(super) fn leave_running(&self) {
        if let Some(child) = self.child.borrow_mut().take() {
            story::say(&format!("controller:         process {}, log {}", child.id(), self.log.display()));
        }
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.borrow_mut().take() {
            // It may have ended by itself; either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
