//! What the demo tells.

use std::time::Duration;

/// A heading.
pub(super) fn title(text: &str) {
    print(&format!("\n\x1b[1m== {text}\x1b[0m"));
}

/// Prose.
pub(super) fn say(text: &str) {
    print(text);
}

/// A command and what it printed.
pub(super) fn command(line: &str, output: &str) {
    print(&format!("$ {line}"));
    for line in output.lines() {
        print(&format!("  {line}"));
    }
}

/// How long something took.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[expect(clippy::print_stdout, reason = "telling is what the demo does")]
fn print(text: &str) {
    println!("{text}");
}
