//! Finds the programs that tests run: installed ones where they are there, built ones else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::error::Error;
use crate::parts::Part;
use crate::toolchain;

/// The path of one of the programs of a control plane.
///
/// Looked for in the folder that `KUBEBUILDER_ASSETS` names, then on `PATH`, then built.
pub(crate) fn control_plane(program: &str) -> Result<PathBuf, Error> {
    match installed(program) {
        Some(path) => Ok(path),
        None => Ok(once(Part::ControlPlane)?.join(program)),
    }
}

/// The path of the kubectl that goes with the API servers of a bed: a built one where those are built, since an
/// installed one may be too old for them.
pub(crate) fn kubectl() -> Result<PathBuf, Error> {
    match installed("kube-apiserver").and_then(|_| installed("kubectl")) {
        Some(path) => Ok(path),
        None => Ok(once(Part::ControlPlane)?.join("kubectl")),
    }
}

/// The path of `etcd`, `kube-apiserver`, `kube-controller-manager`, `kube-scheduler` or `kubectl`: from the
/// folder that `KUBEBUILDER_ASSETS` names, from `PATH`, or built.
///
/// A first build takes about ten minutes. Errors as [`Error::NoProgram`] when there is no `go` to build it
/// with, and as [`Error::Name`] for another program.
pub fn program(name: &str) -> Result<PathBuf, Error> {
    if Part::ControlPlane.programs().contains(&name) {
        control_plane(name)
    } else {
        Err(Error::Name {
            what: "the program",
            name: name.to_owned(),
            reason: "it is none of those of a control plane",
        })
    }
}

/// The path of kwok and of the file with its stages. The stages come with the module, so that an installed
/// kwok needs them built all the same.
pub(crate) fn kwok() -> Result<(PathBuf, PathBuf), Error> {
    let built = once(Part::Kwok)?;
    let program = installed("kwok").unwrap_or_else(|| built.join("kwok"));
    Ok((program, built.join("stages.yaml")))
}

/// The path of the program that renders a chart over and over with Helm's own engine, built from `benches/helm`:
/// what the benchmarks compare with. Its `main.go` says how it is asked.
///
/// Errors as [`Error::NoProgram`] when there is no `go` to build it with.
pub fn helm_render() -> Result<PathBuf, Error> {
    Ok(once(Part::HelmRender)?.join("helm-render"))
}

/// The path of a Helm that says that it is exactly this version, else of a built one.
pub(crate) fn helm(part: Part, version: &str) -> Result<PathBuf, Error> {
    static FOUND: Mutex<Vec<(String, Option<PathBuf>)>> = Mutex::new(Vec::new());
    let mut found = FOUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let known = found.iter().find(|(known, _)| known == version).map(|(_, path)| path.clone());
    let path = known.unwrap_or_else(|| {
        let path = installed("helm").filter(|helm| says(helm, version));
        found.push((version.to_owned(), path.clone()));
        path
    });
    drop(found);
    match path {
        Some(path) => Ok(path),
        None => Ok(once(part)?.join("helm")),
    }
}

/// The folder of a built part; the cache is asked once per process.
fn once(part: Part) -> Result<PathBuf, Error> {
    static BUILT: Mutex<Vec<(Part, PathBuf)>> = Mutex::new(Vec::new());
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, path)) = built.iter().find(|(known, _)| *known == part) {
        return Ok(path.clone());
    }
    let path = toolchain::built(part)?;
    built.push((part, path.clone()));
    Ok(path)
}

fn installed(program: &str) -> Option<PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    assets
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

fn says(helm: &Path, version: &str) -> bool {
    Command::new(helm)
        .args(["version", "--template", "{{.Version}}"])
        .output()
        .is_ok_and(|output| output.status.success() && output.stdout.trim_ascii() == version.as_bytes())
}
