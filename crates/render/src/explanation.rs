//! What lies behind an error: the template's lines and the values in them.

use std::fmt;

use pintle_chart::ValueOrigin;
use pintle_value::{Origin, ValuePath};

/// What lies behind an error of a render, or behind an object that a cluster refuses: where in the templates it was
/// written, and which values it was made from.
///
/// Values are named by their keys and by who set them; what they are is not in it, so that it can be logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Where it happened, the outermost place first: the rendered file, then what it included. Of a schema's fault the
    /// places in the schemas.
    pub places: Vec<Origin>,
    /// The line at the last place whose file is known, as it stands in the file.
    pub excerpt: Option<Excerpt>,
    /// The values, those that the faulty piece was made from before those that decided about it.
    pub values: Vec<NamedValue>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excerpt {
    /// Its file, its number, and the column that is meant; 0 for the whole line.
    pub place: Origin,
    /// The line, at most 200 characters of it.
    pub text: String,
}

/// A value by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedValue {
    /// The path from the root of all values: that of a chart inside is below its name.
    pub path: ValuePath,
    /// What it has to do with the error.
    pub role: Role,
    /// Who set it; `None` where nobody did.
    pub origin: Option<ValueOrigin>,
}

/// What a value has to do with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The faulty piece was made from it.
    Source,
    /// It decided that the faulty piece was written: a condition, or what was ranged over.
    Condition,
}

/// The longest line that is shown.
const MOST_LETTERS: usize = 200;

impl Explanation {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty() && self.values.is_empty()
    }

    /// Shows the line of `text` at this place.
    pub(crate) fn show(&mut self, place: &Origin, text: &[u8]) {
        if place.line == 0 {
            return;
        }
        let index = usize::try_from(place.line - 1).unwrap_or(usize::MAX);
        let Some(line) = text.split(|byte| *byte == b'\n').nth(index) else { return };
        let line = String::from_utf8_lossy(line);
        self.excerpt = Some(Excerpt {
            place: place.clone(),
            text: line.trim_end().chars().take(MOST_LETTERS).collect(),
        });
    }
}

impl fmt::Display for Explanation {
    /// Writes lines for people: the place, the line of the template with a mark, the places around, and the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.excerpt.as_ref().map(|excerpt| &excerpt.place).or(self.places.last());
        let width = shown.map_or(1, |place| place.line.to_string().len());
        if let Some(place) = shown {
            writeln!(f, "{:width$}--> {}", "", Place(place))?;
        }
        if let Some(excerpt) = &self.excerpt {
            writeln!(f, "{:width$} |", "")?;
            writeln!(f, "{} | {}", excerpt.place.line, excerpt.text)?;
            let column = usize::try_from(excerpt.place.column).unwrap_or(0);
            match column.checked_sub(1).and_then(|before| excerpt.text.get(..before)) {
                Some(before) => {
                    let blanks: String =
                        before.chars().map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
                    writeln!(f, "{:width$} | {blanks}^", "")?;
                }
                None => writeln!(f, "{:width$} |", "")?,
            }
        }
        let at = self.places.iter().position(|place| Some(place) == shown).unwrap_or(0);
        for place in self.places.iter().skip(at + 1) {
            writeln!(f, "{:width$} = in {}", "", Place(place))?;
        }
        for place in self.places.iter().take(at).rev() {
            writeln!(f, "{:width$} = within {}", "", Place(place))?;
        }
        for value in &self.values {
            writeln!(f, "{:width$} = {value}", "")?;
        }
        Ok(())
    }
}

impl fmt::Display for NamedValue {
    /// Writes `value image.tag, set by prod.yaml:3:1`, and `… as image` where another value covers it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.role {
            Role::Source => "value",
            Role::Condition => "depends on value",
        };
        write!(f, "{what} {}, ", self.path)?;
        match &self.origin {
            Some(origin) => {
                write!(f, "{origin}")?;
                if origin.path == self.path { Ok(()) } else { write!(f, " as {}", origin.path) }
            }
            None => f.write_str("set by nobody"),
        }
    }
}

/// A place without the text of its node.
struct Place<'o>(&'o Origin);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.clone().value("").fmt(f)
    }
}
