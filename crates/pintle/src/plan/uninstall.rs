//! Plans that delete a release.

use std::collections::HashSet;

use pintle_cluster::{Object, Scope};
use pintle_release::Status;

use super::apply::old_objects;
use super::live::{obsolete, read};
use super::{Basis, Plan, PlanUninstall, Uninstall, Work, check_pending};
use crate::ledger::RUN;
use crate::{Error, History};

impl PlanUninstall {
    /// Helm: `pkg/action/uninstall.go`, `Run`.
    pub(crate) async fn plan(self) -> Result<Plan, Error> {
        let Self { release, settings, look, cascade, history } = self;
        release.check_name()?;
        let past = release.ledger().past().await?.ok_or_else(|| release.not_found())?;
        check_pending(&past.last, settings.pending_timeout)?;
        let gone = past.last.record.info.status == Status::Uninstalled;
        // A run that died when everything was done may have left its lock.
        let left = past.last.annotations.contains_key(RUN);
        if gone && !left && history == History::Keep {
            return Err(Error::AlreadyUninstalled { name: release.name().to_owned() });
        }
        let namespace = past.last.record.namespace.clone();
        let scope = Scope::unlimited();
        let mut warnings = Vec::new();
        let objects = if gone {
            Vec::new()
        } else {
            let cluster = release.cluster();
            let unable = Error::cluster("could not get information about the release's objects");
            let old = old_objects(&release, Some(&past), &scope, &namespace, &mut warnings).await?;
            let known: HashSet<_> = old.iter().map(|(object, _)| object.key()).collect();
            let live = read(cluster, &scope, &known, old.iter().map(|(object, _)| Object::reference(object)))
                .await
                .map_err(&unable)?;
            obsolete(old, &live, &release.owner(&namespace))
        };
        let description =
            settings.description.clone().unwrap_or_else(|| "Uninstallation complete".to_owned());
        let basis = Basis::of(Some(&past));
        let work = Uninstall { stored: past.last, basis, settings, objects, cascade, history, description };
        let work = Work::Uninstall(Box::new(work));
        Ok(Plan { release, work, warnings, sensitive: look.sensitive })
    }
}
