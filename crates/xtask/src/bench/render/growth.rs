//! One chart with more and more output: what a byte of it costs must stay the same.

use pintle_benches::{RenderJob, Stage};
use pintle_value::{Data, DataMap};

use super::in_process::{milliseconds, sides};
use super::subject::KUBE_VERSION;
use crate::Fault;
use crate::bench::figures::{figure, head, ratio, row};
use crate::bench::goals::Goals;
use crate::bench::programs::Programs;
use crate::corpus;

const SIZES: [i64; 3] = [100, 1_000, 10_000];

/// Prints a table and adds what it says of the goals.
pub(super) fn measure(programs: &Programs, seconds: f64, goals: &mut Goals) -> Result<(), Fault> {
    head(
        "Growing output (ns a byte)",
        &["objects", "output, KiB", "helm", "texts", "faster", "documents too", "faster"],
    );
    let mut costs = Vec::new();
    for size in SIZES {
        let job = RenderJob {
            chart: corpus::workspace().join("benches").join("charts").join("growing"),
            values: [("objects", Data::Int(size))].into_iter().collect::<DataMap>(),
            kube_version: KUBE_VERSION.to_owned(),
            stage: Stage::Texts,
            warmup: seconds / 3.0,
            seconds,
            rounds: 5,
        };
        let measured = sides(programs, job)?;
        if measured.helm.files != measured.texts.files {
            return Err(format!("{size} objects are not what helm renders").into());
        }
        let bytes = figure(measured.helm.output_bytes as u64);
        let [helm, texts, documents] = [&measured.helm, &measured.texts, &measured.documents]
            .map(|side| milliseconds(side) * 1e6 / bytes);
        row(&[
            size.to_string(),
            format!("{:.0}", bytes / 1024.0),
            format!("{helm:.1}"),
            format!("{texts:.2}"),
            format!("{:.1}×", ratio(helm, texts)),
            format!("{documents:.2}"),
            format!("{:.1}×", ratio(helm, documents)),
        ]);
        costs.push((texts, documents));
    }
    if let (Some(first), Some(last)) = (costs.first(), costs.last()) {
        // Twice the cost a byte for a hundred times the output would be a cost that grows faster than the output.
        let steady = [("texts", first.0, last.0), ("documents", first.1, last.1)]
            .map(|(what, first, last)| (what.to_owned(), ratio(first, last)));
        goals.each("a byte of a hundred times the output costs the same as before,", 0.5, &steady);
    }
    Ok(())
}
