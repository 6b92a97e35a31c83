//! A chart that is loaded already, rendered again with other values: by Helm's library and by this one.

use pintle_benches::{RenderAnswer, RenderJob, Stage};

use super::subject::{KUBE_VERSION, Subject};
use crate::Fault;
use crate::bench::figures::{figure, head, mebibytes, median, ratio, row};
use crate::bench::goals::Goals;
use crate::bench::programs::{Programs, rerender_with_helm};

/// What one job took each side.
pub(super) struct Measured {
    /// Helm's `util.ToRenderValues` and `engine.Render`.
    pub(super) helm: RenderAnswer,
    /// The same from this library: dependencies, values, schema, templates.
    pub(super) texts: RenderAnswer,
    /// All of this library: the documents as well.
    pub(super) documents: RenderAnswer,
}

/// Prints a table and adds what it says of the goals.
pub(super) fn measure(
    subjects: &[Subject],
    programs: &Programs,
    seconds: f64,
    goals: &mut Goals,
) -> Result<(), Fault> {
    head(
        "In process",
        &[
            "chart",
            "output, KiB",
            "helm, ms",
            "helm, CPU ms",
            "helm allocates, MiB",
            "texts, ms",
            "faster",
            "documents too, ms",
            "CPU ms",
            "faster",
        ],
    );
    let (mut texts, mut documents) = (Vec::new(), Vec::new());
    for subject in subjects {
        let job = RenderJob {
            chart: subject.chart()?,
            values: subject.values()?,
            kube_version: KUBE_VERSION.to_owned(),
            stage: Stage::Texts,
            warmup: seconds / 3.0,
            seconds,
            rounds: 5,
        };
        let measured = sides(programs, job)?;
        check(subject, &measured)?;
        let helm = milliseconds(&measured.helm);
        let to_texts = ratio(helm, milliseconds(&measured.texts));
        let to_documents = ratio(helm, milliseconds(&measured.documents));
        row(&[
            subject.name.clone(),
            format!("{:.1}", figure(measured.helm.output_bytes as u64) / 1024.0),
            format!("{helm:.2}"),
            format!("{:.2}", figure(measured.helm.cpu_nanoseconds) / 1e6),
            format!("{:.1}", mebibytes(measured.helm.allocated_bytes.unwrap_or(0))),
            format!("{:.3}", milliseconds(&measured.texts)),
            format!("{to_texts:.1}×"),
            format!("{:.3}", milliseconds(&measured.documents)),
            format!("{:.3}", figure(measured.documents.cpu_nanoseconds) / 1e6),
            format!("{to_documents:.1}×"),
        ]);
        texts.push((subject.name.clone(), to_texts));
        documents.push((subject.name.clone(), to_documents));
    }
    goals.each("in process, to the same texts, it is faster on every chart,", 20.0, &texts);
    goals.middle("in process, to the same texts, it is faster in the median,", 20.0, &texts);
    goals.middle(
        "in process, documents parsed and sorted too, it is faster in the median,",
        20.0,
        &documents,
    );
    Ok(())
}

/// Runs a job on both sides.
pub(super) fn sides(programs: &Programs, job: RenderJob) -> Result<Measured, Fault> {
    let helm = rerender_with_helm(&job)?;
    let texts = programs.rerender(&job)?;
    let documents = programs.rerender(&RenderJob { stage: Stage::Documents, ..job })?;
    Ok(Measured { helm, texts, documents })
}

/// The median of the renders.
pub(super) fn milliseconds(answer: &RenderAnswer) -> f64 {
    median(answer.nanoseconds.iter().map(|nanoseconds| figure(*nanoseconds))) / 1e6
}

/// Fails where the two sides did not do the same.
fn check(subject: &Subject, measured: &Measured) -> Result<(), Fault> {
    let (helm, ours) = (&measured.helm, &measured.texts);
    if helm.key != ours.key {
        return Err(format!(
            "{}: helm's values differ in {:?}, these in {:?}",
            subject.name, helm.key, ours.key
        )
        .into());
    }
    if helm.files.len() != ours.files.len() {
        let reason = format!("helm renders {} files, this {}", helm.files.len(), ours.files.len());
        return Err(format!("{}: {reason}", subject.name).into());
    }
    for (name, digest) in &helm.files {
        match ours.files.get(name) {
            None => return Err(format!("{}: {name} was not rendered", subject.name).into()),
            // Where a chart draws passwords and keys, files differ with them.
            Some(own) if own != digest && subject.volatile_lines.is_empty() => {
                return Err(format!("{}: {name} is not what helm renders", subject.name).into());
            }
            Some(_) => {}
        }
    }
    Ok(())
}
