//! Functions that reach out of the template: `include`, `tpl`, `required`, `fail`, `lookup`, `getHostByName`.

use pintle_template::{Call, CallError};
use pintle_value::{Data, Map, Str, Value};

use crate::host::LintFault;
use crate::host::{LookupRequest, Strictness, host};
use crate::table::functions;

/// Helm puts the messages of `required` and `fail` between these marks, and cuts them out of the error's trace
/// (Helm: `pkg/engine/engine.go`, `warnWrap`, `cleanupExecError`).
pub const MESSAGE_START: &str = "HELM_ERR_START";

/// The mark behind the message; see [`MESSAGE_START`].
pub const MESSAGE_END: &str = "HELM_ERR_END";

functions! {
    TABLE;
    pure {}
    hosted {
        "include" (string any) => |call: &mut dyn Call, name: &Str, data: &Value| call.include(name, data);
        "tpl" (string any) => |call: &mut dyn Call, text: &Str, data: &Value| call.tpl(text, data);
        "required" (string any) => required;
        "fail" (string) => fail;
        "lookup" (string string string string) => lookup;
        "getHostByName" (string) => |call: &mut dyn Call, name: &Str| {
            Ok::<_, CallError>(host(call)?.resolver.resolve(&name.to_str_lossy()))
        };
    }
}

/// Helm: `pkg/engine/engine.go`, `initFunMap`.
fn required(call: &mut dyn Call, message: &Str, value: &Value) -> Result<Value, CallError> {
    match value {
        Value::Nil => complain(call, LintFault::Missing, message),
        Value::String(text) if text.is_empty() => complain(call, LintFault::Empty, message),
        given => Ok(given.clone()),
    }
}

fn fail(call: &mut dyn Call, message: &Str) -> Result<Value, CallError> {
    complain(call, LintFault::Failed, message)
}

fn complain(call: &mut dyn Call, fault: LintFault, message: &Str) -> Result<Value, CallError> {
    let host = host(call)?;
    match host.strictness {
        Strictness::Lint => {
            host.note(fault, message.to_str_lossy().into_owned());
            Ok(Value::EMPTY)
        }
        Strictness::Fail => {
            Err(CallError::new([MESSAGE_START.as_bytes(), message, MESSAGE_END.as_bytes()].concat()))
        }
    }
}

/// Helm: `pkg/engine/lookup_func.go`. A lint looks nothing up.
fn lookup(
    call: &mut dyn Call,
    api_version: &Str,
    kind: &Str,
    namespace: &Str,
    name: &Str,
) -> Result<Map, CallError> {
    let host = host(call)?;
    if host.strictness == Strictness::Lint {
        return Ok(Map::new());
    }
    let request = LookupRequest {
        api_version: &api_version.to_str_lossy(),
        kind: &kind.to_str_lossy(),
        namespace: &namespace.to_str_lossy(),
        name: &name.to_str_lossy(),
    };
    match host.lookup.lookup(request).map_err(CallError::new)? {
        Data::Map(object) => Ok(Map::view(object)),
        _ => Ok(Map::new()),
    }
}
