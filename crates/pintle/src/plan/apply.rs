//! Plans that make a new revision out of a chart.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use pintle_chart::Chart;
use pintle_cluster::{Discovery, Error as ClusterError, Live, Object, ObjectKey, Placement, Scope};
use pintle_release::{ApplyMethod, Record, Status, Stored};
use pintle_value::{Data, DataMap};

use super::builder::{IfAbsent, Inputs};
use super::live::{Served, Sourced, changes, manifest_objects, obsolete, read};
use super::{Action, ObjectAction, Plan, PlanInstall, PlanUpgrade, Planned, Revision, Work};
use crate::ledger::Past;
use crate::rendering::{Rendering, Request, render};
use crate::values::reuse;
use crate::{Crds, Error, NameReuse, ReleaseHandle, RunOptions};

/// Labels that Helm puts on records itself (Helm: `pkg/storage/driver/util.go`, `systemLabels`).
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

impl PlanInstall {
    pub(crate) async fn plan(self) -> Result<Plan, Error> {
        self.release.check_name()?;
        let past = self.release.ledger().past().await?;
        if let Some(past) = &past {
            let status = &past.last.record.info.status;
            let free = matches!(status, Status::Uninstalled | Status::Failed);
            if self.name_reuse == NameReuse::Refuse || !free {
                return Err(Error::NameInUse {
                    name: self.release.name().to_owned(),
                    status: status.clone(),
                });
            }
        }
        install(&self.release, &self.chart, &self.inputs, &self.settings, past.as_ref(), BTreeMap::new())
            .await
    }
}

impl PlanUpgrade {
    pub(crate) async fn plan(self) -> Result<Plan, Error> {
        self.release.check_name()?;
        let past = self.release.ledger().past().await?;
        let absent = past.as_ref().is_none_or(|past| past.last.record.info.status == Status::Uninstalled);
        if absent && self.absent == IfAbsent::Install {
            // Helm: pkg/cmd/upgrade.go; an install takes `crds/` where an upgrade leaves them
            let mut settings = self.settings;
            if settings.crds == Crds::Skip {
                settings.crds = Crds::Create;
            }
            return install(
                &self.release,
                &self.chart,
                &self.inputs,
                &settings,
                past.as_ref(),
                BTreeMap::new(),
            )
            .await;
        }
        let Some(past) = past else { return Err(self.release.no_deployed()) };
        let last = &past.last.record;
        if last.info.status.is_pending() {
            return Err(Error::Pending {
                name: last.name.clone(),
                revision: last.revision,
                status: last.info.status.clone(),
            });
        }
        let replaceable = matches!(last.info.status, Status::Deployed | Status::Failed | Status::Superseded);
        if past.deployed.is_none() && !replaceable {
            return Err(self.release.no_deployed());
        }
        upgrade(&self, &past, BTreeMap::new()).await
    }
}

/// Plans an install; `past` is what a release of that name left behind.
pub(crate) async fn install(
    release: &ReleaseHandle,
    chart: &Chart,
    inputs: &Inputs,
    settings: &RunOptions,
    past: Option<&Past>,
    annotations: BTreeMap<String, String>,
) -> Result<Plan, Error> {
    check_labels(&settings.labels)?;
    let revision = past.map_or(1, Past::next_revision);
    let request = Request {
        release,
        chart,
        defaults: None,
        values: inputs.values.clone(),
        namespace: release.namespace().to_owned(),
        action: Action::Install,
        // Helm renders a release that takes an old name's place as revision 1 too
        revision: 1,
        inputs,
        crds: settings.crds,
    };
    let rendering = render(request).await?;
    let now = Timestamp::now();
    let mut record = Record::new(release.name(), release.namespace(), revision);
    record.info.first_deployed = Some(now);
    record.info.last_deployed = Some(now);
    record.info.status = Status::PendingInstall;
    "Initial install underway".clone_into(&mut record.info.description);
    record.labels = settings.labels.clone();
    let desired = Desired::of(rendering, inputs.values.clone(), record);
    plan_revision(release, Action::Install, desired, past, settings, annotations).await
}

/// Plans a new revision of a release that is there.
pub(crate) async fn upgrade(
    plan: &PlanUpgrade,
    past: &Past,
    annotations: BTreeMap<String, String>,
) -> Result<Plan, Error> {
    let PlanUpgrade { release, chart, inputs, settings, reuse: policy, .. } = plan;
    check_labels(&settings.labels)?;
    let current = &past.current().record;
    let reused = reuse(*policy, inputs.values.clone(), &current.config, || old_values(current))?;
    let request = Request {
        release,
        chart,
        defaults: reused.defaults,
        values: reused.values.clone(),
        namespace: current.namespace.clone(),
        action: Action::Upgrade,
        revision: past.next_revision(),
        inputs,
        crds: settings.crds,
    };
    let rendering = render(request).await?;
    let mut record = Record::new(release.name(), &current.namespace, past.next_revision());
    record.info.first_deployed = current.info.first_deployed;
    record.info.last_deployed = Some(Timestamp::now());
    record.info.status = Status::PendingUpgrade;
    "Preparing upgrade".clone_into(&mut record.info.description);
    record.labels = merge_labels(&past.last.record.labels, &settings.labels);
    let desired = Desired::of(rendering, reused.values, record);
    plan_revision(release, Action::Upgrade, desired, Some(past), settings, annotations).await
}

/// What a new revision shall be.
pub(crate) struct Desired {
    /// The record, complete but for what the run finds out.
    pub(crate) record: Record,
    pub(crate) objects: Vec<Sourced>,
    pub(crate) crds: Vec<Sourced>,
    pub(crate) warnings: Vec<String>,
}

impl Desired {
    fn of(rendering: Rendering, values: DataMap, mut record: Record) -> Self {
        record.chart = rendering.chart;
        record.config = values;
        record.manifest = rendering.manifest;
        record.hooks = rendering.hooks;
        record.info.notes = rendering.notes;
        record.apply_method = Some(ApplyMethod::ServerSide);
        Self { record, objects: rendering.objects, crds: rendering.crds, warnings: rendering.warnings }
    }
}

/// Compares what a revision shall be with what the cluster has.
pub(crate) async fn plan_revision(
    release: &ReleaseHandle,
    action: Action,
    desired: Desired,
    past: Option<&Past>,
    settings: &RunOptions,
    annotations: BTreeMap<String, String>,
) -> Result<Plan, Error> {
    let cluster = release.cluster();
    let scope = Scope::unlimited();
    let namespace = desired.record.namespace.clone();
    let owner = release.owner(&namespace);
    let unable = Error::cluster("unable to build kubernetes objects from release manifest");
    let discovery = cluster.discovery(&scope).await.map_err(&unable)?;

    let old = old_objects(release, past, &discovery, &namespace).await?;
    let known: HashSet<ObjectKey> = old.iter().map(|(object, _)| object.key()).collect();

    let crds = if settings.crds == Crds::Skip { Vec::new() } else { desired.crds };
    let coming = coming_kinds(crds.iter().chain(&desired.objects));
    let mut wanted = Vec::with_capacity(desired.objects.len());
    for Sourced { data, template } in desired.objects {
        let object = Object::new(data).map_err(&unable)?;
        let (object, served) = place(object, &discovery, &coming, &namespace).map_err(&unable)?;
        wanted.push((owner.mark(&object), template, served));
    }
    let keys: HashSet<ObjectKey> = wanted.iter().map(|(object, ..)| object.key()).collect();
    let stale: Vec<_> = old.into_iter().filter(|(object, _)| !keys.contains(&object.key())).collect();

    let crds = crds.into_iter().map(|crd| Ok((Object::new(crd.data)?, crd.template)));
    let crds: Vec<(Object, Option<String>)> = crds.collect::<Result<_, ClusterError>>().map_err(&unable)?;
    let references = wanted
        .iter()
        .filter(|(object, _, served)| *served == Served::Yes && !object.is_generated())
        .map(|(object, ..)| object.reference())
        .chain(stale.iter().map(|(object, _)| object.reference()))
        .chain(crds.iter().map(|(object, _)| object.reference()));
    let live = read(cluster, &scope, &known, references)
        .await
        .map_err(Error::cluster("could not get information about the release's objects"))?;

    let objects = changes(wanted, &live, &known, &owner, settings.ownership, cluster.manager())?;
    let crds = crds.into_iter().map(|(object, template)| planned_crd(object, template, &live, settings.crds));
    let fallback = past.and_then(|past| {
        let good = |status: &Status| matches!(status, Status::Superseded | Status::Deployed);
        past.revisions.iter().rev().find(|summary| good(&summary.status)).map(|summary| summary.revision)
    });
    let description = match (&settings.description, action) {
        (Some(description), _) => description.clone(),
        (None, Action::Install) => "Install complete".to_owned(),
        (None, Action::Rollback(to)) => format!("Rollback to {to}"),
        (None, _) => "Upgrade complete".to_owned(),
    };
    let revision = Revision {
        action,
        record: desired.record,
        annotations,
        settings: settings.clone(),
        crds: crds.collect(),
        objects,
        obsolete: obsolete(stale, &live, &owner),
        fallback,
        description,
    };
    Ok(Plan {
        release: release.clone(),
        work: Work::Revision(Box::new(revision)),
        warnings: desired.warnings,
    })
}

/// The objects that earlier revisions may have left in the cluster: of the revision that is deployed, and of all that
/// came after it and failed, which may have created objects of their own. Kinds that the cluster no longer serves
/// have no objects.
pub(super) async fn old_objects(
    release: &ReleaseHandle,
    past: Option<&Past>,
    discovery: &Discovery,
    namespace: &str,
) -> Result<Vec<(Object, Option<String>)>, Error> {
    let Some(past) = past else { return Ok(Vec::new()) };
    let mut records: Vec<Stored> = Vec::new();
    if let Some(deployed) = &past.deployed {
        records.push(deployed.clone());
        let ledger = release.ledger();
        let since = past.revisions.iter().filter(|summary| {
            summary.revision > deployed.record.revision && summary.revision < past.last.record.revision
        });
        for summary in since {
            records.push(ledger.get(summary.revision).await?);
        }
    }
    records.push(past.last.clone());
    let mut seen = HashSet::new();
    let mut objects = Vec::new();
    for stored in &records {
        for Sourced { data, template } in manifest_objects(&stored.record)? {
            // What cannot be an object never was one in the cluster.
            let Ok(object) = Object::new(data) else { continue };
            let Ok((object, _)) = place(object, discovery, &HashMap::new(), namespace) else { continue };
            if !object.is_generated() && seen.insert(object.key()) {
                objects.push((object, template));
            }
        }
    }
    Ok(objects)
}

/// The object in the namespace where it belongs, and whether its kind is served already.
fn place(
    object: Object,
    discovery: &Discovery,
    coming: &HashMap<(String, String), Placement>,
    namespace: &str,
) -> Result<(Object, Served), ClusterError> {
    let gvk = object.reference().gvk.clone();
    let (placement, served) = match discovery.resource(&gvk) {
        Some(resource) => (resource.placement, Served::Yes),
        None => match coming.get(&(gvk.group.clone(), gvk.kind.clone())) {
            Some(placement) => (*placement, Served::NotYet),
            None => return Err(ClusterError::UnknownKind { gvk }),
        },
    };
    Ok((object.placed(placement == Placement::Namespaced, namespace), served))
}

/// The kinds that the release's own CRDs will make.
fn coming_kinds<'a>(objects: impl Iterator<Item = &'a Sourced>) -> HashMap<(String, String), Placement> {
    let kinds = objects.filter_map(|object| {
        let data = &object.data;
        (data.get("kind")?.as_str()? == "CustomResourceDefinition").then_some(())?;
        let text = |path: &[&str]| data.at(path).and_then(Data::as_str).map(str::to_owned);
        let placement = match data.at(&["spec", "scope"])?.as_str()? {
            "Cluster" => Placement::Cluster,
            _ => Placement::Namespaced,
        };
        Some(((text(&["spec", "group"])?, text(&["spec", "names", "kind"])?), placement))
    });
    kinds.collect()
}

fn planned_crd(object: Object, template: Option<String>, live: &Live, policy: Crds) -> Planned {
    let now = live.get(&object.key()).cloned();
    let action = match (&now, policy) {
        (None, _) => ObjectAction::Create,
        (Some(_), Crds::CreateReplace) => ObjectAction::Update,
        (Some(_), _) => ObjectAction::Nothing,
    };
    Planned { object, live: now, action, template }
}

/// The values that the last revision's chart saw, to stand below the new ones.
fn old_values(current: &Record) -> Result<DataMap, Error> {
    crate::rendering::computed_values(current)
}

fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), Error> {
    match labels.keys().find(|label| SYSTEM_LABELS.contains(&label.as_str())) {
        Some(label) => Err(Error::ReservedLabel { label: label.clone() }),
        None => Ok(()),
    }
}

/// Helm: `pkg/action/upgrade.go`, `mergeCustomLabels`: an empty value takes a label away.
fn merge_labels(
    last: &BTreeMap<String, String>,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let merged = last.iter().chain(given).map(|(key, value)| (key.clone(), value.clone()));
    let merged: BTreeMap<String, String> = merged.collect();
    merged.into_iter().filter(|(_, value)| !value.is_empty() && value != "null").collect()
}
