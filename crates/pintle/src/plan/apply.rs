//! Plans that make a new revision out of a chart.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use pintle_chart::Chart;
use pintle_cluster::fields::is_unchanged;
use pintle_cluster::order::waves;
use pintle_cluster::{
    Discovery, Error as ClusterError, Live, Object, ObjectKey, Placement, Scope, expected_difference,
    is_terminating, losses,
};
use pintle_release::{ApplyMethod, Record, Status, Stored};
use pintle_value::{Data, DataMap, Origin};

use super::builder::{IfAbsent, Inputs, Look};
use super::live::{Served, Sourced, changes, manifest_objects, obsolete, read};
use super::probe::Probing;
use super::writing::apply_method;
use super::{
    Action, Basis, Finding, ObjectAction, Plan, PlanInstall, PlanUpgrade, Planned, Rendered, Revision, Work,
    Writing, check_pending,
};
use crate::explainer::Explainer;
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
            let taken = match self.name_reuse {
                NameReuse::Refuse => true,
                NameReuse::Replace => !free,
                NameReuse::Ignore => false,
            };
            if taken {
                return Err(Error::NameInUse {
                    name: self.release.name().to_owned(),
                    status: status.clone(),
                });
            }
        }
        let Self { release, chart, inputs, settings, look, .. } = self;
        install(&release, &chart, &inputs, (&settings, &look), past.as_ref(), BTreeMap::new()).await
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
                (&settings, &self.look),
                past.as_ref(),
                BTreeMap::new(),
            )
            .await;
        }
        let Some(past) = past else { return Err(self.release.no_deployed()) };
        let last = &past.last.record;
        check_pending(&past.last, self.settings.pending_timeout)?;
        let replaceable = last.info.status.is_pending()
            || matches!(last.info.status, Status::Deployed | Status::Failed | Status::Superseded);
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
    (settings, look): (&RunOptions, &Look),
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
    let rendering = rendering(request).await?;
    let now = Timestamp::now();
    let mut record = Record::new(release.name(), release.namespace(), revision);
    record.info.first_deployed = Some(now);
    record.info.last_deployed = Some(now);
    record.info.status = Status::PendingInstall;
    "Initial install underway".clone_into(&mut record.info.description);
    record.labels = settings.labels.clone();
    record.apply_method = Some(apply_method(settings.merging, Some(ApplyMethod::ServerSide)));
    let desired = Desired::of(rendering, inputs.values.data().clone(), record);
    plan_revision(release, Action::Install, desired, past, (settings, look), annotations).await
}

/// Plans a new revision of a release that is there.
pub(crate) async fn upgrade(
    plan: &PlanUpgrade,
    past: &Past,
    annotations: BTreeMap<String, String>,
) -> Result<Plan, Error> {
    let PlanUpgrade { release, chart, inputs, settings, look, reuse: policy, .. } = plan;
    check_labels(&settings.labels)?;
    let current = &past.current().record;
    let given = &inputs.values;
    let reused = reuse(*policy, given.data().clone(), &current.config, || old_values(current))?;
    let values = if reused.values == *given.data() {
        given.clone()
    } else {
        let origin = Origin::file(format!("revision {} of the release", current.revision));
        given.over(origin, current.config.clone(), reused.values.clone())
    };
    let request = Request {
        release,
        chart,
        defaults: reused.defaults,
        values,
        namespace: current.namespace.clone(),
        action: Action::Upgrade,
        revision: past.next_revision(),
        inputs,
        crds: settings.crds,
    };
    let rendering = rendering(request).await?;
    let mut record = Record::new(release.name(), &current.namespace, past.next_revision());
    record.info.first_deployed = current.info.first_deployed;
    record.info.last_deployed = Some(Timestamp::now());
    record.info.status = Status::PendingUpgrade;
    "Preparing upgrade".clone_into(&mut record.info.description);
    record.labels = merge_labels(&past.last.record.labels, &settings.labels);
    record.apply_method = Some(apply_method(settings.merging, past.last.record.apply_method));
    let desired = Desired::of(rendering, reused.values, record);
    plan_revision(release, Action::Upgrade, desired, Some(past), (settings, look), annotations).await
}

/// Renders, or takes what was rendered before.
async fn rendering(request: Request<'_>) -> Result<Rendering, Error> {
    match &request.inputs.rendered {
        None => render(request).await,
        Some(Rendered(record)) => Rendering::of_record(request.chart, request.values.data(), record),
    }
}

/// What a new revision shall be.
pub(crate) struct Desired {
    /// The record, complete but for what the run finds out.
    pub(crate) record: Record,
    pub(crate) objects: Vec<Sourced>,
    pub(crate) crds: Vec<Sourced>,
    pub(crate) warnings: Vec<String>,
    /// What can explain the objects; a record alone cannot.
    pub(crate) explainer: Option<Explainer>,
}

impl Desired {
    fn of(rendering: Rendering, values: DataMap, mut record: Record) -> Self {
        record.chart = rendering.chart;
        record.config = values;
        record.manifest = rendering.manifest;
        record.hooks = rendering.hooks;
        record.info.notes = rendering.notes;
        Self {
            record,
            objects: rendering.objects,
            crds: rendering.crds,
            warnings: rendering.warnings,
            explainer: rendering.explainer,
        }
    }
}

/// Compares what a revision shall be with what the cluster has.
pub(crate) async fn plan_revision(
    release: &ReleaseHandle,
    action: Action,
    desired: Desired,
    past: Option<&Past>,
    (settings, look): (&RunOptions, &Look),
    annotations: BTreeMap<String, String>,
) -> Result<Plan, Error> {
    let cluster = release.cluster();
    let scope = Scope::unlimited();
    let namespace = desired.record.namespace.clone();
    let owner = release.owner(&namespace);
    let unable = Error::cluster("unable to build kubernetes objects from release manifest");
    let unread = Error::cluster("could not get information about the release's objects");
    let mut warnings = desired.warnings;

    let crds = if settings.crds == Crds::Skip { Vec::new() } else { desired.crds };
    let coming = coming_kinds(crds.iter().chain(&desired.objects));
    let objects =
        desired.objects.into_iter().map(|sourced| Ok((Object::new(sourced.data)?, sourced.template)));
    let objects: Vec<(Object, Option<String>)> =
        objects.collect::<Result<_, ClusterError>>().map_err(&unable)?;
    let kinds = objects.iter().map(|(object, _)| &object.reference().gvk);
    let known_before = kinds.filter(|gvk| !coming.contains_key(&(gvk.group.clone(), gvk.kind.clone())));
    let discovery = cluster.discovery_of(&scope, known_before).await.map_err(&unable)?;

    let writing = Writing::of(action, &desired.record, past, settings, &discovery)?;
    let old = old_objects(release, past, &scope, &namespace, &mut warnings).await?;
    let known: HashSet<ObjectKey> = old.iter().map(|(object, _)| object.key()).collect();

    let mut wanted = Vec::with_capacity(objects.len());
    let mut translated = HashSet::new();
    for (object, template) in objects {
        match place(object, &discovery, &coming, &namespace) {
            Ok((object, served)) => wanted.push((owner.mark(&object), template, served)),
            // What was deployed once must not keep a release from going back to it.
            Err(object) if matches!(action, Action::Rollback(_)) => {
                if let Some(object) = succeed(&object, &discovery, &namespace, &mut warnings) {
                    translated.insert(object.key());
                    wanted.push((owner.mark(&object), template, Served::Yes));
                }
            }
            Err(object) => {
                return Err(unable(ClusterError::UnknownKind { gvk: object.reference().gvk.clone() }));
            }
        }
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
    let live = read(cluster, &scope, &known, references).await.map_err(&unread)?;

    let mut objects = changes(wanted, &live, &known, &owner, settings.ownership, (cluster, &writing))?;
    let crds = crds
        .into_iter()
        .map(|(object, template)| planned_crd(object, template, &live, settings.crds, cluster.manager()));
    let mut crds = crds.collect::<Result<Vec<_>, _>>()?;
    warn_of_losses(&objects, &mut warnings);
    let probing = Probing { cluster, scope: &scope, settings, detail: look.detail, writing: &writing };
    probing.drop_refused(&mut objects, &translated, &mut warnings).await.map_err(&unread)?;
    probing.probe(&mut crds).await.map_err(&unread)?;
    probing.probe(&mut objects).await.map_err(&unread)?;
    let order: Vec<&Object> = objects.iter().map(|planned| &planned.object).collect();
    let waves = waves(&order).map_err(Box::new)?;

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
        writing,
        basis: Basis::of(past),
        crds,
        objects,
        waves,
        obsolete: obsolete(stale, &live, &owner),
        fallback,
        description,
        explainer: desired.explainer,
    };
    Ok(Plan {
        release: release.clone(),
        work: Work::Revision(Box::new(revision)),
        // The server's words can quote values.
        warnings: warnings.iter().map(|warning| look.sensitive.mask(warning)).collect(),
        sensitive: look.sensitive.clone(),
    })
}

/// The objects that earlier revisions may have left in the cluster: of the revision that is deployed, and of all that
/// came after it and failed, which may have created objects of their own.
///
/// A kind that is served no more in the version of the manifest is looked for in another one, or in the group that it
/// moved to; what is nowhere is told of and left alone.
pub(super) async fn old_objects(
    release: &ReleaseHandle,
    past: Option<&Past>,
    scope: &Scope,
    namespace: &str,
    warnings: &mut Vec<String>,
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
    let mut found = Vec::new();
    for stored in &records {
        for Sourced { data, template } in manifest_objects(&stored.record)? {
            // What cannot be an object never was one in the cluster.
            if let Ok(object) = Object::new(data) {
                found.push((object, template, stored.record.revision));
            }
        }
    }
    let kinds = found.iter().map(|(object, ..)| &object.reference().gvk);
    let discovery = release
        .cluster()
        .discovery_of(scope, kinds)
        .await
        .map_err(Error::cluster("could not get information about the release's objects"))?;
    let mut seen = HashSet::new();
    let mut objects = Vec::new();
    for (object, template, revision) in found {
        let gvk = &object.reference().gvk;
        let Some(resource) = discovery.successor(gvk) else {
            let warning = format!(
                "revision {revision} has {object}, but the cluster does not serve {gvk} any more; it is left alone"
            );
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
            continue;
        };
        let object = if resource.gvk == *gvk { object } else { object.as_kind(&resource.gvk) };
        let object = object.placed(resource.is_namespaced(), namespace);
        if !object.is_generated() && seen.insert(object.key()) {
            objects.push((object, template));
        }
    }
    Ok(objects)
}

/// The object in the namespace where it belongs, and whether its kind is served already. An object of a kind that is
/// not, and that no CRD of the release makes, is handed back.
pub(super) fn place(
    object: Object,
    discovery: &Discovery,
    coming: &HashMap<(String, String), Placement>,
    namespace: &str,
) -> Result<(Object, Served), Box<Object>> {
    let gvk = &object.reference().gvk;
    let (placement, served) = match discovery.resource(gvk) {
        Some(resource) => (resource.placement, Served::Yes),
        None => match coming.get(&(gvk.group.clone(), gvk.kind.clone())) {
            Some(placement) => (*placement, Served::NotYet),
            None => return Err(Box::new(object)),
        },
    };
    Ok((object.placed(placement == Placement::Namespaced, namespace), served))
}

/// The object in the version, or the group, that its kind is served in by now.
fn succeed(
    object: &Object,
    discovery: &Discovery,
    namespace: &str,
    warnings: &mut Vec<String>,
) -> Option<Object> {
    let reference = object.reference();
    let resource = discovery.successor(&reference.gvk);
    warnings.push(match resource {
        Some(resource) => format!(
            "the cluster does not serve {} any more: {reference} is written as {}",
            reference.gvk, resource.gvk
        ),
        None => {
            format!("the cluster does not serve {} any more: {reference} is left out", reference.gvk)
        }
    });
    let resource = resource?;
    Some(object.as_kind(&resource.gvk).placed(resource.is_namespaced(), namespace))
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

/// What is done to an object of `crds/`. One that is there is changed only by [`Crds::CreateReplace`], and only where
/// nothing that objects may use is lost.
fn planned_crd(
    object: Object,
    template: Option<String>,
    live: &Live,
    policy: Crds,
    manager: &str,
) -> Result<Planned, Error> {
    let now = live.get(&object.key()).cloned();
    let action = match (&now, policy) {
        (None, _) => ObjectAction::Create,
        (Some(now), _) if is_terminating(now) => ObjectAction::Recreate,
        (Some(now), Crds::CreateReplace) if !is_unchanged(object.data(), now, manager) => {
            let losses = losses_of(&object, now);
            if !losses.is_empty() {
                return Err(Error::CrdLoss { object: Box::new(object.reference().clone()), losses });
            }
            ObjectAction::Update
        }
        (Some(_), _) => ObjectAction::Nothing,
    };
    let changes = match action {
        ObjectAction::Nothing => Vec::new(),
        _ => expected_difference(&object, now.as_ref(), manager),
    };
    Ok(Planned { object, live: now, action, template, finding: Finding { changes, ..Finding::default() } })
}

/// Tells of what CRDs among the templates take away: Helm, too, changes those with every upgrade.
fn warn_of_losses(objects: &[Planned], warnings: &mut Vec<String>) {
    for planned in objects.iter().filter(|planned| planned.action == ObjectAction::Update) {
        let losses = planned.live.as_ref().map(|live| losses_of(&planned.object, live)).unwrap_or_default();
        if !losses.is_empty() {
            warnings.push(format!("{} loses {}", planned.object, losses.join(", ")));
        }
    }
}

fn losses_of(object: &Object, live: &Data) -> Vec<String> {
    if object.reference().gvk.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        losses(live, object.data())
    } else {
        Vec::new()
    }
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
