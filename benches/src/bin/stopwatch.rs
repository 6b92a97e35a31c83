//! Runs programs by turns and says how long each run took and how much memory it held.
//!
//! A program of its own, because the kernel counts the memory of whoever starts a program as that program's until it
//! has begun: this one is small.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use pintle_benches::{Fault, ProgramRuns, ProgramsJob, Run, answer};
use wait4::Wait4 as _;

fn main() -> ExitCode {
    answer(measure)
}

fn measure(job: &ProgramsJob) -> Result<Vec<ProgramRuns>, Fault> {
    let mut measured: Vec<ProgramRuns> = vec![Vec::with_capacity(job.runs); job.commands.len()];
    for round in 0..job.warmup + job.runs {
        for (command, runs) in job.commands.iter().zip(&mut measured) {
            let run = run(command, job)?;
            if round >= job.warmup {
                runs.push(run);
            }
        }
    }
    Ok(measured)
}

fn run(command: &[String], job: &ProgramsJob) -> Result<Run, Fault> {
    let (program, arguments) = command.split_first().ok_or("an empty command line")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&job.folder)
        .env_clear()
        .envs(&job.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let began = Instant::now();
    let ended = command
        .spawn()
        .and_then(|mut child| child.wait4())
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    let wall = began.elapsed();
    if !ended.status.success() {
        return Err(format!("{program} {} ended with {}", arguments.join(" "), ended.status).into());
    }
    let used = ended.rusage;
    let cpu: Duration = used.utime + used.stime;
    Ok(Run { wall: wall.as_secs_f64(), cpu: cpu.as_secs_f64(), memory: used.maxrss })
}
