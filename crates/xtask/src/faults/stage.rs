//! A release that the rounds of one action go on with.

use std::time::Duration;

use pintle_testkit::Cluster;

use super::engine::{Action, RETRY, ROLLED_BACK};
use super::place::{HOLDER, Place};
use super::trouble::Trouble;
use crate::Fault;

/// How long a server that was restarted may take to come back.
const RETURN: Duration = Duration::from_secs(120);

/// A place, and in which state its release is.
pub(super) struct Stage {
    place: Place,
    action: Action,
    /// The variant that is deployed, and in which revision; `None` where there is no release.
    deployed: Option<(&'static str, u32)>,
    /// The revision that had the other variant last.
    before: u32,
}

/// What came of a round that did not fail.
pub(super) enum Ended {
    /// The action sent fewer requests.
    Over,
    /// The trouble came, and all is well.
    Survived {
        /// Whether the action itself did what it should.
        unharmed: bool,
        /// How many calls it took to heal.
        calls: u32,
    },
    /// It says nothing, and has to be repeated: the action gave up before the trouble came, since the machine was so busy
    /// that the server did not answer or the lock could not be renewed in time.
    Void,
}

impl Stage {
    /// A namespace of its own, with the release that the action needs.
    pub(super) fn new(cluster: &Cluster, action: Action, number: usize) -> Result<Self, Fault> {
        let mut stage = Self { place: Place::new(cluster, number)?, action, deployed: None, before: 0 };
        match action {
            Action::Install => {}
            Action::Rollback => {
                stage.ensure("b")?;
                stage.ensure("a")?;
            }
            _ => stage.ensure("a")?,
        }
        Ok(stage)
    }

    /// Does the action without any trouble, and gives how many requests that took.
    pub(super) fn count(&mut self) -> Result<usize, Fault> {
        let (variant, wanted) = (self.variant(), self.wanted_code());
        let ended = self.place.count(self.action, variant, self.before)?;
        if ended.code != Some(wanted) {
            return Err(format!("it failed by itself: {}", ended.stderr.trim()).into());
        }
        let requests = ended.requests;
        self.heal(variant, HOLDER)?;
        self.again()?;
        Ok(requests)
    }

    /// One round: the action with its trouble at a request, then healing, then a look at everything. A stranger heals by
    /// waiting until the lock has run out.
    pub(super) fn round(&mut self, trouble: Trouble, request: usize, holder: &str) -> Result<Ended, Fault> {
        let variant = self.variant();
        let what = (self.action, variant, self.before);
        let ended = match trouble {
            Trouble::KilledBefore => self.place.kill_at(request, false, what, holder)?,
            Trouble::KilledAfter => self.place.kill_at(request, true, what, holder)?,
            _ => self.place.hinder_at(request, trouble.mishap(&self.place.cluster), what, holder)?,
        };
        if trouble == Trouble::Restart {
            self.place.cluster.api().wait_until("/readyz", "the server", RETURN, |seen| seen.is_some())?;
            self.place.cluster.start()?;
        }
        let unharmed = ended.code == Some(self.wanted_code());
        let at = |error: Fault| -> Fault {
            let struck = ended.struck.as_deref().unwrap_or("none");
            format!("({struck}; said: {}) {error}", ended.stderr.trim()).into()
        };
        let calls = self.heal(variant, holder).map_err(at)?;
        self.again().map_err(at)?;
        match (&ended.struck, ended.code) {
            (Some(_), _) => Ok(Ended::Survived { unharmed, calls }),
            (None, _) if unharmed => Ok(Ended::Over),
            (None, Some(RETRY)) => Ok(Ended::Void),
            (None, _) => Err(at("it failed by itself".into())),
        }
    }

    /// Whose state the action is to bring about.
    fn variant(&self) -> &'static str {
        let now = self.deployed.map_or("b", |(variant, _)| variant);
        match self.action {
            Action::Install => "a",
            Action::Fail | Action::Uninstall => now,
            _ if now == "a" => "b",
            _ => "a",
        }
    }

    fn wanted_code(&self) -> i32 {
        if self.action == Action::Fail { ROLLED_BACK } else { 0 }
    }

    /// Brings about what was wanted, looks at everything, and gives how many calls it took.
    fn heal(&mut self, variant: &'static str, holder: &str) -> Result<u32, Fault> {
        if self.action == Action::Uninstall {
            let calls = self.place.heal(Action::Uninstall, variant, holder)?;
            self.place.check_gone()?;
            self.deployed = None;
            return Ok(calls);
        }
        let calls = self.place.heal(Action::Ensure, variant, holder)?;
        self.note(variant)?;
        Ok(calls)
    }

    /// Brings the release back to what the next round begins with.
    fn again(&mut self) -> Result<(), Fault> {
        match self.action {
            Action::Install => {
                self.place.heal(Action::Uninstall, "a", HOLDER)?;
                self.place.check_gone()?;
                self.place.sweep_hook()?;
                self.place.sweep_crds()?;
                self.deployed = None;
                Ok(())
            }
            Action::Uninstall => {
                self.place.sweep_hook()?;
                self.ensure("a")
            }
            _ => Ok(()),
        }
    }

    fn ensure(&mut self, variant: &'static str) -> Result<(), Fault> {
        self.place.heal(Action::Ensure, variant, HOLDER)?;
        self.note(variant)
    }

    fn note(&mut self, variant: &'static str) -> Result<(), Fault> {
        let revision = self.place.check_deployed(variant)?;
        if let Some((old, at)) = self.deployed.replace((variant, revision))
            && old != variant
        {
            self.before = at;
        }
        Ok(())
    }
}
