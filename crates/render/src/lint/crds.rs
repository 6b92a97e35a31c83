//! Rules for `crds/` (Helm: `pkg/chart/v2/lint/rules/crds.go`).

use super::folder::{Entry, Folder};
use super::object::Objects;
use super::{Lint, Severity};

const FOLDER: &str = "crds/";

pub(super) fn check(folder: &Folder, lint: &mut Lint) {
    match folder.entry(FOLDER.trim_end_matches('/')) {
        None => return,
        Some(Entry::File) => return lint.say(Severity::Error, FOLDER, "not a directory"),
        Some(Entry::Folder) => {}
    }
    let Some(chart) = lint.rule(Severity::Error, FOLDER, folder.load()) else { return };
    for crd in chart.crds() {
        // Helm names the file from its own chart's folder.
        let name = &*crd.file.name;
        let text = String::from_utf8_lossy(&crd.file.data);
        for object in Objects::of(&text) {
            let object = object.map_err(|error| format!("unable to parse YAML: {error}"));
            let Some(object) = lint.rule(Severity::Error, name, object) else { return };
            let Some(object) = object else { continue };
            if !object.api_version.starts_with("apiextensions.k8s.io") {
                lint.say(Severity::Error, name, "apiVersion is not in 'apiextensions.k8s.io'");
            }
            if object.kind != "CustomResourceDefinition" {
                lint.say(Severity::Error, name, "object kind is not 'CustomResourceDefinition'");
            }
        }
    }
}
