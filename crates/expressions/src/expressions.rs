//! Evaluating the expressions at the leaves of values.

use minijinja::{Environment, UndefinedBehavior};
use pintle_value::Data;

use crate::ExpressionError;
use crate::convert::{Converter, to_value};
use crate::multiplication::{as_written, of_numbers};

/// How much expressions may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The fuel of one expression: about one unit for each step, and one for each 64 bytes that it makes. Default:
    /// 10,000.
    pub fuel: u64,
    /// How deeply values and context may be nested. Default: 64.
    pub depth: usize,
    /// How many values one expression may give, those inside of others too. Default: 100,000.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 10_000, depth: 64, values: 100_000 }
    }
}

/// Evaluates expressions. Holds nothing of what it evaluates; any number of threads may share it.
#[derive(Clone, Debug, Default)]
pub struct Expressions {
    limits: Limits,
}

impl Expressions {
    /// With the default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// With other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The values with each leaf that is an expression replaced by what it gives. Leaves that are not stay as they are,
    /// whatever they hold: `{{ … }}` without the `$` is a template for the chart.
    pub fn fill_in(&self, values: &Data, context: &Data) -> Result<Data, ExpressionError> {
        let context = to_value(context, "the context", 0, self.limits.depth)?;
        self.walk(values, &context, &mut String::new(), 0)
    }

    /// What one expression gives, without the `${{ }}` around it. `path` is what errors call it.
    pub fn evaluate(&self, expression: &str, context: &Data, path: &str) -> Result<Data, ExpressionError> {
        let context = to_value(context, "the context", 0, self.limits.depth)?;
        self.run(expression, &context, path)
    }

    fn walk(
        &self,
        values: &Data,
        context: &minijinja::Value,
        path: &mut String,
        depth: usize,
    ) -> Result<Data, ExpressionError> {
        if depth > self.limits.depth {
            return Err(ExpressionError::TooDeep { path: path.clone(), limit: self.limits.depth });
        }
        match values {
            Data::String(text) => match text.as_str().and_then(expression_of) {
                Some(expression) => self.run(expression, context, path),
                None => Ok(values.clone()),
            },
            Data::List(list) => {
                let mut items = Vec::with_capacity(list.len());
                for (index, item) in list.iter().enumerate() {
                    items.push(within(path, &format!("[{index}]"), |path| {
                        self.walk(item, context, path, depth + 1)
                    })?);
                }
                Ok(Data::from(items))
            }
            Data::Map(map) => {
                let mut members = Vec::with_capacity(map.len());
                for (key, value) in map {
                    let step = if path.is_empty() { key.to_string() } else { format!(".{key}") };
                    let filled = within(path, &step, |path| self.walk(value, context, path, depth + 1))?;
                    members.push((key.clone(), filled));
                }
                Ok(members.into_iter().collect())
            }
            scalar => Ok(scalar.clone()),
        }
    }

    fn run(&self, expression: &str, context: &minijinja::Value, path: &str) -> Result<Data, ExpressionError> {
        let failed = |error: &minijinja::Error| ExpressionError::Failed {
            path: path.to_owned(),
            reason: as_written(reason(error), expression),
        };
        let expression_of_numbers = of_numbers(expression);
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(self.limits.fuel));
        let compiled =
            environment.compile_expression(&expression_of_numbers).map_err(|error| failed(&error))?;
        let value = compiled.eval(context.clone()).map_err(|error| failed(&error))?;
        if value.is_undefined() {
            let reason = "what it names is not defined".to_owned();
            return Err(ExpressionError::Failed { path: path.to_owned(), reason });
        }
        Converter::new(path, &self.limits).data(&value, 0)
    }
}

/// The expression of a leaf that is one.
fn expression_of(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?;
    // `${{ a }} and ${{ b }}` is text with two of them, which is not a language of this crate.
    (!inner.contains("${{")).then(|| inner.trim())
}

/// The kind of an error and its detail, without the source that minijinja would print around it.
pub(crate) fn reason(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn within<T>(path: &mut String, step: &str, work: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    path.push_str(step);
    let result = work(path);
    path.truncate(length);
    result
}
