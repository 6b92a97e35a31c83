//! What a fuzz target is, and the list of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::targets as at;

/// A reader of foreign bytes, and what helps a fuzzer to reach all of it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of the program in `fuzz_targets/`.
    pub name: &'static str,
    /// Runs the target once; panics where a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces that inputs are made of.
    pub words: &'static [&'static str],
    /// The longest input that is tried: as long as it takes to reach everything, for short ones run quickly.
    pub max_len: usize,
}

/// All targets, by name.
pub fn targets() -> &'static [Target] {
    &[
        at::archive::TARGET,
        at::chart::TARGET,
        at::dates::TARGET,
        at::execution::TARGET,
        at::expressions::TARGET,
        at::functions::TARGET,
        at::index::TARGET,
        at::json::TARGET,
        at::keys::TARGET,
        at::manifests::TARGET,
        at::patterns::TARGET,
        at::printf::TARGET,
        at::record::TARGET,
        at::regex::TARGET,
        at::schema::TARGET,
        at::set_flags::TARGET,
        at::template::TARGET,
        at::toml::TARGET,
        at::versions::TARGET,
        at::yaml::TARGET,
        at::yaml_values::TARGET,
    ]
}

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    targets().iter().find(|target| target.name == name)
}

/// The variable that names a folder: a target's program then writes its seeds into `TARGET/` there and its dictionary
/// into `TARGET.dict`, prints the longest input to try, and ends.
pub const SEEDS_VARIABLE: &str = "PINTLE_FUZZ_SEEDS";

/// Does what [`SEEDS_VARIABLE`] asks for, where it is set.
///
/// # Panics
///
/// Where the files cannot be written.
pub fn write_seeds(target: &Target) {
    if let Some(folder) = std::env::var_os(SEEDS_VARIABLE).map(PathBuf::from) {
        target.write_seeds(&folder).expect("the seeds can be written");
        println!("{}", target.max_len);
        std::process::exit(0);
    }
}

impl Target {
    fn write_seeds(&self, folder: &Path) -> std::io::Result<()> {
        let seeds = folder.join(self.name);
        std::fs::create_dir_all(&seeds)?;
        for (index, seed) in (self.seeds)().iter().enumerate() {
            std::fs::write(seeds.join(format!("seed-{index}")), seed)?;
        }
        let quoted = |word: &&str| {
            let bytes = word.bytes().map(|byte| match byte {
                b'"' | b'\\' => format!("\\{}", char::from(byte)),
                b' '..=b'~' => char::from(byte).to_string(),
                _ => format!("\\x{byte:02X}"),
            });
            format!("\"{}\"\n", bytes.collect::<String>())
        };
        let words: String = self.words.iter().map(quoted).collect();
        std::fs::write(folder.join(format!("{}.dict", self.name)), words)
    }
}

/// Runs a target once for each file that the program was started with: the program of a target that was not built for
/// a fuzzer.
pub fn replay(target: &Target) -> ExitCode {
    write_seeds(target);
    for name in std::env::args_os().skip(1) {
        match std::fs::read(&name) {
            Ok(bytes) => (target.run)(&bytes),
            Err(error) => {
                eprintln!("error: could not read {}: {error}", name.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The program of a target: libFuzzer's where it is built for it, else one that runs the files it is given.
#[macro_export]
macro_rules! main {
    ($target:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(init: $crate::write_seeds(&$crate::targets::$target::TARGET), |bytes: &[u8]| {
            $crate::targets::$target::run(bytes);
        });

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::replay(&$crate::targets::$target::TARGET)
        }
    };
}
