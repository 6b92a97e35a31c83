//! One command per file.

use std::io::Write;

use pintle::Engine;
use pintle::release::Record;

use crate::Failure;
use crate::arguments::{Arguments, Command, GlobalFlags, Switch};
use crate::client::Cluster;
use crate::print::Palette;

mod approval;
mod completion;
mod diff;
mod get;
mod history;
mod install;
mod lint;
mod list;
mod on_server;
mod options;
mod pull;
mod rollback;
mod show;
mod status;
mod template;
mod test;
mod uninstall;
mod upgrade;
mod version;

/// What every command is handed.
pub(crate) struct Context<'a> {
    /// The flags that every command has.
    pub(crate) global: &'a GlobalFlags,
    /// Standard output.
    pub(crate) out: &'a mut dyn Write,
    /// How colourful it is.
    pub(crate) palette: Palette,
}

/// Runs the command that was called.
pub(crate) async fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let palette = Palette::of(arguments.global.color, &std::io::stdout());
    let mut context = Context { global: &arguments.global, out, palette };
    let context = &mut context;
    match &arguments.command {
        Command::Install(arguments) => install::run(context, arguments).await,
        Command::Upgrade(arguments) => upgrade::run(context, arguments).await,
        Command::Template(arguments) => template::run(context, arguments).await,
        Command::Lint(arguments) => lint::run(context, arguments).await,
        Command::Rollback(arguments) => rollback::run(context, arguments).await,
        Command::Test(arguments) => test::run(context, arguments).await,
        Command::Uninstall(arguments) => uninstall::run(context, arguments).await,
        Command::Diff(command) => diff::run(context, command).await,
        Command::List(arguments) => list::run(context, arguments).await,
        Command::History(arguments) => history::run(context, arguments).await,
        Command::Status(arguments) => status::run(context, arguments).await,
        Command::Get(command) => get::run(context, command).await,
        Command::Show(command) => show::run(context, command).await,
        Command::Pull(arguments) => pull::run(context, arguments).await,
        Command::Completion(arguments) => completion::run(context, arguments),
        Command::Version(arguments) => version::run(context, arguments),
    }
}

impl Context<'_> {
    /// The cluster that the flags name, as the library sees it, and the namespace to work in.
    async fn cluster(&self) -> Result<(pintle::Target, String), Failure> {
        let cluster = Cluster::of(self.global).await?;
        let target = pintle::cluster::Target::builder(cluster.client).name(cluster.name).build();
        Ok((Engine::new().target_of(target), cluster.namespace))
    }

    /// The cluster, and the record of one revision of a release, or of the newest one.
    async fn record(&self, name: &str, revision: Option<u32>) -> Result<(pintle::Target, Record), Failure> {
        let (target, namespace) = self.cluster().await?;
        let release = target.release(name).in_namespace(namespace);
        let record = match revision.filter(|revision| *revision > 0) {
            Some(revision) => release.get(revision).await?,
            None => release.status().await?,
        };
        Ok((target, record))
    }

    /// Whether `--debug` was given.
    fn debug(&self) -> bool {
        Switch::is_on(self.global.debug)
    }
}
