//! Waiting as Helm 3 does, and Helm 4 with `--wait=legacy` (Helm: `pkg/kube/wait.go`, `legacyWaiter`): the objects are
//! read again and again, one after the other, until all of them are ready by the rules of [`crate::status`]'s `legacy`.

use std::collections::HashMap;
use std::time::Duration;

use pintle_value::Data;

use super::{Goal, Unready, Voice, WaitError, WaitOptions};
use crate::read::Selection;
use crate::status::legacy::{self, Need};
use crate::{
    Class, Error, Gvk, ObjectKey, ObjectRef, Progress, ProgressObserver, Scope, Status, StatusResult, Target,
};

/// How often reading one object may fail in a row.
const RETRIES: u32 = 30;

/// How often the objects are read.
const EVERY: Duration = Duration::from_secs(2);

/// What is known of the objects.
#[derive(Default)]
struct Known {
    results: HashMap<ObjectKey, StatusResult>,
    errors: HashMap<ObjectKey, u32>,
}

impl Target {
    pub(super) async fn wait_ready_legacy(
        &self,
        scope: &Scope,
        objects: &[ObjectRef],
        options: &WaitOptions,
        observer: &dyn ProgressObserver,
    ) -> Result<(), WaitError> {
        let mut known = Known::default();
        loop {
            let cause = match self.all_ready(scope, objects, options, observer, &mut known).await {
                Ok(true) => return Ok(()),
                Ok(false) => match scope.sleep(EVERY).await {
                    Ok(()) => continue,
                    Err(error) => Some(error),
                },
                Err(cause) => cause,
            };
            return Err(WaitError {
                unready: known.unready(objects),
                cause,
                goal: Goal::Ready,
                voice: Voice::Legacy,
            });
        }
    }

    /// Looks at the objects until one is not ready. An error without a cause is an object that failed.
    async fn all_ready(
        &self,
        scope: &Scope,
        objects: &[ObjectRef],
        options: &WaitOptions,
        observer: &dyn ProgressObserver,
        known: &mut Known,
    ) -> Result<bool, Option<Error>> {
        for object in objects {
            let now = match self.legacy_status(scope, object, options).await {
                Ok(now) => now,
                Err(error) if error.class() == Class::Retry && scope.check().is_ok() => {
                    let errors = known.errors.entry(object.key()).or_default();
                    *errors += 1;
                    if *errors > RETRIES {
                        return Err(Some(error));
                    }
                    return Ok(false);
                }
                Err(error) => return Err(Some(error)),
            };
            known.errors.remove(&object.key());
            let status = now.status;
            known.note(object, now, observer);
            match status {
                Status::Current => {}
                Status::Failed => return Err(None),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    async fn legacy_status(
        &self,
        scope: &Scope,
        object: &ObjectRef,
        options: &WaitOptions,
    ) -> Result<StatusResult, Error> {
        if !legacy::is_checked(&object.gvk.group, &object.gvk.kind, options.jobs) && options.rules.is_empty()
        {
            return Ok(StatusResult::new(Status::Current, "ready"));
        }
        let Some(live) = self.get(scope, object).await? else {
            // Helm ends with the API server's words.
            let resource = self.resource(scope, &object.gvk).await?;
            let group =
                if object.gvk.group.is_empty() { String::new() } else { format!(".{}", object.gvk.group) };
            let message = format!("{}{group} {:?} not found", resource.plural, object.name);
            return Ok(StatusResult::new(Status::Failed, message).reason("NotFound"));
        };
        if let Some(result) = options.rules.iter().find_map(|rule| rule.status(&live)) {
            return Ok(result);
        }
        if !legacy::is_checked(&object.gvk.group, &object.gvk.kind, options.jobs) {
            return Ok(StatusResult::new(Status::Current, "ready"));
        }
        let namespace = object.namespace.as_deref();
        let others: Vec<Data> = match legacy::need(&live) {
            None => Vec::new(),
            Some(Need::ReplicaSets(selector)) => {
                let kind = Gvk::new("apps", "v1", "ReplicaSet");
                self.list(scope, &kind, namespace, &Selection::labels(selector)).await?
            }
            Some(Need::Pods(selector)) => {
                let kind = Gvk::new("", "v1", "Pod");
                self.list(scope, &kind, namespace, &Selection::labels(selector)).await?
            }
        };
        Ok(legacy::ready(&live, &others, options.jobs))
    }
}

impl Known {
    fn note(&mut self, object: &ObjectRef, now: StatusResult, observer: &dyn ProgressObserver) {
        let before = self.results.get(&object.key());
        if before != Some(&now) {
            let before = before.map(|result| result.status);
            observer.progress(&Progress::Status { object, before, now: &now });
        }
        self.results.insert(object.key(), now);
    }

    /// The objects that are not known to be ready; those that failed or were waited for last come first.
    fn unready(&self, objects: &[ObjectRef]) -> Vec<Unready> {
        let unknown = || StatusResult::new(Status::Unknown, "not read yet");
        let result = |object: &ObjectRef| self.results.get(&object.key()).cloned().unwrap_or_else(unknown);
        let all = objects.iter().map(|object| Unready { object: object.clone(), result: result(object) });
        let mut unready: Vec<Unready> =
            all.filter(|unready| unready.result.status != Status::Current).collect();
        unready.sort_by_key(|unready| unready.result.status == Status::Unknown);
        unready
    }
}
