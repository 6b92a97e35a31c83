//! Listing many releases.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle::release::codec;
use serde_json::{Value, json};

use super::contenders::{Contenders, Measured};
use super::side::{COLUMNS, Side};
use crate::Fault;
use crate::bench::figures::head;
use crate::bench::goals::Goals;

/// Where the releases' records are.
const NAMESPACE: &str = "bench-list";

/// How many requests fill the namespace at the same time.
const AT_ONCE: usize = 8;

/// Prints a table and adds what it says of the goals.
pub(super) fn measure(
    contenders: &Contenders<'_>,
    releases: usize,
    rounds: usize,
    goals: &mut Goals,
) -> Result<(), Fault> {
    fill(contenders, releases)?;
    let list = ["list", "--all-namespaces", "--max", "0"];
    let (theirs, ours) =
        (contenders.output(&contenders.helm, &list)?, contenders.output(&contenders.pintle, &list)?);
    if theirs != ours || theirs.lines().count() != releases + 1 {
        return Err("the two programs do not list the same".into());
    }
    head(&format!("{releases} releases"), &COLUMNS);
    let (mut helm, mut pintle): (Vec<Measured>, Vec<Measured>) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let [theirs, ours] = contenders.turn(round, &list)?;
        helm.push(theirs);
        pintle.push(ours);
    }
    let ratios = Side { action: "list", helm: &helm, pintle: &pintle }.print();
    let one = |ratio| [(format!("{releases} releases"), ratio)];
    goals.each("listing is faster,", 3.0, &one(ratios.wall));
    goals.each("listing takes less processor time,", 4.0, &one(ratios.cpu));
    Ok(())
}

/// Copies the record of a release that Helm installs under as many names as are asked for.
fn fill(contenders: &Contenders<'_>, releases: usize) -> Result<(), Fault> {
    let api = contenders.tenant.api();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    api.create("/api/v1/namespaces", &namespace)?;
    contenders.output(&contenders.helm, &["install", "origin", "release"])?;
    let path =
        format!("/api/v1/namespaces/{}/secrets/sh.helm.release.v1.origin.v1", contenders.helm.namespace);
    let origin = api.get(&path)?;
    contenders.output(&contenders.helm, &["uninstall", "origin"])?;
    let stored =
        origin.pointer("/data/release").and_then(Value::as_str).ok_or("the record has no content")?;
    let record = codec::decode(&STANDARD.decode(stored)?, codec::Limits::default())?;
    let copy = |number: usize| -> Result<(), Fault> {
        let mut record = record.clone();
        record.name = format!("release-{number:04}");
        NAMESPACE.clone_into(&mut record.namespace);
        let mut labels = origin.pointer("/metadata/labels").cloned().unwrap_or_default();
        if let Some(name) = labels.get_mut("name") {
            *name = json!(record.name);
        }
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": origin.get("type"),
            "metadata": {"name": format!("sh.helm.release.v1.{}.v1", record.name), "labels": labels},
            "data": {"release": STANDARD.encode(codec::encode(&record)?)},
        });
        api.create(&format!("/api/v1/namespaces/{NAMESPACE}/secrets"), &secret)?;
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| scope.spawn(move || (worker..releases).step_by(AT_ONCE).try_for_each(copy)))
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
    })
}
