//! Taking over what a client-side writer owns.

use crate::fields::migration;
use crate::{ApplyOptions, Error, ObjectRef, Scope, Target};

/// How often a write that lost against another one is tried.
const TRIES: u32 = 5;

impl Target {
    /// Turns what the target's manager owns of an object by client-side writes into what it owns by server-side
    /// apply, so that the next apply can remove fields (Helm: `pkg/kube/client.go`,
    /// `upgradeClientSideFieldManager`). `true` where something had to be done.
    pub async fn migrate_managed_fields(&self, scope: &Scope, object: &ObjectRef) -> Result<bool, Error> {
        let mut tries = 1;
        loop {
            let Some(live) = self.get(scope, object).await? else { return Ok(false) };
            let Some(patch) = migration(&live, self.manager()) else { return Ok(false) };
            let options = ApplyOptions::default();
            match self.patch(scope, object, "application/json-patch+json", &patch, options).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}
