//! Objects that somebody changes again each time they are put back.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::{Drift, DriftKind};
use crate::{ObjectKey, ObjectRef};

/// How long an object is fought over: it is put back at once for some rounds; then the opponent is named, and it is put
/// back after a pause that doubles with each further round. A round is a change of what was put back last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patience {
    /// How many rounds have no pause. Default: 3.
    pub rounds: u32,
    /// The first pause. Default: 1 min.
    pub pause: Duration,
    /// The longest pause. Default: 1 h.
    pub longest: Duration,
    /// For how long after its pause an object must not be changed again for its rounds to be forgotten. Default: 10 min.
    pub peace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            rounds: 3,
            pause: Duration::from_secs(60),
            longest: Duration::from_secs(3600),
            peace: Duration::from_secs(600),
        }
    }
}

impl Patience {
    /// How many rounds have no pause.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// The first pause and the longest one.
    #[must_use]
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.pause, self.longest) = (first, longest);
        self
    }

    /// For how long after its pause an object must not be changed again for its rounds to be forgotten.
    #[must_use]
    pub fn peace(mut self, peace: Duration) -> Self {
        self.peace = peace;
        self
    }

    /// The pause after so many rounds.
    fn pause_after(&self, rounds: u32) -> Duration {
        let Some(further) = rounds.checked_sub(self.rounds) else { return Duration::ZERO };
        let doubled = 2_u32.checked_pow(further.min(31)).unwrap_or(u32::MAX);
        self.pause.saturating_mul(doubled).min(self.longest)
    }
}

/// An object that somebody changes again each time it is put back, and that is let be for a while.
///
/// It holds the names of fields, and none of their values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Contest {
    /// The object.
    pub object: ObjectRef,
    /// What is done to it each time.
    pub kind: DriftKind,
    /// The field managers who changed it last; empty where the object does not tell: it was deleted, or the server or an
    /// admission webhook changes what is applied.
    pub opponents: Vec<String>,
    /// The fields that differ.
    pub fields: Vec<String>,
    /// How often it was put back and changed again.
    pub rounds: u32,
    /// In how long it is put back again.
    pub again_in: Duration,
}

impl fmt::Display for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, kind, opponents, fields, rounds, again_in } = self;
        write!(f, "{object} was put back {rounds} times and ")?;
        let who = opponents.join(", ");
        match (kind, opponents.is_empty()) {
            (DriftKind::Missing, _) => f.write_str("deleted again each time")?,
            (_, false) => write!(f, "changed again each time by {who}, last in {}", fields.join(", "))?,
            (_, true) => write!(
                f,
                "is otherwise again each time in {}, by an admission webhook or somebody who left no name",
                fields.join(", ")
            )?,
        }
        let seconds = again_in.as_secs().max(1);
        write!(f, "; it is let be, and put back again in {seconds} s: make ")?;
        match (kind, opponents.is_empty()) {
            (DriftKind::Changed, false) => write!(f, "{who} leave these fields alone, or ignore them here"),
            _ => f.write_str("whoever does that leave it alone, or ignore the object here"),
        }
    }
}

/// Counts for the objects of one cluster how often they were put back and changed again.
#[derive(Debug, Default)]
pub struct Contests {
    patience: Patience,
    open: Mutex<HashMap<ObjectKey, Open>>,
}

/// An object that was put back not long ago.
#[derive(Debug)]
struct Open {
    rounds: u32,
    last: Instant,
    fields: BTreeSet<String>,
}

impl Contests {
    /// Nothing is fought over yet.
    pub fn new(patience: Patience) -> Self {
        Self { patience, open: Mutex::default() }
    }

    /// Which drifts may be put back now, and which objects are let be for a while.
    pub fn sort(&self, drifts: &[Drift]) -> (Vec<Drift>, Vec<Contest>) {
        let open = self.open();
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for drift in drifts {
            match open.get(&drift.object.key()).and_then(|open| self.contest(open, drift)) {
                Some(contest) => later.push(contest),
                None => now.push(drift.clone()),
            }
        }
        (now, later)
    }

    /// Notes that an object was put back.
    pub fn note(&self, drift: &Drift) {
        let now = Instant::now();
        let mut all = self.open();
        all.retain(|_, open| !self.is_over(open, now));
        let fields = fields(drift);
        let open = all.entry(drift.object.key()).or_insert_with(|| Open {
            rounds: 0,
            last: now,
            fields: BTreeSet::new(),
        });
        open.rounds = if open.fields.is_disjoint(&fields) { 1 } else { open.rounds.saturating_add(1) };
        open.last = now;
        open.fields = fields;
    }

    /// The contest that keeps an object from being put back now.
    fn contest(&self, open: &Open, drift: &Drift) -> Option<Contest> {
        let fields = fields(drift);
        let again_in = self.patience.pause_after(open.rounds).checked_sub(open.last.elapsed())?;
        if again_in.is_zero() || open.fields.is_disjoint(&fields) {
            return None;
        }
        Some(Contest {
            object: drift.object.clone(),
            kind: drift.kind,
            opponents: drift.opponents().into_iter().map(str::to_owned).collect(),
            fields: drift.changes.iter().map(|change| change.path.clone()).collect(),
            rounds: open.rounds,
            again_in,
        })
    }

    fn is_over(&self, open: &Open, now: Instant) -> bool {
        now.duration_since(open.last) > self.patience.pause_after(open.rounds) + self.patience.peace
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ObjectKey, Open>> {
        // Nothing panics while it is held, and each change of it is complete.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fields that differ; the empty one stands for the whole object.
fn fields(drift: &Drift) -> BTreeSet<String> {
    match drift.kind {
        DriftKind::Missing => [String::new()].into(),
        DriftKind::Changed => drift.changes.iter().map(|change| change.path.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldChange, Object};

    fn drift(field: &str) -> Drift {
        let config = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"}}"#;
        let wanted = Object::new(serde_json::from_str(config).unwrap()).unwrap();
        let owner = r#"{"field":".data.x","manager":"kubectl-edit","subresource":""}"#;
        let change = format!(r#"{{"path":{field:?},"owners":[{owner}]}}"#);
        let changes: Vec<FieldChange> = vec![serde_json::from_str(&change).unwrap()];
        Drift { object: wanted.reference().clone(), kind: DriftKind::Changed, changes, wanted }
    }

    fn is_let_be(contests: &Contests, drift: &Drift) -> Option<Contest> {
        let (now, later) = contests.sort(std::slice::from_ref(drift));
        assert_eq!(now.len() + later.len(), 1);
        later.into_iter().next()
    }

    #[tokio::test(start_paused = true)]
    async fn after_three_rounds_the_opponent_is_named_and_pauses_double() {
        let contests = Contests::new(Patience::default());
        let drift = drift(".data.x");
        for _ in 0..3 {
            assert_eq!(is_let_be(&contests, &drift), None);
            contests.note(&drift);
        }
        let contest = is_let_be(&contests, &drift).unwrap();
        assert_eq!((contest.rounds, contest.again_in), (3, Duration::from_secs(60)));
        assert_eq!(
            contest.to_string(),
            "ConfigMap \"a\" in namespace \"b\" was put back 3 times and changed again each time by kubectl-edit, last in \
             .data.x; it is let be, and put back again in 60 s: make kubectl-edit leave these fields alone, or ignore \
             them here"
        );
        for pause in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
            tokio::time::advance(Duration::from_secs(pause - 1)).await;
            assert!(is_let_be(&contests, &drift).is_some(), "{pause}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(is_let_be(&contests, &drift), None, "{pause}");
            contests.note(&drift);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn other_fields_and_long_peace_start_anew() {
        let contests = Contests::new(Patience::default());
        for _ in 0..3 {
            contests.note(&drift(".data.x"));
        }
        assert_eq!(is_let_be(&contests, &drift(".data.y")), None);
        assert!(is_let_be(&contests, &drift(".data.x")).is_some());
        tokio::time::advance(Duration::from_secs(661)).await;
        contests.note(&drift(".data.x"));
        assert_eq!(is_let_be(&contests, &drift(".data.x")), None);
    }
}
