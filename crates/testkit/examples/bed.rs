//! Boots a management cluster with one tenant and keeps it until this program ends.
//!
//! `cargo run -p pintle-testkit --example bed` prints how to reach it. The process ids that it prints last are
//! those of everything that it started, and end with it.

use std::process::ExitCode;

use pintle_testkit::{Bed, Machinery, TenantOptions};

#[expect(clippy::print_stderr, reason = "this is a program")]
fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is a program")]
fn run() -> Result<(), Box<dyn std::error::Error>> {
    let started = std::time::Instant::now();
    let machinery =
        if std::env::args().any(|argument| argument == "--api") { Machinery::Api } else { Machinery::Pods };
    let bed = Bed::builder()
        .management(machinery)
        .tenant(TenantOptions::new("tenant1").machinery(machinery))
        .boot()?;
    let tenant = bed.tenant("tenant1")?;
    println!("ready in {:.1} s", started.elapsed().as_secs_f64());
    println!("management cluster: export KUBECONFIG={}", bed.management().kubeconfig_path().display());
    println!("tenant1:            export KUBECONFIG={}", tenant.kubeconfig_path().display());
    println!("for tests:          export PINTLE_BED={}", bed.handover().display());
    println!("it ends with this program (press enter)");
    println!("pids: {}", bed.pids().iter().map(u32::to_string).collect::<Vec<_>>().join(" "));
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}
