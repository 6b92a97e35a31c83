//! The compiler for the fuzzers: crates of the house are compiled so that libFuzzer sees which code an input reaches,
//! those of others as they are. What is looked for are faults of the house, and runs are quicker by half.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Set for the `cargo build` of the fuzzers, which then calls this program instead of the compiler (`RUSTC_WRAPPER`).
pub(super) const VARIABLE: &str = "PINTLE_FUZZ_INSTRUMENT";

/// What LLVM adds to a crate. `cargo fuzz` passes the same, with the sanitizers that need a nightly compiler; the crates
/// have no unsafe code for those to watch.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Compiles a crate, where this program was called as a compiler. The arguments are the compiler and its own.
pub(crate) fn compile() -> Option<ExitCode> {
    std::env::var_os(VARIABLE)?;
    let mut arguments = std::env::args_os().skip(1);
    let mut compiler = Command::new(arguments.next()?);
    let arguments: Vec<OsString> = arguments.collect();
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    if package == "pintle" || package.starts_with("pintle-") {
        compiler.args(FLAGS);
    }
    let done = compiler.args(arguments).status().ok()?;
    Some(if done.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
