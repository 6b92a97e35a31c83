//! What a run does, for the person who waits for it.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pintle::{Event, ObjectAction, Observer};

/// Shows a run's events on standard error: on a terminal as one line that changes with lasting lines above it, else
/// as plain lines.
pub(crate) struct Progress(Display);

enum Display {
    Terminal(ProgressBar),
    Lines,
}

impl Progress {
    /// A display for one run.
    pub(crate) fn new(doing: impl fmt::Display) -> Self {
        if !io::stderr().is_terminal() {
            return Self(Display::Lines);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_prefix(doing.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Display::Terminal(bar))
    }

    /// Takes the changing line away; the lasting ones stay.
    pub(crate) fn finish(&self) {
        if let Display::Terminal(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        match &self.0 {
            Display::Terminal(bar) => bar.println(text),
            Display::Lines => say(text),
        }
    }

    fn now(&self, text: String) {
        match &self.0 {
            Display::Terminal(bar) => bar.set_message(text),
            Display::Lines => say(&text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        match event {
            Event::Recorded { revision, status } => self.now(format!("revision {revision} is {status}")),
            Event::NamespaceCreated { name } => self.line(&format!("namespace {name} created")),
            Event::Object { object, action } => {
                if let Some(done) = done(*action) {
                    self.line(&format!("{object} {done}"));
                }
            }
            Event::HookStarted { object, at, .. } => self.now(format!("{at} hook {object} runs")),
            Event::HookFinished { object, succeeded, took } => {
                let ended = if *succeeded { "succeeded" } else { "failed" };
                self.line(&format!("hook {object} {ended} after {:.1} s", took.as_secs_f64()));
            }
            Event::HookLog { container, text, .. } => {
                for line in text.lines() {
                    self.line(&format!("{container}: {line}"));
                }
            }
            Event::Waiting { object, message, ready, total } => {
                self.now(format!("{ready}/{total} ready; {object}: {message}"));
            }
            Event::Ready => self.now("everything is ready".to_owned()),
            Event::Warning { text } => self.line(&format!("level=WARN msg={text:?}")),
            Event::Failed { failure } => {
                self.line(&format!("failed: {failure}"));
                if let Some(report) = &failure.report {
                    for line in report.to_string().lines() {
                        self.line(&format!("  {line}"));
                    }
                }
            }
            Event::RollingBack { revision: Some(revision) } => {
                self.line(&format!("rolling back to revision {revision}"));
            }
            Event::RollingBack { revision: None } => self.line("uninstalling what was installed"),
            _ => {}
        }
    }
}

/// What is said of an object; `None` where nothing was done to it.
fn done(action: ObjectAction) -> Option<&'static str> {
    Some(match action {
        ObjectAction::Create | ObjectAction::CreateUnchecked => "created",
        ObjectAction::Update => "changed",
        ObjectAction::Replace => "replaced",
        ObjectAction::Recreate | ObjectAction::RecreateOrphaning => "recreated",
        ObjectAction::Delete => "deleted",
        ObjectAction::Keep => "kept",
        _ => return None,
    })
}

/// Writes a line to standard error.
pub(crate) fn say(text: &str) {
    // Where nobody listens to standard error, the run goes on.
    let _ = writeln!(io::stderr(), "{text}");
}
