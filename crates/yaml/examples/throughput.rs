//! How many MiB of YAML are read and written in a second.
//!
//! ```text
//! cargo run --release -p pintle-yaml --example throughput -- values.yaml …
//! ```
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool, not a library")]
#![allow(clippy::cast_precision_loss, reason = "counts of bytes")]

use std::time::{Duration, Instant};

use pintle_value::Data;
use pintle_yaml::{Flavour, Limits, emit_data, parse, parse_spanned};

/// Runs for a second, and gives MiB a second.
fn rate(bytes: usize, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < Duration::from_secs(1) {
        run();
        rounds += 1;
    }
    bytes as f64 * f64::from(rounds) / start.elapsed().as_secs_f64() / 1_048_576.0
}

fn main() {
    let files: Vec<Vec<u8>> = std::env::args().skip(1).map(|file| std::fs::read(file).unwrap()).collect();
    let limits = Limits::default();
    let bytes = files.iter().map(Vec::len).sum();
    let read = rate(bytes, || files.iter().for_each(|file| drop(parse(file, &limits))));
    let tree = rate(bytes, || files.iter().for_each(|file| drop(parse_spanned(file, &limits))));
    let data: Vec<Data> = files.iter().filter_map(|file| parse(file, &limits).ok()).collect();
    let written = data.iter().map(|data| emit_data(data, Flavour::V2).map_or(0, |text| text.len())).sum();
    let v2 = rate(written, || data.iter().for_each(|data| drop(emit_data(data, Flavour::V2))));
    let v3 = rate(written, || data.iter().for_each(|data| drop(emit_data(data, Flavour::V3))));
    println!("{bytes} bytes read: {read:.0} MiB/s to data, {tree:.0} MiB/s to nodes");
    println!("{written} bytes written: {v2:.0} MiB/s as v2, {v3:.0} MiB/s as v3");
}
