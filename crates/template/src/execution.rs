//! What a run of templates is given: host, limits, options.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pintle_value::Str;

use crate::code::Unit;
use crate::error::{Error, ErrorKind, Limit};

/// How many steps pass between two looks at clock and cancel flag.
const CHECK_EVERY: u64 = 1 << 14;

/// How far a run may go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Steps of all templates together: one for each instruction, more for what functions
    /// [`spend`](crate::Call::spend). Default: 2,000,000,000, some tens of seconds.
    pub steps: u64,
    /// Bytes of output of all templates together; also of a text that one action prints or includes. Default: 64 MiB.
    pub output: usize,
    /// Bytes that functions, `include` and `tpl` may make, all calls together, whether or not they were given back
    /// since. Default: 8 GiB.
    pub memory: u64,
    /// Templates inside of templates, by `template`, `include` and `tpl` together. Go has no such limit but its
    /// stack's 1 GB; its own ones (100,000 for `template`, Helm's 1,000 for one name in `include`) are reached before.
    /// Default: 250,000.
    pub depth: usize,
    /// How long the run may take. Default: 5 minutes, in which any chart renders; steps are used up before.
    pub time: Option<Duration>,
    /// When to give up, whatever [`time`](Self::time) says. Default: never.
    pub deadline: Option<Instant>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 2_000_000_000,
            output: 64 << 20,
            memory: 8 << 30,
            depth: 250_000,
            time: Some(Duration::from_secs(300)),
            deadline: None,
        }
    }
}

impl Limits {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets [`steps`](Self::steps).
    #[must_use]
    pub fn steps(mut self, steps: u64) -> Self {
        self.steps = steps;
        self
    }

    /// Sets [`output`](Self::output).
    #[must_use]
    pub fn output(mut self, bytes: usize) -> Self {
        self.output = bytes;
        self
    }

    /// Sets [`memory`](Self::memory).
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets [`depth`](Self::depth).
    #[must_use]
    pub fn depth(mut self, templates: usize) -> Self {
        self.depth = templates;
        self
    }

    /// Sets [`time`](Self::time).
    #[must_use]
    pub fn time(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.time = time.into();
        self
    }

    /// Sets [`deadline`](Self::deadline).
    #[must_use]
    pub fn deadline(mut self, at: Instant) -> Self {
        self.deadline = Some(at);
        self
    }
}

/// What a map gives for a key that it has not (Go: `Template.Option`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingKey {
    /// No value, printed as `<no value>`.
    #[default]
    Invalid,
    /// The zero value of the map's element type: `nil` of an interface, printed as `<no value>`; `""` of strings.
    Zero,
    /// An error.
    Error,
}

/// One run: of one template, or of all templates of one render, which share include counters and limits.
///
/// Not `Send`; it lives as long as the call that renders.
#[must_use]
pub struct Execution<'h> {
    pub(crate) host: &'h mut dyn Any,
    pub(crate) limits: Limits,
    pub(crate) missing_key: MissingKey,
    cancel: Option<Arc<AtomicBool>>,
    steps_left: u64,
    until_check: u64,
    memory_left: u64,
    written: usize,
    /// When the run is over; looked up at its first check.
    over: Option<Instant>,
    /// Where in `counts` each name is that was included.
    pub(crate) included: HashMap<Str, usize>,
    /// How often it is being included right now (Helm: `includedNames`).
    pub(crate) counts: Vec<u32>,
    /// What `tpl` parsed, by its text.
    pub(crate) parsed: HashMap<Str, Arc<Unit>>,
    /// Why the run ends, where a function was told first.
    pub(crate) aborted: Option<Error>,
}

impl<'h> Execution<'h> {
    /// A run whose functions see `host`.
    pub fn new(host: &'h mut dyn Any) -> Self {
        let limits = Limits::default();
        Self {
            host,
            missing_key: MissingKey::default(),
            cancel: None,
            steps_left: limits.steps,
            until_check: 1,
            memory_left: limits.memory,
            written: 0,
            over: None,
            limits,
            included: HashMap::new(),
            counts: Vec::new(),
            parsed: HashMap::new(),
            aborted: None,
        }
    }

    /// Sets how far the run may go.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.steps_left = limits.steps;
        self.memory_left = limits.memory;
        self.limits = limits;
        self
    }

    /// Sets what a missing key of a map gives.
    pub fn missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    /// Ends the run soon after `cancel` became true.
    pub fn cancel(mut self, cancel: Arc<AtomicBool>) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Counts one step.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<(), Error> {
        self.until_check -= 1;
        if self.until_check == 0 { self.check() } else { Ok(()) }
    }

    /// Counts many steps.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Error> {
        if steps < self.until_check {
            self.until_check -= steps;
            return Ok(());
        }
        self.steps_left = self.steps_left.saturating_sub(steps - self.until_check);
        self.until_check = 0;
        self.check()
    }

    /// Counts bytes that a function made.
    #[inline]
    pub(crate) fn made(&mut self, bytes: usize) -> Result<(), Error> {
        match self.memory_left.checked_sub(bytes as u64) {
            Some(left) => {
                self.memory_left = left;
                Ok(())
            }
            None => {
                Err(limit(Limit::Memory, format!("functions made more than {} bytes", self.limits.memory)))
            }
        }
    }

    /// How many bytes templates may still write.
    pub(crate) fn output_left(&self) -> usize {
        self.limits.output.saturating_sub(self.written)
    }

    /// How long a text may be that a function makes now.
    pub(crate) fn longest(&self) -> usize {
        self.limits.output.min(usize::try_from(self.memory_left).unwrap_or(usize::MAX))
    }

    /// Counts bytes that a template wrote.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes);
    }

    /// When the run is over: its first check is its beginning.
    fn over(&mut self) -> Option<Instant> {
        if self.over.is_none() {
            let over = self.limits.time.and_then(|time| Instant::now().checked_add(time));
            self.over = over.into_iter().chain(self.limits.deadline).min();
        }
        self.over
    }

    #[cold]
    fn check(&mut self) -> Result<(), Error> {
        if self.steps_left == 0 {
            self.until_check = 1;
            return Err(limit(Limit::Steps, format!("templates took more than {} steps", self.limits.steps)));
        }
        let next = self.steps_left.min(CHECK_EVERY);
        self.steps_left -= next;
        self.until_check = next;
        if self.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Err(Error::new(ErrorKind::Cancelled, "rendering was cancelled".into(), None));
        }
        if self.over().is_some_and(|over| Instant::now() >= over) {
            return Err(limit(Limit::Time, "templates took longer than allowed"));
        }
        Ok(())
    }
}

pub(crate) fn limit(limit: Limit, text: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Limit(limit), format!("limit reached: {text}"), None)
}

impl std::fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execution")
            .field("limits", &self.limits)
            .field("missing_key", &self.missing_key)
            .finish()
    }
}
