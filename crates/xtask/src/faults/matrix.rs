//! Which request of which action meets which trouble next, and what came of it.

use std::time::Duration;

use super::engine::Action;
use super::stage::Ended;
use super::trouble::Trouble;
use crate::random::Random;

const ACTIONS: [Action; 5] =
    [Action::Install, Action::Upgrade, Action::Fail, Action::Rollback, Action::Uninstall];

/// How many failures end a row: more of the same say nothing new.
const ENOUGH: usize = 10;

/// One row of the matrix: an action with one kind of trouble, at request after request.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) action: Action,
    pub(super) trouble: Trouble,
    pub(super) tried: usize,
    /// How many of those the action itself came through.
    pub(super) unharmed: usize,
    /// How many took more than one call to heal.
    pub(super) stubborn: usize,
    pub(super) failures: Vec<String>,
    pub(super) took: Duration,
    next: usize,
    pub(super) ended: Option<End>,
}

/// Why a row has no more rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The action ends before that many requests.
    Whole,
    /// Too much has failed.
    Failing,
}

impl Row {
    pub(super) fn name(&self) -> String {
        format!("{} {}", format!("{:?}", self.action).to_lowercase(), self.trouble.name())
    }
}

/// The rows, and in which order their rounds come.
pub(super) struct Matrix {
    pub(super) rows: Vec<Row>,
    order: Order,
    /// How many rounds were given out.
    given: usize,
}

/// In which order rounds come.
pub(super) enum Order {
    /// Row after row, at every so many requests.
    Through(usize),
    /// One of each row after the other, at requests by chance among those that the action has.
    Sample(Random),
}

/// A round to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) row: usize,
    pub(super) action: Action,
    pub(super) trouble: Trouble,
    pub(super) request: usize,
    pub(super) by_stranger: bool,
}

impl Matrix {
    /// The rows whose name contains a text. A server that is restarted has rows that are done alone: they are given out
    /// by [`next`](Self::next) when it is asked for them.
    pub(super) fn new(only: &str, order: Order) -> Self {
        let all =
            Trouble::ALL.iter().flat_map(|trouble| ACTIONS.iter().map(move |action| (*action, *trouble)));
        let rows = all.map(|(action, trouble)| Row {
            action,
            trouble,
            tried: 0,
            unharmed: 0,
            stubborn: 0,
            failures: Vec::new(),
            took: Duration::ZERO,
            next: 0,
            ended: None,
        });
        let mut rows: Vec<Row> = rows.filter(|row| row.name().contains(only)).collect();
        if let Order::Through(every) = order {
            for (number, row) in rows.iter_mut().enumerate() {
                row.next = 1 + number % every;
            }
        }
        Self { rows, order, given: 0 }
    }

    /// The actions that the rows have.
    pub(super) fn actions(&self) -> Vec<Action> {
        ACTIONS.into_iter().filter(|action| self.rows.iter().any(|row| row.action == *action)).collect()
    }

    /// The next round; `requests` says how many an action has, for a sample.
    pub(super) fn next(&mut self, alone: bool, requests: impl Fn(Action) -> usize) -> Option<Round> {
        let open: Vec<usize> = (0..self.rows.len())
            .filter(|at| {
                self.rows
                    .get(*at)
                    .is_some_and(|row| row.ended.is_none() && (row.trouble == Trouble::Restart) == alone)
            })
            .collect();
        let at = match &self.order {
            Order::Through(_) => open.first(),
            Order::Sample(_) => open.get(self.given % open.len().max(1)),
        };
        let row = self.rows.get_mut(*at?)?;
        let request = match &mut self.order {
            Order::Through(every) => {
                let request = row.next;
                row.next += *every;
                request
            }
            Order::Sample(random) => 1 + random.below(requests(row.action)),
        };
        self.given += 1;
        let round = Round {
            row: *at?,
            action: row.action,
            trouble: row.trouble,
            request,
            by_stranger: self.given.is_multiple_of(8),
        };
        Some(round)
    }

    /// Notes what came of a round, and gives the row where that was its last one.
    pub(super) fn note(
        &mut self,
        round: Round,
        ended: Result<Ended, String>,
        took: Duration,
    ) -> Option<&Row> {
        let sampled = matches!(self.order, Order::Sample(_));
        let row = self.rows.get_mut(round.row)?;
        let was_open = row.ended.is_none();
        row.took += took;
        match ended {
            Ok(Ended::Void) => {}
            Ok(Ended::Over) if sampled => {}
            Ok(Ended::Over) => row.ended = Some(End::Whole),
            Ok(Ended::Survived { unharmed, calls }) => {
                row.tried += 1;
                row.unharmed += usize::from(unharmed);
                row.stubborn += usize::from(calls > 1);
            }
            Err(failure) => {
                row.tried += 1;
                row.failures.push(failure);
                if row.failures.len() > ENOUGH {
                    row.ended = Some(End::Failing);
                }
            }
        }
        (was_open && row.ended.is_some()).then_some(row)
    }
}
