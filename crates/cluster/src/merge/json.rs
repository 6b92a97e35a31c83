//! JSON merge patches (RFC 7396), for kinds without Go types.

use pintle_value::{Data, DataMap};

use super::Members;

/// The patch that turns one map into another (evanphx/json-patch: `CreateMergePatch`).
pub(super) fn two_way(before: &DataMap, wanted: &DataMap) -> Members {
    let mut patch = Members::new();
    for (name, value) in wanted {
        match (before.get_bytes(name), value) {
            (Some(Data::Map(old)), Data::Map(new)) => {
                let below = two_way(old, new);
                if !below.is_empty() {
                    patch.insert(name.clone(), below.into_iter().collect());
                }
            }
            (Some(old), _) if same(old, value) => {}
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    for name in before.keys().filter(|name| wanted.get_bytes(name).is_none()) {
        patch.insert(name.clone(), Data::Null);
    }
    patch
}

/// The patch that brings `live` to `wanted` where `original` was wanted before: deletions come from `original`, the
/// rest from `live` (Kubernetes: apimachinery `util/jsonmergepatch`, `CreateThreeWayJSONMergePatch`).
pub(super) fn three_way(original: &DataMap, wanted: &DataMap, live: &DataMap) -> Members {
    let changes = only(two_way(live, wanted), Nulls::Drop);
    let deletions = only(two_way(original, wanted), Nulls::KeepAlone);
    over(changes, deletions)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    Drop,
    KeepAlone,
}

/// The half of a patch that has no nulls, or that has nothing else (Kubernetes: `keepOrDeleteNullInObj`).
fn only(patch: Members, nulls: Nulls) -> Members {
    let half = patch.into_iter().filter_map(|(name, value)| match (value, nulls) {
        // An empty map that is set is a value, and no empty patch.
        (Data::Map(map), nulls) if !map.is_empty() => {
            let below = only(map.iter().cloned().collect(), nulls);
            (!below.is_empty()).then(|| (name, below.into_iter().collect()))
        }
        (value, nulls) => (value.is_null() == (nulls == Nulls::KeepAlone)).then_some((name, value)),
    });
    half.collect()
}

fn over(changes: Members, deletions: Members) -> Members {
    let mut merged = deletions;
    for (name, value) in changes {
        let value = match (merged.remove(&name), value) {
            (Some(Data::Map(first)), Data::Map(second)) => {
                over(second.iter().cloned().collect(), first.iter().cloned().collect()).into_iter().collect()
            }
            (_, value) => without_nulls(value),
        };
        merged.insert(name, value);
    }
    merged
}

/// A value that is taken as it is has no nulls, those in the maps of its lists included (evanphx/json-patch:
/// `pruneNulls`).
fn without_nulls(value: Data) -> Data {
    match value {
        Data::Map(map) => {
            let members = map.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value.clone()))).collect()
        }
        Data::List(list) => list.iter().cloned().map(without_nulls).collect::<Vec<_>>().into(),
        value => value,
    }
}

/// JSON does not tell `2` from `2.0`.
fn same(a: &Data, b: &Data) -> bool {
    match (a, b) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same(a, b))
        }
        (Data::Int(_) | Data::Float(_), Data::Int(_) | Data::Float(_)) => match (a.as_i64(), b.as_i64()) {
            (None, None) => a == b,
            (a, b) => a == b,
        },
        _ => a == b,
    }
}
