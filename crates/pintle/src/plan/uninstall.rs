//! Plans that delete a release.

use std::collections::HashSet;

use pintle_cluster::{Object, Scope};
use pintle_release::Status;

use super::live::{obsolete, read};
use super::{Plan, PlanUninstall, Uninstall, Work};
use crate::{Error, History};

impl PlanUninstall {
    /// Helm: `pkg/action/uninstall.go`, `Run`.
    pub(crate) async fn plan(self) -> Result<Plan, Error> {
        let Self { release, settings, cascade, history } = self;
        release.check_name()?;
        let past = release.ledger().past().await?.ok_or_else(|| release.not_found())?;
        let gone = past.last.record.info.status == Status::Uninstalled;
        if gone && history == History::Keep {
            return Err(Error::AlreadyUninstalled { name: release.name().to_owned() });
        }
        let namespace = past.last.record.namespace.clone();
        let scope = Scope::unlimited();
        let objects = if gone {
            Vec::new()
        } else {
            let cluster = release.cluster();
            let unable = Error::cluster("could not get information about the release's objects");
            let discovery = cluster.discovery(&scope).await.map_err(&unable)?;
            let old = super::apply::old_objects(&release, Some(&past), &discovery, &namespace).await?;
            let known: HashSet<_> = old.iter().map(|(object, _)| object.key()).collect();
            let live = read(cluster, &scope, &known, old.iter().map(|(object, _)| Object::reference(object)))
                .await
                .map_err(&unable)?;
            obsolete(old, &live, &release.owner(&namespace))
        };
        let description =
            settings.description.clone().unwrap_or_else(|| "Uninstallation complete".to_owned());
        let work = Uninstall { stored: past.last, settings, objects, cascade, history, description };
        Ok(Plan { release, work: Work::Uninstall(Box::new(work)), warnings: Vec::new() })
    }
}
