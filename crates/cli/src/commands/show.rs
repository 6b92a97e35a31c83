//! `pintle show` (Helm: `pkg/cmd/show.go`, `pkg/action/show.go`).

use pintle::Chart;

use super::Context;
use crate::arguments::{ShowArguments, ShowCommand};
use crate::{Failure, print, source};

/// The names under which Helm finds a README, in any case.
const README: [&str; 3] = ["readme.md", "readme.txt", "readme"];

pub(super) async fn run(context: &mut Context<'_>, command: &ShowCommand) -> Result<(), Failure> {
    let chart = async |context: &Context<'_>, arguments: &ShowArguments| {
        source::chart(&arguments.reference, &arguments.chart, context.global).await
    };
    match command {
        ShowCommand::All(arguments) => {
            let chart = chart(context, arguments).await?;
            definition(context, &chart)?;
            writeln!(context.out, "---")?;
            values(context, &chart)?;
            if let Some(readme) = readme(&chart) {
                writeln!(context.out, "---")?;
                line(context, readme)?;
            }
            crds(context, &chart)
        }
        ShowCommand::Chart(arguments) => {
            let chart = chart(context, arguments).await?;
            definition(context, &chart)
        }
        ShowCommand::Crds(arguments) => {
            let chart = chart(context, arguments).await?;
            crds(context, &chart)
        }
        ShowCommand::Readme(arguments) => {
            let chart = chart(context, arguments).await?;
            readme(&chart).map_or(Ok(()), |readme| line(context, readme))
        }
        ShowCommand::Values(arguments) => {
            let chart = chart(context, arguments).await?;
            values(context, &chart)
        }
    }
}

fn definition(context: &mut Context<'_>, chart: &Chart) -> Result<(), Failure> {
    print::yaml(context.out, chart.metadata())?;
    Ok(writeln!(context.out)?)
}

fn values(context: &mut Context<'_>, chart: &Chart) -> Result<(), Failure> {
    chart.raw_values().map_or(Ok(()), |values| line(context, values))
}

fn crds(context: &mut Context<'_>, chart: &Chart) -> Result<(), Failure> {
    for crd in chart.crds() {
        if !crd.file.data.starts_with(b"---") {
            writeln!(context.out, "---")?;
        }
        line(context, &crd.file.data)?;
    }
    Ok(())
}

fn readme(chart: &Chart) -> Option<&[u8]> {
    let is_readme = |name: &str| README.iter().any(|readme| readme.eq_ignore_ascii_case(name));
    chart.files().iter().find(|file| is_readme(&file.name)).map(|file| &*file.data)
}

fn line(context: &mut Context<'_>, bytes: &[u8]) -> Result<(), Failure> {
    context.out.write_all(bytes)?;
    Ok(context.out.write_all(b"\n")?)
}
