//! Sets of templates: first parsed, then run.

use std::collections::HashMap;
use std::sync::Arc;

use pintle_value::{Str, Value};

use crate::code::{Source, Template, Unit};
use crate::compile::compile;
use crate::cores::on_cores;
use crate::error::{Error, ErrorKind, Place};
use crate::execution::Execution;
use crate::function::{FunctionTable, Functions};
use crate::kept::Kept;
use crate::machine::Machine;
use crate::output::Output;
use crate::parse::{Parsed, parse};
use crate::watch::Watch;

/// Templates while they are being parsed (Go: `template.Template` with its associated templates).
///
/// A clone shares functions and what was parsed already; what either parses from then on is its own.
#[derive(Clone, Debug)]
pub struct Templates {
    name: Str,
    functions: Arc<FunctionTable>,
    definitions: HashMap<Str, Arc<Template>>,
}

/// Templates that can be run: immutable, shared by any number of runs at once. A clone is the same program.
#[derive(Clone, Debug)]
pub struct Program(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    /// The name of the set, which is also that of each text that `tpl` parses.
    pub(crate) name: Str,
    pub(crate) functions: Arc<FunctionTable>,
    pub(crate) definitions: HashMap<Str, Arc<Template>>,
    /// What `tpl` parsed in earlier runs.
    pub(crate) kept: Kept,
}

impl Templates {
    /// An empty set whose templates may use these functions, called `name` (Go: `template.New(name).Funcs(…)`).
    ///
    /// The name stands in errors about templates that do not exist, and in those of texts that `tpl` runs.
    pub fn new(name: impl Into<Str>, functions: Functions) -> Self {
        Self {
            name: name.into(),
            functions: Arc::new(FunctionTable::new(functions)),
            definitions: HashMap::new(),
        }
    }

    /// Parses `text` as the template `name`, together with what it defines (Go: `t.New(name).Parse(text)`).
    ///
    /// A definition replaces an earlier one of the same name, unless it is empty. After an error the set is as it
    /// was before.
    pub fn parse(&mut self, name: impl Into<Str>, text: impl Into<Str>) -> Result<(), Error> {
        let unit = parse_unit(name.into(), text.into(), &self.functions)?;
        self.define(unit);
        Ok(())
    }

    /// Parses texts as [`parse`](Self::parse) does, one after the other as they stand here; long ones on several threads.
    /// The error comes with the index of its text, and leaves the set as it was before.
    pub fn parse_all(&mut self, texts: &[(Str, Str)]) -> Result<(), (usize, Error)> {
        let units = units(texts, &self.functions)?;
        for unit in units {
            self.define(unit);
        }
        Ok(())
    }

    fn define(&mut self, unit: Unit) {
        for (name, template) in unit.templates {
            if !(template.empty && self.definitions.contains_key(&name)) {
                self.definitions.insert(name, template);
            }
        }
    }

    /// The finished program.
    pub fn finish(self) -> Program {
        let Self { name, functions, definitions } = self;
        Program(Arc::new(Inner { name, functions, definitions, kept: Kept::default() }))
    }
}

impl Program {
    /// Runs the template `name` with `dot` as its data, writing to `out` behind what is there
    /// (Go: `ExecuteTemplate`).
    ///
    /// After an error `out` holds what was written before it.
    pub fn execute(
        &self,
        name: impl AsRef<[u8]>,
        dot: &Value,
        out: &mut Output,
        run: &mut Execution<'_>,
    ) -> Result<(), Error> {
        let name = name.as_ref();
        let Some(template) = self.0.definitions.get(name) else {
            return Err(no_template(name, &self.0.name));
        };
        Machine::new(&self.0, run, out).execute(template, dot)
    }

    /// Runs the template as [`execute`](Self::execute) does, while `watch` follows where its output and its fault come
    /// from. `out` must be empty.
    pub fn execute_watched(
        &self,
        name: impl AsRef<[u8]>,
        dot: &Value,
        out: &mut Output,
        run: &mut Execution<'_>,
        watch: &mut Watch,
    ) -> Result<(), Error> {
        let name = name.as_ref();
        let Some(template) = self.0.definitions.get(name) else {
            return Err(no_template(name, &self.0.name));
        };
        Machine::new(&self.0, run, out).watched(watch).execute(template, dot)
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: impl AsRef<[u8]>) -> bool {
        self.0.definitions.contains_key(name.as_ref())
    }

    /// The names of all templates, in no order.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.0.definitions.keys()
    }
}

pub(crate) fn no_template(name: &[u8], set: &Str) -> Error {
    let (name, set) = (pintle_value::quoted(name), pintle_value::quoted(set));
    Error::new(
        ErrorKind::NoTemplate,
        format!("template: no template {name} associated with template {set}"),
        None,
    )
}

/// The units of some texts, or the first error and its index.
fn units(texts: &[(Str, Str)], functions: &Arc<FunctionTable>) -> Result<Vec<Unit>, (usize, Error)> {
    /// How many bytes a thread must have to parse to be worth its start.
    const BYTES_A_THREAD: usize = 64 << 10;
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let parse = |(name, text): &(Str, Str)| parse_unit(name.clone(), text.clone(), functions);
    let units = on_cores(texts, bytes / BYTES_A_THREAD, parse).into_iter().enumerate();
    units.map(|(index, unit)| unit.map_err(|error| (index, error))).collect()
}

/// Parses and compiles one text.
pub(crate) fn parse_unit(name: Str, text: Str, functions: &Arc<FunctionTable>) -> Result<Unit, Error> {
    let parsed = parse(&name, &text, functions).map_err(|error| {
        let message = format!("template: {name}:{}: {}", error.line, error.message);
        let place = Place {
            file: name.clone(),
            template: name.clone(),
            line: error.line,
            column: 0,
            node: String::new(),
        };
        Error::new(ErrorKind::Parse, message, Some(place))
    })?;
    let source = Arc::new(Source::new(name, text, &parsed, functions));
    let Parsed { nodes, trees, .. } = parsed;
    let compiled = |(name, root): (Str, _)| {
        let template = compile(name.clone(), &source, &nodes, root, functions);
        (name, Arc::new(template))
    };
    Ok(Unit { templates: trees.into_iter().map(compiled).collect() })
}
