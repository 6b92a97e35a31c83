//! Installing, upgrading and uninstalling charts of several sizes.

use super::contenders::{Contenders, Measured};
use super::side::{COLUMNS, Side};
use crate::Fault;
use crate::bench::figures::head;
use crate::bench::goals::Goals;

/// The chart, in `benches/charts`.
const CHART: &str = "release";

/// From this many objects on a release is to be three times as fast.
const LARGE: u32 = 50;

/// The actions of one round, in their order.
const ACTIONS: [&str; 4] = ["install", "upgrade", "upgrade that changes nothing", "uninstall"];

/// Prints a table for each size and adds what they say of the goals.
pub(super) fn measure(
    contenders: &Contenders<'_>,
    sizes: &[u32],
    rounds: usize,
    goals: &mut Goals,
) -> Result<(), Fault> {
    let (mut each, mut large, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for size in sizes {
        head(&format!("{size} objects"), &COLUMNS);
        let mut helm: [Vec<Measured>; ACTIONS.len()] = Default::default();
        let mut pintle: [Vec<Measured>; ACTIONS.len()] = Default::default();
        for round in 0..rounds {
            for (place, measured) in one_round(contenders, *size, round)?.into_iter().enumerate() {
                let [theirs, ours] = measured;
                helm.get_mut(place).into_iter().for_each(|all| all.push(theirs));
                pintle.get_mut(place).into_iter().for_each(|all| all.push(ours));
            }
        }
        for ((action, helm), pintle) in ACTIONS.iter().zip(&helm).zip(&pintle) {
            let ratios = Side { action, helm, pintle }.print();
            let name = format!("{action} of {size} objects");
            if *size >= LARGE {
                large.push((name.clone(), ratios.wall));
            }
            each.push((name.clone(), ratios.wall));
            cpu.push((name, ratios.cpu));
        }
    }
    goals.each("an action is never slower,", 1.0, &each);
    goals.each("an action on 50 objects or more is faster,", 3.0, &large);
    goals.each("an action takes less processor time,", 4.0, &cpu);
    Ok(())
}

/// A release from its beginning to its end.
fn one_round(
    contenders: &Contenders<'_>,
    size: u32,
    round: usize,
) -> Result<[[Measured; 2]; ACTIONS.len()], Fault> {
    let objects = format!("objects={size}");
    let install = ["install", "web", CHART, "--set", &objects];
    let upgrade = ["upgrade", "web", CHART, "--set", &objects, "--set", "image.tag=2.0.0"];
    let installed = contenders.turn(round, &install)?;
    expect(contenders, size)?;
    let upgraded = contenders.turn(round, &upgrade)?;
    let unchanged = contenders.turn(round, &upgrade)?;
    expect(contenders, size)?;
    let uninstalled = contenders.turn(round, &["uninstall", "web"])?;
    expect(contenders, 0)?;
    Ok([installed, upgraded, unchanged, uninstalled])
}

/// Fails where a namespace has another number of the chart's objects: then the times say nothing.
fn expect(contenders: &Contenders<'_>, size: u32) -> Result<(), Fault> {
    let lists = [
        "/apis/apps/v1/namespaces/NAMESPACE/deployments",
        "/api/v1/namespaces/NAMESPACE/services",
        "/api/v1/namespaces/NAMESPACE/configmaps",
        "/api/v1/namespaces/NAMESPACE/secrets",
        "/api/v1/namespaces/NAMESPACE/serviceaccounts",
    ];
    for contender in [&contenders.helm, &contenders.pintle] {
        let mut found = 0;
        for list in lists {
            let path = list.replace("NAMESPACE", contender.namespace);
            let path = format!("{path}?labelSelector=app.kubernetes.io/instance%3Dweb");
            let list = contenders.tenant.api().get(&path)?;
            found += list.get("items").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
        }
        if found != usize::try_from(size)? {
            return Err(format!("{} has {found} objects instead of {size}", contender.namespace).into());
        }
    }
    Ok(())
}
