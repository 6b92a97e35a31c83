//! `pintle get` (Helm: `pkg/cmd/get_*.go`).

use super::Context;
use crate::Failure;
use crate::arguments::{GetArguments, GetCommand, GetValuesArguments, OutputFormat, Switch};
use crate::print::{self, Shown};

pub(super) async fn run(context: &mut Context<'_>, command: &GetCommand) -> Result<(), Failure> {
    let record = async |context: &Context<'_>, arguments: &GetArguments| {
        context.record(&arguments.release.0, arguments.revision).await.map(|(_, record)| record)
    };
    match command {
        GetCommand::All(arguments) => {
            let record = record(context, arguments).await?;
            let computed = pintle::computed_values(&record)?;
            let shown = Shown { chart: true, computed: Some(&computed), ..Shown::short(context.palette) };
            print::release(context.out, &record, OutputFormat::Table, &shown)
        }
        GetCommand::Hooks(arguments) => {
            let record = record(context, arguments).await?;
            print::hooks(context.out, &record)
        }
        GetCommand::Manifest(arguments) => {
            let record = record(context, arguments).await?;
            Ok(writeln!(context.out, "{}", record.manifest)?)
        }
        GetCommand::Metadata(arguments) => {
            let (target, record) =
                context.record(&arguments.release.release.0, arguments.release.revision).await?;
            // Helm shows its own labels where it looked for the newest revision, and not where one was named.
            let stored = if arguments.release.revision.is_some_and(|revision| revision > 0) {
                None
            } else {
                let (_, namespace) = context.cluster().await?;
                let release = target.release(&record.name).in_namespace(namespace);
                release.history().await?.into_iter().find(|stored| stored.revision == record.revision)
            };
            print::metadata(context.out, &record, stored.as_ref(), arguments.output)
        }
        GetCommand::Notes(arguments) => {
            let notes = record(context, arguments).await?.info.notes;
            if notes.is_empty() {
                return Ok(());
            }
            Ok(writeln!(context.out, "NOTES:\n{notes}")?)
        }
        GetCommand::Values(arguments) => values(context, arguments).await,
    }
}

async fn values(context: &mut Context<'_>, arguments: &GetValuesArguments) -> Result<(), Failure> {
    let release = &arguments.release;
    let (_, record) = context.record(&release.release.0, release.revision).await?;
    let (heading, values) = if Switch::is_on(arguments.all) {
        ("COMPUTED VALUES:", pintle::value::Data::Map(pintle::computed_values(&record)?))
    } else {
        ("USER-SUPPLIED VALUES:", print::given(&record.config))
    };
    print::formatted(context.out, arguments.output, &values, |out| {
        writeln!(out, "{heading}")?;
        print::yaml(out, &values)
    })
}
