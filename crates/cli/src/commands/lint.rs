//! `pintle lint` (Helm: `pkg/cmd/lint.go`).

use pintle::render::lint::{Lint, LintOptions, Severity, charts_below, lint};
use pintle::render::{KubeVersion, SchemaCheck};

use super::Context;
use crate::arguments::{LintArguments, Switch};
use crate::progress::say;
use crate::{Failure, client, user_values};

pub(super) async fn run(context: &mut Context<'_>, arguments: &LintArguments) -> Result<(), Failure> {
    let mut options = LintOptions::default();
    if let Some(version) = arguments.kube_version.as_deref().filter(|version| !version.is_empty()) {
        let version = KubeVersion::parse(version)
            .map_err(|error| Failure::new(format!("invalid kube version '{version}': {error}")))?;
        options.kube_version = Some(version);
    }
    let mut paths = arguments.paths.clone();
    if Switch::is_on(arguments.with_subcharts) {
        paths.extend(arguments.paths.iter().flat_map(|path| charts_below(path)));
    }
    options.namespace = client::offline_namespace(context.global);
    options.values = user_values::read(&arguments.values).await?;
    if Switch::is_on(arguments.skip_schema_validation) {
        options.schema = SchemaCheck::Skip;
    }
    let quiet = Switch::is_on(arguments.quiet);
    let tolerated = if Switch::is_on(arguments.strict) { Severity::Info } else { Severity::Warning };
    let (mut failed, mut worth_telling) = (0, false);
    for path in &paths {
        let (of_chart, chart_options) = (path.clone(), options.clone());
        let found = tokio::task::spawn_blocking(move || lint(&of_chart, &chart_options)).await;
        let found = found.map_err(|_| Failure::new("the check was stopped"))?;
        let (found, unreadable) = match found {
            Ok(found) => (found, None),
            Err(reason) => (Lint::default(), Some(reason)),
        };
        for warning in &found.warnings {
            say(&warning.to_string());
        }
        let severity = found.severity();
        let troubled = unreadable.is_some() || severity > Some(Severity::Info);
        worth_telling |= troubled;
        if quiet && !troubled {
            continue;
        }
        writeln!(context.out, "==> Linting {}", path.display())?;
        if let Some(reason) = &unreadable {
            writeln!(context.out, "Error {reason}")?;
        }
        for message in &found.messages {
            if !quiet || message.severity > Severity::Info {
                writeln!(context.out, "{message}")?;
            }
        }
        failed += usize::from(unreadable.is_some() || severity > Some(tolerated));
        writeln!(context.out)?;
    }
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    if failed > 0 {
        return Err(Failure::new(summary));
    }
    if !quiet || worth_telling {
        writeln!(context.out, "{summary}")?;
    }
    Ok(())
}
