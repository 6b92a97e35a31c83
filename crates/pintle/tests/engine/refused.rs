//! An object that the cluster refuses is explained by the template's line and the values in it.
//!
//! The charts lie in `fixtures/faults`; `fixtures/faults/refused.toml` says how they are installed and what lies behind
//! each fault. The real Helm is refused in the same way.

use std::collections::BTreeMap;

use pintle::Doing;
use pintle::chart::{Chart, Limits, Values};
use pintle::render::Explanation;
use pintle_testkit::fixtures;
use serde::Deserialize;

use crate::bed::{Stage, nobody};

/// A fault, and what lies behind it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    /// The flags of the install before, of a fault that only an upgrade has.
    first: Option<Vec<String>>,
    /// The flags of the install or upgrade that fails.
    args: Vec<String>,
    /// The places, the outermost first, as `file:line:column`.
    places: Vec<String>,
    /// What stands in the line.
    line: String,
    /// The values, as they are printed.
    values: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_the_cluster_refuses_are_explained() {
    let stage = Stage::new("refused").await;
    let helm = stage.helm();
    let root = fixtures::root().join("faults");
    let text = std::fs::read_to_string(root.join("refused.toml")).unwrap();
    let faults: BTreeMap<String, Fault> = toml::from_str(&text).unwrap();
    assert!(faults.len() >= 6, "{}", faults.len());
    let mut wrong = Vec::new();
    for (name, fault) in &faults {
        let folder = root.join(name);
        let chart = Chart::from_path(&folder, &Limits::default()).unwrap();
        let release = stage.release(&format!("r{}", &name[..2]));
        if let Some(first) = &fault.first {
            let plan = release.plan_install(&chart).values(values(first)).await.unwrap();
            plan.run(&(), &nobody()).await.unwrap();
        }
        let plan =
            release.plan_upgrade(&chart).install_if_absent().values(values(&fault.args)).await.unwrap();
        let error = plan.run(&(), &nobody()).await.unwrap_err();
        let failure = error.failure().unwrap_or_else(|| panic!("{name}: {error}"));
        assert_eq!(failure.doing, Doing::Applying, "{name}: {error}");

        let theirs = format!("h{}", &name[..2]);
        let folder = folder.display().to_string();
        let namespace = ["--namespace", stage.namespace.name()];
        if let Some(first) = &fault.first {
            let first = first.iter().map(String::as_str);
            helm.run(["install", &theirs, &folder].into_iter().chain(namespace).chain(first))
                .unwrap()
                .success()
                .unwrap();
        }
        let args = fault.args.iter().map(String::as_str);
        let command = ["upgrade", "--install", &theirs, &folder].into_iter().chain(namespace).chain(args);
        let output = helm.run(command).unwrap();
        assert!(output.code != 0, "{name}: Helm is not refused");
        let said = output.stderr.replace(&theirs, release.name());
        let reason = failure.reason.split(": ").last().unwrap_or_default();
        if !said.contains(reason) {
            wrong.push(format!("{name}: says {:?}, Helm says {said:?}", failure.reason));
        }

        let nothing = Explanation::default();
        let explanation = error.explanation().unwrap_or(&nothing);
        let texts = |texts: &mut dyn Iterator<Item = String>| texts.collect::<Vec<String>>();
        let places = texts(&mut explanation.places.iter().map(|place| place.clone().value("").to_string()));
        let found = texts(&mut explanation.values.iter().map(ToString::to_string));
        let line = explanation.excerpt.as_ref().map(|excerpt| excerpt.text.trim()).unwrap_or_default();
        if (&places, line, &found) != (&fault.places, fault.line.as_str(), &fault.values) {
            wrong.push(format!(
                "{name}: {error}\n{explanation}\nplaces = {places:?}\nline = {line:?}\nvalues = {found:?}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), faults.len(), wrong.join("\n"));
}

/// Flags of the command line as values.
fn values(args: &[String]) -> Values {
    let pairs = args.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
    let builder = pairs.fold(Values::builder(), |builder, (flag, text)| match flag {
        "--set" => builder.set(text),
        "--set-string" => builder.set_string(text),
        other => panic!("{other}"),
    });
    builder.build().unwrap()
}
