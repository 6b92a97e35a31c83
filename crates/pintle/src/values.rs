//! How the values of one revision carry over to the next.

use pintle_chart::coalesce_tables;
use pintle_value::{Data, DataMap};

use crate::ReuseValues;

/// What an upgrade's values are, and which defaults they stand on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reused {
    /// The user's values of the new revision.
    pub(crate) values: DataMap,
    /// Defaults that take the place of the new chart's, where the old ones are reused.
    pub(crate) defaults: Option<DataMap>,
}

/// Helm: `pkg/action/upgrade.go`, `reuseValues`. `old_defaults` gives the last revision's chart defaults coalesced with
/// its values; it is asked for only where it is needed.
pub(crate) fn reuse<E>(
    policy: ReuseValues,
    given: DataMap,
    last: &DataMap,
    old_defaults: impl FnOnce() -> Result<DataMap, E>,
) -> Result<Reused, E> {
    let over = |given: &DataMap, last: &DataMap| coalesce_tables(given, last, &mut Vec::new());
    Ok(match policy {
        ReuseValues::Reuse => {
            let defaults = Some(old_defaults()?);
            Reused { values: over(&given, last), defaults }
        }
        ReuseValues::ResetThenReuse => Reused { values: over(&given, last), defaults: None },
        ReuseValues::WhenNoneGiven if given.is_empty() => Reused { values: last.clone(), defaults: None },
        ReuseValues::Reset | ReuseValues::WhenNoneGiven => Reused { values: given, defaults: None },
    })
}

/// Whether two values are the same JSON. Helm's record is JSON, which does not tell `2` from `2.0`.
pub(crate) fn same_json(a: &Data, b: &Data) -> bool {
    match (a, b) {
        (Data::Map(a), Data::Map(b)) => same_map(a, b),
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Data::Int(_) | Data::Float(_), Data::Int(_) | Data::Float(_)) => match (a.as_i64(), b.as_i64()) {
            (None, None) => a == b,
            (a, b) => a == b,
        },
        _ => a == b,
    }
}

/// [`same_json`] for maps.
pub(crate) fn same_map(a: &DataMap, b: &DataMap) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same_json(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &str) -> DataMap {
        serde_json::from_str(json).unwrap()
    }

    fn reused(policy: ReuseValues, given: &str, last: &str) -> Reused {
        reuse(policy, map(given), &map(last), || Ok::<_, ()>(map(r#"{"old":"default"}"#))).unwrap()
    }

    #[test]
    fn each_policy_takes_what_helm_takes() {
        let last = r#"{"a":1,"t":{"x":1,"y":2}}"#;
        let given = r#"{"b":2,"n":null,"t":{"y":null,"z":3}}"#;
        let merged = map(r#"{"a":1,"b":2,"n":null,"t":{"x":1,"z":3}}"#);
        assert_eq!(reused(ReuseValues::Reset, given, last).values, map(given));
        assert_eq!(reused(ReuseValues::WhenNoneGiven, given, last).values, map(given));
        assert_eq!(reused(ReuseValues::WhenNoneGiven, "{}", last).values, map(last));
        let then = reused(ReuseValues::ResetThenReuse, given, last);
        assert_eq!((then.values, then.defaults), (merged.clone(), None));
        let reuse = reused(ReuseValues::Reuse, given, last);
        assert_eq!((reuse.values, reuse.defaults), (merged, Some(map(r#"{"old":"default"}"#))));
    }

    #[test]
    fn numbers_are_the_same_when_their_json_is() {
        assert!(same_json(&Data::Int(2), &Data::Float(2.0)));
        assert!(!same_json(&Data::Int(2), &Data::Float(2.5)));
        assert!(!same_json(&Data::Int(2), &Data::from("2")));
        assert!(same_map(&map(r#"{"a":[1,{"b":1.5}]}"#), &map(r#"{"a":[1,{"b":1.5}]}"#)));
    }
}
