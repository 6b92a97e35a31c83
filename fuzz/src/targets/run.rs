//! One run of a template within small limits, where time stands still and chance is fixed.

use pintle_functions::{HelmHost, Moment, SeededRandom};
use pintle_template::{Error, Execution, Limits, Output, Program};
use pintle_value::Value;

/// Small enough for a fuzzer to make many runs, and large enough to reach everything.
fn limits() -> Limits {
    Limits::default().steps(20_000).output(1 << 16).memory(1 << 20).depth(200)
}

/// How a template ended.
pub(super) struct Run {
    /// What it wrote before it ended.
    pub(super) out: Output,
    pub(super) error: Option<Error>,
}

pub(super) fn run(program: &Program, name: &str, dot: &Value) -> Run {
    let mut host =
        HelmHost::new().clock(Moment { seconds: 1_700_000_000, nanos: 5 }).random(SeededRandom::new([1; 32]));
    let mut out = Output::new();
    let mut execution = Execution::new(&mut host).limits(limits());
    let error = program.execute(name, dot, &mut out, &mut execution).err();
    if let Some(error) = &error {
        assert!(!error.to_string().is_empty(), "an error has words");
    }
    Run { out, error }
}

/// A program of templates called `t`, `u` and `v`, as the static `PROGRAM`.
macro_rules! template_of {
    ($($text:expr),+) => {
        static PROGRAM: std::sync::LazyLock<pintle_template::Program> = std::sync::LazyLock::new(|| {
            let mut templates =
                pintle_template::Templates::new("gotpl", pintle_functions::Helm::functions());
            for (name, text) in ["t", "u", "v"].iter().zip([$($text),+]) {
                templates.parse(*name, text).expect("it is a template");
            }
            templates.finish()
        });
    };
}

pub(super) use template_of;
