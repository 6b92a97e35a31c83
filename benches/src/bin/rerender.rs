//! Renders a compiled chart over and over in one process, with other values each time.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pintle_benches::{Fault, RenderAnswer, RenderJob, Stage, answer};
use pintle_chart::{Chart, Digest, Limits};
use pintle_render::{Capabilities, CompiledChart, KubeVersion, RenderError, RenderInput};
use pintle_value::{Data, DataMap};

/// A render makes and frees many small values: a program that renders much does well to bring an allocator that is made
/// for it, as Go's programs have one built in.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    answer(measure)
}

/// Where the values of each round can differ: a schema may forbid unknown keys at the top or among the globals.
const KEYS: [&str; 3] = ["benchRound", "global.benchRound", ""];

fn measure(job: &RenderJob) -> Result<RenderAnswer, Fault> {
    let chart = CompiledChart::new(Chart::from_path(&job.chart, &Limits::default())?);
    let version = KubeVersion::parse(&job.kube_version)?;
    let mut subject = Subject {
        chart,
        values: job.values.clone(),
        capabilities: Capabilities::offline().with_kube_version(version),
        key: "",
    };
    let first = subject.vary()?;
    let files = first
        .iter()
        .map(|(name, text)| (name.clone(), Digest::of(text.as_bytes()).to_string()))
        .collect::<BTreeMap<_, _>>();
    let output_bytes = first.values().map(|text| text.len()).sum();

    let mut round = 1;
    let start = Instant::now();
    while start.elapsed() < Duration::try_from_secs_f64(job.warmup)? {
        subject.render(round, job.stage)?;
        round += 1;
    }
    let mut nanoseconds = Vec::new();
    let used = processor_time()?;
    let start = Instant::now();
    while nanoseconds.len() < job.rounds || start.elapsed() < Duration::try_from_secs_f64(job.seconds)? {
        let began = Instant::now();
        subject.render(round, job.stage)?;
        nanoseconds.push(u64::try_from(began.elapsed().as_nanos())?);
        round += 1;
    }
    let cpu_nanoseconds = (processor_time()? - used) / nanoseconds.len() as u64;
    let key = subject.key.to_owned();
    Ok(RenderAnswer { nanoseconds, cpu_nanoseconds, allocated_bytes: None, output_bytes, files, key })
}

/// What this process has used so far, in nanoseconds.
fn processor_time() -> Result<u64, Fault> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Ok(u64::try_from(Duration::try_from(used)?.as_nanos())?)
}

struct Subject {
    chart: CompiledChart,
    values: DataMap,
    capabilities: Capabilities,
    key: &'static str,
}

impl Subject {
    /// Renders once and finds the place at which the values of each round can differ.
    fn vary(&mut self) -> Result<BTreeMap<String, Arc<str>>, Fault> {
        let mut outcome = Err("no key was tried".into());
        for key in KEYS {
            self.key = key;
            outcome = self.chart.render_texts(&self.input(0)).map_err(Fault::from);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Renders with values and a release name that no round before had.
    fn render(&self, round: i64, stage: Stage) -> Result<(), RenderError> {
        let input = self.input(round);
        match stage {
            Stage::Texts => self.chart.render_texts(&input).map(drop),
            Stage::Documents => self.chart.render(&input).map(drop),
        }
    }

    fn input(&self, round: i64) -> RenderInput {
        let values = match self.key.split_once('.') {
            None if self.key.is_empty() => self.values.clone(),
            None => self.values.with(self.key, Data::Int(round)),
            Some((table, key)) => {
                let inner = self.values.get(table).and_then(Data::as_map).cloned().unwrap_or_default();
                self.values.with(table, Data::Map(inner.with(key, Data::Int(round))))
            }
        };
        RenderInput::new(format!("rel-{round}"), "ns").values(values).capabilities(self.capabilities.clone())
    }
}
