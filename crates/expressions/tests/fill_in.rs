//! Expressions at the leaves of values.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use pintle_expressions::{ExpressionError, Expressions, Limits};
use pintle_value::Data;
use proptest::prelude::*;

fn data(json: &str) -> Data {
    serde_json::from_str(json).unwrap()
}

fn fill_in(values: &str) -> Result<Data, ExpressionError> {
    let context = data(r#"{"tenant": {"name": "acme", "nodes": 3, "zones": ["a", "b"], "ratio": 0.5}}"#);
    Expressions::new().fill_in(&data(values), &context)
}

#[test]
fn a_leaf_takes_the_type_of_its_expression() {
    let filled = fill_in(
        r#"{"a": "${{ tenant.nodes }}", "b": ["${{ tenant.zones }}"], "c": "${{ tenant.nodes > 2 }}",
            "d": "${{ tenant.ratio }}", "e": "${{ none }}", "f": "${{ {'x': tenant.name} }}"}"#,
    );
    let wanted = r#"{"a": 3, "b": [["a", "b"]], "c": true, "d": 0.5, "e": null, "f": {"x": "acme"}}"#;
    assert_eq!(filled, Ok(data(wanted)));
}

#[test]
fn everything_else_stays_as_it_is() {
    let values = r#"{"a": "{{ .Release.Name }}", "b": "$x", "c": "${{ a }} and ${{ b }}", "d": 1.5, "e": [true, null]}"#;
    assert_eq!(fill_in(values), Ok(data(values)));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let error = fill_in(r#"{"a": {"b": ["x", "${{ tenant.nowhere.at.all }}"]}}"#).unwrap_err().to_string();
    assert!(error.starts_with("the expression at a.b[1]: "), "{error}");
    assert!(fill_in(r#"{"a": "${{ nowhere }}"}"#).is_err());
    assert!(fill_in(r#"{"a": "${{ 1 + }}"}"#).is_err());
}

#[test]
fn nothing_runs_for_ever() {
    let mut limits = Limits::default();
    limits.fuel = 500;
    let endless = data(r#"{"a": "${{ range(100000) | sum }}"}"#);
    assert!(Expressions::new().limits(limits).fill_in(&endless, &data("{}")).is_err());
    let mut deep = Data::from(1_i64);
    for _ in 0..100 {
        deep = [deep].into_iter().collect();
    }
    assert!(matches!(Expressions::new().fill_in(&deep, &data("{}")), Err(ExpressionError::TooDeep { .. })));
}

#[test]
fn numbers_are_multiplied_and_nothing_else_is() {
    let filled = fill_in(
        r#"{"a": "${{ tenant.nodes * 2 }}", "b": "${{ -tenant.nodes * -tenant.ratio * 4 }}", "c": "${{ 2 ** 3 * 2 }}",
            "d": "${{ (1 + 2) * tenant.zones|length - 1 }}", "e": "${{ 'a * b' }}"}"#,
    );
    assert_eq!(filled, Ok(data(r#"{"a": 6, "b": 6.0, "c": 16, "d": 5, "e": "a * b"}"#)));
    let error = fill_in(r#"{"a": "${{ 'x' * 3 }}"}"#).unwrap_err().to_string();
    assert!(error.contains("* operator") && !error.contains("**"), "{error}");
}

#[test]
fn little_does_not_become_much() {
    for expression in [
        "[0] * 99999999 ~ ''",
        "(['a', 'b'] | sort) * 9 ** 8",
        "99999999 * tenant.zones",
        "[[0] * 9999999] * 9999999 ~ ''",
        "'x' * 99999999",
        "[range(100000), range(100000)]",
        "range(99999) | map('string') | join(', ') | replace(',', 'x' ~ range(99999))",
    ] {
        assert!(fill_in(&format!(r#"{{"a": "${{{{ {expression} }}}}"}}"#)).is_err(), "{expression}");
    }
}

proptest! {
    #[test]
    fn any_text_ends_in_a_value_or_an_error(text in "\\PC{0,60}") {
        let values: Data = [("a", Data::from(format!("${{{{ {text} }}}}")))].into_iter().collect();
        let _ = Expressions::new().fill_in(&values, &data("{}"));
    }
}
