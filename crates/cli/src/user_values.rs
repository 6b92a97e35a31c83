//! The user's values, from files, standard input, addresses and flags.

use std::io::Read as _;

use pintle::Sensitive;
use pintle::chart::Values;
use pintle::registry::{Http, Limits};

use crate::arguments::ValueFlags;
use crate::{Failure, source};

/// Reads and merges what the flags name (Helm: `pkg/cli/values/options.go`, `MergeValues`).
pub(crate) async fn read(flags: &ValueFlags) -> Result<Values, Failure> {
    let mut builder = Values::builder();
    for name in flags.values.iter().chain(&flags.sensitive_values) {
        builder = builder.file(name.as_str(), file(name).await?);
    }
    // The library asks for these while it reads the flags; an address would need the network in between.
    builder = builder
        .reader(|name| local(name).map_err(|failure| failure.message().unwrap_or_default().to_owned()));
    for text in &flags.set_json {
        builder = builder.set_json(text);
    }
    for text in &flags.set {
        builder = builder.set(text);
    }
    for text in &flags.set_string {
        builder = builder.set_string(text);
    }
    for text in &flags.set_file {
        builder = builder.set_file(text);
    }
    for text in &flags.set_literal {
        builder = builder.set_literal(text);
    }
    Ok(builder.build()?)
}

/// The texts of the values that must not be shown.
pub(crate) async fn sensitive(flags: &ValueFlags) -> Result<Sensitive, Failure> {
    let mut builder = Values::builder();
    for name in &flags.sensitive_values {
        builder = builder.file(name.as_str(), file(name).await?);
    }
    Ok(Sensitive::of_values(builder.build()?.data()))
}

async fn file(name: &str) -> Result<Vec<u8>, Failure> {
    if name.starts_with("http://") || name.starts_with("https://") {
        let mut limits = Limits::default();
        limits.archive_bytes = 64 << 20;
        let bytes = Http::new()?.download(name).limits(limits).bytes().await?;
        return Ok(bytes.to_vec());
    }
    local(name)
}

fn local(name: &str) -> Result<Vec<u8>, Failure> {
    if name.trim() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(name).map_err(|error| Failure::new(format!("open {name}: {}", source::reason(&error))))
}
