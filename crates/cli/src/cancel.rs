//! Ctrl-C, and the signal that asks a program to end.

use pintle::CancellationToken;
use tokio::signal;

/// A token that the first Ctrl-C (or SIGTERM) cancels: the run stops and writes its record. The second one ends the
/// program at once.
pub(crate) fn on_signal(release: &str) -> CancellationToken {
    let token = CancellationToken::new();
    let (cancel, release) = (token.clone(), release.to_owned());
    tokio::spawn(async move {
        asked_to_end().await;
        crate::progress::say(&format!("Release {release} has been cancelled."));
        cancel.cancel();
        asked_to_end().await;
        leave();
    });
    token
}

#[expect(clippy::exit, reason = "asked twice, the program ends at once, whatever it was doing")]
fn leave() -> ! {
    std::process::exit(1)
}

#[cfg(unix)]
async fn asked_to_end() {
    use signal::unix::{SignalKind, signal};
    // Where no handler can be installed, the system's own does its work.
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        ended = signal::ctrl_c() => if ended.is_err() { std::future::pending().await },
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    if signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
