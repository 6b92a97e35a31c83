//! `cargo xtask faults`: the engine is killed and hindered at every single API request.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use pintle_testkit::{Bed, Cluster, Machinery};

pub(crate) mod engine;
mod matrix;
mod place;
mod stage;
mod trouble;

use crate::Fault;
use crate::random::Seed;
use engine::Action;
use matrix::{End, Matrix, Order, Round, Row};
use stage::{Ended, Stage};

/// How often a round, or what it begins with, is tried that a busy machine spoils.
const TRIES: u32 = 4;

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
    /// A sample instead: rounds of all rows in turn, at requests by chance, until so many seconds have passed. The API
    /// server is not restarted in it.
    #[arg(long)]
    seconds: Option<u64>,
    /// Which sample; a seed always gives the same.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let order = match arguments.seconds {
        None => Order::Through(arguments.every.max(1)),
        Some(_) => Order::Sample(Seed(arguments.seed).random("faults")),
    };
    let matrix = Matrix::new(&arguments.only, order);
    if matrix.rows.is_empty() {
        return Err("no row has that in its name".into());
    }
    let bed = Bed::builder().management(Machinery::Controllers).boot()?;
    let cluster = bed.management();
    let ground = Ground { cluster: &cluster, stages: Mutex::default(), made: AtomicUsize::new(0) };
    let mut requests = Vec::new();
    if arguments.seconds.is_some() {
        requests = ground.count(&matrix.actions())?;
    }
    let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let matrix = Mutex::new(matrix);
    let next = |alone: bool| {
        if end.is_some_and(|end| Instant::now() > end) {
            return None;
        }
        let of = |action| requests.iter().find(|(one, _)| *one == action).map_or(1, |(_, count)| *count);
        lock(&matrix).next(alone, of)
    };
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                while let Some(round) = next(false) {
                    ground.play(round, &matrix);
                }
            });
        }
    });
    // One after the other: they have the server to themselves.
    while arguments.seconds.is_none()
        && let Some(round) = next(true)
    {
        ground.play(round, &matrix);
    }
    let matrix = matrix.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(tell(&matrix.rows))
}

#[expect(clippy::print_stdout, reason = "a command line prints its result")]
fn tell(rows: &[Row]) -> ExitCode {
    let [mut tried, mut failed] = [0, 0];
    for row in rows.iter().filter(|row| row.tried > 0) {
        println!("{}", described(row));
        for failure in &row.failures {
            println!("    {failure}");
        }
        tried += row.tried;
        failed += row.failures.len();
    }
    println!("{tried} requests tried, {} survived", tried - failed);
    if failed == 0 && tried > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn described(row: &Row) -> String {
    format!(
        "{:30} {:4} tried {:4} survived ({:4} unharmed, {:3} by more than one call), {:.0} s{}",
        row.name(),
        row.tried,
        row.tried - row.failures.len(),
        row.unharmed,
        row.stubborn,
        row.took.as_secs_f64(),
        if row.ended == Some(End::Whole) { "" } else { ", not to the end" }
    )
}

/// A cluster with the releases that rounds are played on.
struct Ground<'a> {
    cluster: &'a Cluster,
    /// Those that nobody plays on at the moment.
    stages: Mutex<Vec<(Action, Stage)>>,
    made: AtomicUsize,
}

impl Ground<'_> {
    /// How many requests each action sends where nothing goes wrong.
    fn count(&self, actions: &[Action]) -> Result<Vec<(Action, usize)>, Fault> {
        let counts: Vec<Result<(Action, usize), Fault>> = std::thread::scope(|scope| {
            let count = |action: Action| {
                let mut stage = self.stage(action)?;
                let requests = stage.count()?;
                lock(&self.stages).push((action, stage));
                Ok((action, requests))
            };
            let counted: Vec<_> = actions.iter().map(|action| scope.spawn(move || count(*action))).collect();
            let join = |one: std::thread::ScopedJoinHandle<'_, _>| {
                one.join().unwrap_or_else(|_| Err("a thread panicked".into()))
            };
            counted.into_iter().map(join).collect()
        });
        counts.into_iter().collect()
    }

    fn stage(&self, action: Action) -> Result<Stage, Fault> {
        let free = {
            let mut stages = lock(&self.stages);
            let at = stages.iter().position(|(one, _)| *one == action);
            at.map(|at| stages.swap_remove(at).1)
        };
        if let Some(stage) = free {
            return Ok(stage);
        }
        let mut tries = 1;
        loop {
            match Stage::new(self.cluster, action, self.made.fetch_add(1, Ordering::Relaxed)) {
                Err(_) if tries < TRIES => tries += 1,
                made => return made,
            }
        }
    }

    #[expect(clippy::print_stderr, reason = "who waits for hours wants to hear how it goes")]
    fn play(&self, round: Round, matrix: &Mutex<Matrix>) {
        let started = Instant::now();
        let mut tries = 1;
        let ended = loop {
            match self.round(round) {
                Ok(Ended::Void) if tries < TRIES => tries += 1,
                ended => break ended.map_err(|error| format!("request {}: {error}", round.request)),
            }
        };
        if let Err(failure) = &ended {
            eprintln!("{:?} {}: {failure}", round.action, round.trouble.name());
        }
        if let Some(row) = lock(matrix).note(round, ended, started.elapsed()) {
            eprintln!("{}", described(row));
        }
    }

    fn round(&self, round: Round) -> Result<Ended, Fault> {
        let mut stage = self.stage(round.action)?;
        let holder = if round.by_stranger { "stranger" } else { place::HOLDER };
        // A stage where something failed is not gone on with.
        let ended = stage.round(round.trouble, round.request, holder)?;
        lock(&self.stages).push((round.action, stage));
        Ok(ended)
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is whole.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
