//! A rendered document, and where each line of it came from.

use std::fmt;
use std::sync::Arc;

use pintle_value::{Data, Origin};

use crate::SharedText;
use crate::head::Head;

/// One document of a rendered file.
#[derive(Clone)]
#[non_exhaustive]
pub struct Document {
    /// What Helm sorts by.
    pub head: Head,
    /// The parsed object; [`Data::Null`] for a document of nothing but comments.
    pub object: Data,
    /// The template file that it came from, such as `web/templates/service.yaml`.
    pub source: Arc<str>,
    /// The text, exactly as rendered but for blanks before it.
    pub text: SharedText,
    pub(crate) trail: Option<Trail>,
}

impl Document {
    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        &self.head.api_version
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        &self.head.kind
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// `metadata.namespace`, where the document has one.
    pub fn namespace(&self) -> Option<&str> {
        self.object.at(&["metadata", "namespace"]).and_then(Data::as_str)
    }

    /// The template line that wrote this line of the text, counted from 1. `None` where it is not known: behind a
    /// post-renderer, or past the text's end.
    pub fn origin_of_line(&self, line: u32) -> Option<Origin> {
        let index = usize::try_from(line.checked_sub(1)?).ok()?;
        let mut offset = 0;
        for (number, text) in self.text.split_inclusive('\n').enumerate() {
            if number == index {
                let blanks = text.len() - text.trim_start().len();
                return self.trail.as_ref()?.origin(offset + blanks.min(text.len().saturating_sub(1)));
            }
            offset += text.len();
        }
        None
    }
}

impl fmt::Debug for Document {
    /// Names the object; its content may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}/{} from {})", self.kind(), self.name(), self.source)
    }
}

/// How to get from an offset in a document's text to a place in a template.
#[derive(Clone)]
pub(crate) struct Trail {
    /// What the template wrote.
    output: Arc<Written>,
    /// Where in the file's text the document begins.
    start: usize,
}

/// Where the bytes that a template wrote came from, and which `<no value>` were taken out of them.
pub(crate) struct Written {
    places: pintle_template::Output,
    /// The bytes themselves, where a watch needs them.
    raw: Vec<u8>,
    /// Offsets in the text that is left at which something was taken out.
    removed: Vec<usize>,
}

const NO_VALUE: &str = "<no value>";

impl Written {
    /// The text of a template's output, as Helm keeps it: every `<no value>` is taken out
    /// (Helm: `pkg/engine/engine.go`, render). The output is empty then.
    pub(crate) fn new(output: &mut pintle_template::Output) -> (Arc<str>, Self) {
        let mut removed = Vec::new();
        let text = pintle_value::lossy(output.as_bytes());
        let text = if memchr::memmem::find(text.as_bytes(), NO_VALUE.as_bytes()).is_none() {
            Arc::from(text)
        } else {
            let mut left = String::with_capacity(text.len());
            for (index, part) in text.split(NO_VALUE).enumerate() {
                if index > 0 {
                    removed.push(left.len());
                }
                left.push_str(part);
            }
            Arc::from(left)
        };
        (text, Self { places: output.take_places(), raw: Vec::new(), removed })
    }

    /// The same of a run that was watched.
    pub(crate) fn watched(mut output: pintle_template::Output) -> (Arc<str>, Self) {
        let raw = output.as_bytes().to_vec();
        let (text, written) = Self::new(&mut output);
        (text, Self { raw, ..written })
    }

    /// Where a piece of the text came from, as a watch on the same run saw it.
    pub(crate) fn written(
        &self,
        watch: &pintle_template::Watch,
        from: usize,
        to: usize,
    ) -> Option<pintle_template::Written> {
        watch.written(&self.raw, self.unshortened(from), self.unshortened(to))
    }

    /// The pieces of the text that actions wrote, as a watch on the same run saw them.
    pub(crate) fn actions(&self, watch: &pintle_template::Watch) -> Vec<std::ops::Range<usize>> {
        let left = |raw: usize| {
            // Each removal before it shortens what is left.
            let taken =
                self.removed.iter().enumerate().filter(|(at, place)| **place + at * NO_VALUE.len() < raw);
            raw.saturating_sub(taken.count() * NO_VALUE.len())
        };
        let pieces = watch.actions(self.raw.len()).into_iter();
        pieces.map(|piece| left(piece.start)..left(piece.end)).collect()
    }

    /// The offset in what the template wrote of an offset in the text that is left.
    fn unshortened(&self, offset: usize) -> usize {
        offset + self.removed.partition_point(|place| *place <= offset) * NO_VALUE.len()
    }

    /// The template position that wrote the byte at this offset of the text.
    pub(crate) fn origin(&self, offset: usize) -> Option<Origin> {
        let position = self.places.position(self.unshortened(offset))?;
        Some(Origin::file(&*position.template.to_str_lossy()).at(position.line, position.column))
    }
}

impl Trail {
    pub(crate) fn new(output: &Arc<Written>, start: usize) -> Self {
        Self { output: Arc::clone(output), start }
    }

    fn origin(&self, offset: usize) -> Option<Origin> {
        self.output.origin(self.start + offset)
    }
}
