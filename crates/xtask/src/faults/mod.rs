//! `cargo xtask faults`: the engine is killed and hindered at every single API request.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use pintle_testkit::{Bed, Cluster, Machinery, Mishap, TenantOptions};

pub(crate) mod engine;
mod place;

use crate::Fault;
use engine::Action;
use place::Place;

/// What goes wrong, and how often.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only rows of the matrix whose name contains this (`upgrade`, `killed before`, `503`).
    #[arg(long, default_value = "")]
    only: String,
    /// Only every so many requests, from a place that differs from row to row.
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// How many rounds go on at once.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Ends the rows after so many seconds, wherever they are; a sample for the tests.
    #[arg(long)]
    seconds: Option<u64>,
}

/// What happens to the engine at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    KilledBefore,
    KilledAfter,
    Status(u16),
    CutBefore,
    CutAfter,
    Late,
    Restart,
}

impl Trouble {
    const ALL: [Self; 10] = [
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Status(409),
        Self::Status(429),
        Self::Status(500),
        Self::Status(503),
        Self::CutBefore,
        Self::CutAfter,
        Self::Late,
        Self::Restart,
    ];

    fn name(self) -> String {
        match self {
            Self::KilledBefore => "killed before".to_owned(),
            Self::KilledAfter => "killed after".to_owned(),
            Self::Status(429) => "429, Retry-After: 1".to_owned(),
            Self::Status(code) => code.to_string(),
            Self::CutBefore => "cut before".to_owned(),
            Self::CutAfter => "cut after".to_owned(),
            Self::Late => "timeout".to_owned(),
            Self::Restart => "server restarted".to_owned(),
        }
    }
}

const ACTIONS: [Action; 5] =
    [Action::Install, Action::Upgrade, Action::Fail, Action::Rollback, Action::Uninstall];

/// One row of the matrix: an action with one kind of trouble, at request after request.
#[derive(Clone, Copy)]
struct Row {
    action: Action,
    trouble: Trouble,
    number: usize,
}

impl Row {
    fn name(&self) -> String {
        format!("{} {}", format!("{:?}", self.action).to_lowercase(), self.trouble.name())
    }
}

/// What came of a row.
struct Score {
    row: Row,
    tried: usize,
    /// How many of those the action itself came through.
    unharmed: usize,
    failures: Vec<String>,
    took: Duration,
    cut_short: bool,
}

#[expect(clippy::print_stdout, reason = "a command line prints its result")]
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let rows = ACTIONS.iter().flat_map(|action| Trouble::ALL.iter().map(move |trouble| (*action, *trouble)));
    let rows = rows.enumerate().map(|(number, (action, trouble))| Row { action, trouble, number });
    let (last, first): (VecDeque<Row>, VecDeque<Row>) = rows
        .filter(|row| row.name().contains(&arguments.only))
        .partition(|row| row.trouble == Trouble::Restart);
    if first.is_empty() && last.is_empty() {
        return Err("no row has that in its name".into());
    }
    let bed = Bed::builder().management(Machinery::Api).boot()?;
    let options = TenantOptions::new("faults").machinery(Machinery::Controllers);
    let tenant = bed.add_tenant(&options)?;
    let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));

    let every = arguments.every.max(1);
    let scores = Mutex::new(Vec::new());
    let finish = |score: Score| {
        tell(&score);
        lock(&scores).push(score);
    };
    let queue: Mutex<VecDeque<Task>> =
        Mutex::new(first.into_iter().map(|row| Task::new(row, every)).collect());
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let Some(mut task) = lock(&queue).pop_front() else { return };
                    // A sample is one of all rows: each has a turn after the other.
                    match task.work(&tenant, every, end) {
                        Going::On if end.is_some() => lock(&queue).push_back(task),
                        Going::On => lock(&queue).push_front(task),
                        Going::Over => finish(task.score),
                    }
                }
            });
        }
    });
    // One after the other: they have the server to themselves.
    for row in last {
        let mut task = Task::new(row, every);
        while let Going::On = task.work(&tenant, every, end) {}
        finish(task.score);
    }
    let scores = scores.into_inner().unwrap_or_else(PoisonError::into_inner);
    let tried: usize = scores.iter().map(|score| score.tried).sum();
    let failed: usize = scores.iter().map(|score| score.failures.len()).sum();
    println!("{tried} requests tried, {} survived", tried - failed.min(tried));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stdout, reason = "a command line prints its result")]
fn tell(score: &Score) {
    println!(
        "{:32} {:4} tried {:4} survived ({:4} unharmed), {:.0} s{}",
        score.row.name(),
        score.tried,
        score.tried - score.failures.len().min(score.tried),
        score.unharmed,
        score.took.as_secs_f64(),
        if score.cut_short { ", not to the end" } else { "" }
    );
    for failure in &score.failures {
        println!("    {failure}");
    }
}

/// A row that is being worked on, in a namespace of its own.
struct Task {
    score: Score,
    request: usize,
    stage: Option<Stage>,
}

/// Whether a row has more requests.
enum Going {
    On,
    Over,
}

impl Task {
    fn new(row: Row, every: usize) -> Self {
        let score = Score {
            row,
            tried: 0,
            unharmed: 0,
            failures: Vec::new(),
            took: Duration::ZERO,
            cut_short: false,
        };
        Self { score, request: 1 + row.number % every, stage: None }
    }

    /// One round: the row's next request, or its end when the action ends before that many.
    fn work(&mut self, cluster: &Cluster, every: usize, end: Option<Instant>) -> Going {
        if end.is_some_and(|end| Instant::now() > end) || self.score.failures.len() > 10 {
            self.score.cut_short = true;
            return Going::Over;
        }
        let started = Instant::now();
        let going = self.round(cluster);
        self.score.took += started.elapsed();
        self.request += every;
        going
    }

    fn round(&mut self, cluster: &Cluster) -> Going {
        let row = self.score.row;
        let stage = match self.stage.take() {
            Some(stage) => Ok(stage),
            None => Stage::new(cluster, row.action, row.number * 1000 + self.request),
        };
        let ended = stage.and_then(|mut stage| {
            let ended = stage.round(row, self.request, self.score.tried % 8 == 7)?;
            self.stage = Some(stage);
            Ok(ended)
        });
        match ended {
            Ok(None) => return Going::Over,
            Ok(Some(Survived { unharmed })) => self.score.unharmed += usize::from(unharmed),
            // The next round begins in a new namespace.
            Err(error) => self.score.failures.push(format!("request {}: {error}", self.request)),
        }
        self.score.tried += 1;
        Going::On
    }
}

struct Survived {
    /// Whether the action itself succeeded.
    unharmed: bool,
}

/// A place, and in which state its release is.
struct Stage {
    place: Place,
    /// The variant that is deployed, and in which revision; `None` where there is no release.
    deployed: Option<(&'static str, u32)>,
    /// The revision that had the other variant last.
    before: u32,
}

impl Stage {
    fn new(cluster: &Cluster, action: Action, number: usize) -> Result<Self, Fault> {
        let mut stage = Self { place: Place::new(cluster, number)?, deployed: None, before: 0 };
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

    fn ensure(&mut self, variant: &'static str) -> Result<(), Fault> {
        self.place.act(Action::Ensure, variant, 1)?;
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

    /// One round: the action with its trouble at a request, then healing, then a look at everything. `None` where the
    /// action sent fewer requests. A stranger heals by waiting until the lock has run out.
    fn round(&mut self, row: Row, request: usize, by_stranger: bool) -> Result<Option<Survived>, Fault> {
        let now = self.deployed.map_or("b", |(variant, _)| variant);
        let other = if now == "a" { "b" } else { "a" };
        let variant = match row.action {
            Action::Install => "a",
            Action::Fail | Action::Uninstall => now,
            _ => other,
        };
        let what = (row.action, variant, self.before);
        let ended = match row.trouble {
            Trouble::KilledBefore => self.place.kill_at(request, false, what)?,
            Trouble::KilledAfter => self.place.kill_at(request, true, what)?,
            trouble => self.place.hinder_at(request, self.mishap(trouble), what)?,
        };
        if row.trouble == Trouble::Restart {
            let patience = Duration::from_secs(60);
            self.place.cluster.api().wait_until("/readyz", "the server", patience, |seen| seen.is_some())?;
            self.place.cluster.start()?;
        }
        let wanted_code = if row.action == Action::Fail { Some(1) } else { Some(0) };
        let unharmed = ended.code == wanted_code;
        let at = |error: Fault| -> Fault {
            let struck = ended.struck.as_deref().unwrap_or("none");
            format!("({struck}; said: {}) {error}", ended.stderr.trim()).into()
        };
        let holder = if by_stranger { "stranger" } else { "faults" };
        if row.action == Action::Uninstall {
            self.place.heal(Action::Uninstall, variant, holder).map_err(at)?;
            self.place.check_gone().map_err(at)?;
            self.place.sweep()?;
            self.deployed = None;
        } else {
            self.place.heal(Action::Ensure, variant, holder).map_err(at)?;
            self.note(variant).map_err(at)?;
        }
        if ended.struck.is_none() {
            return if unharmed { Ok(None) } else { Err(at("it failed by itself".into())) };
        }
        match row.action {
            Action::Install => {
                self.place.act(Action::Uninstall, variant, 1)?;
                self.place.check_gone()?;
                self.place.sweep()?;
                self.deployed = None;
            }
            Action::Uninstall => self.ensure("a")?,
            _ => {}
        }
        Ok(Some(Survived { unharmed }))
    }

    fn mishap(&self, trouble: Trouble) -> Mishap {
        match trouble {
            Trouble::Status(429) => Mishap::Status(429, Some(1)),
            Trouble::Status(code) => Mishap::Status(code, None),
            Trouble::CutAfter => Mishap::cut_after(),
            Trouble::Late => Mishap::Late(Duration::from_secs(18)),
            Trouble::Restart => {
                let cluster = self.place.cluster.clone();
                Mishap::Before(Arc::new(move || {
                    let _ = cluster.stop();
                    let cluster = cluster.clone();
                    std::thread::spawn(move || cluster.start());
                }))
            }
            _ => Mishap::cut_before(),
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Each change is whole.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
