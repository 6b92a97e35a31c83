//! How long a template of a chart's kind takes, over and over: `cargo run --release --example speed`.
//!
//! `go run ./speed` in `tests/gotemplate` runs the same templates with Go.

use std::time::{Duration, Instant};

use pintle_template::{Call, CallError, Execution, Function, Functions, MissingKey, Output, Templates};
use pintle_value::{Data, Type, Value, types};

static NEST: &[&Type] = &[&types::STRING, &types::ANY];
static QUOTE: &[&Type] = &[&types::ANY];

#[expect(clippy::unnecessary_wraps, reason = "the signature of handlers")]
fn quote(_: &mut dyn Call, args: &[Value]) -> Result<Value, CallError> {
    let mut out = Vec::with_capacity(32);
    if let Some(Value::String(text)) = args.first() {
        pintle_value::append_quoted(&mut out, text, pintle_value::Quote::Printable);
    }
    Ok(Value::from(out))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let template = include_str!("../../../tests/gotemplate/speed/chart.tmpl");
    let data: Data = serde_json::from_str(include_str!("../../../tests/gotemplate/speed/values.json"))?;
    let mut functions = Functions::new();
    let include = |call: &mut dyn Call, args: &[Value]| match args {
        [Value::String(name), data] => call.include(name, data).map(Value::String),
        _ => Err(CallError::new("include takes a name and data")),
    };
    let handler = std::sync::Arc::new(include);
    functions.insert("include", Function { params: NEST, variadic: false, handler });
    let handler = std::sync::Arc::new(quote);
    functions.insert("quote", Function { params: QUOTE, variadic: false, handler });
    let mut templates = Templates::new("gotpl", functions);
    templates.parse("chart", template)?;
    let program = templates.finish();
    let mut out = Output::new();
    let (mut runs, start) = (0_u32, Instant::now());
    while start.elapsed() < Duration::from_secs(2) {
        out.clear();
        let mut host = ();
        let mut run = Execution::new(&mut host).missing_key(MissingKey::Zero);
        program.execute("chart", &Value::from(&data), &mut out, &mut run)?;
        runs += 1;
    }
    let each = start.elapsed() / runs;
    std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("{each:?} a run, {runs} runs, {} bytes\n", out.as_bytes().len()).as_bytes(),
    )?;
    Ok(())
}
