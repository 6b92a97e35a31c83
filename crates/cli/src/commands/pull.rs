//! `pintle pull` (Helm: `pkg/cmd/pull.go`, `pkg/action/pull.go`).

use std::path::Path;

use pintle::Chart;

use super::Context;
use crate::arguments::{PullArguments, Switch};
use crate::{Failure, source};

pub(super) async fn run(context: &mut Context<'_>, arguments: &PullArguments) -> Result<(), Failure> {
    for reference in &arguments.references {
        let archive = source::download(reference, &arguments.chart, context.global).await?;
        let limits = pintle::chart::Limits::default();
        // Read before anything is written: what is no chart never reaches the disk.
        let chart = Chart::from_archive(&archive.bytes, &limits)?;
        if Switch::is_on(arguments.untar) {
            unpack(&chart, reference, arguments)?;
            continue;
        }
        let path = arguments.destination.join(&archive.file);
        std::fs::write(&path, &archive.bytes).map_err(|error| unwritable("write", &path, &error))?;
    }
    Ok(())
}

fn unpack(chart: &Chart, reference: &str, arguments: &PullArguments) -> Result<(), Failure> {
    let folder = arguments.destination.join(&arguments.untardir);
    let taken = folder.join(reference.rsplit('/').next().unwrap_or(reference));
    let target = folder.join(chart.name());
    for path in [&taken, &target] {
        if path.exists() {
            let shown = path.strip_prefix(".").unwrap_or(path).display();
            return Err(Failure::new(format!(
                "failed to untar: a file or directory with the name {shown} already exists"
            )));
        }
    }
    for file in chart.raw() {
        // The chart's loader lets no path through that leads out of the chart.
        let path = target.join(&*file.name);
        let parent = path.parent().unwrap_or(&target);
        std::fs::create_dir_all(parent).map_err(|error| unwritable("mkdir", parent, &error))?;
        std::fs::write(&path, &file.data).map_err(|error| unwritable("write", &path, &error))?;
    }
    Ok(())
}

fn unwritable(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{doing} {}: {}", path.display(), source::reason(error)))
}
