//! Taking out of a wanted object what is left alone.

use pintle_value::{Data, DataList, pointer_key};

use crate::{Error, Object};

/// A wanted object without what is left alone.
pub(crate) struct Masked {
    /// With the live values in the places that are left alone: for comparing.
    pub(crate) compared: Object,
    /// What is applied: without the places that somebody else has taken over. Leaving out what the release still
    /// owns would delete it.
    pub(crate) applied: Object,
}

impl Masked {
    pub(crate) fn new(object: &Object, live: &Data, pointers: &[String]) -> Result<Self, Error> {
        let (mut compared, mut applied) = (object.data().clone(), object.data().clone());
        for pointer in pointers {
            let Some(steps) = steps(pointer) else { continue };
            let theirs = live.pointer(pointer);
            if compared.pointer(pointer).is_none() && theirs.is_none() {
                continue;
            }
            let ours = object.data().pointer(pointer);
            compared = set(&compared, &steps, theirs);
            if ours.is_some() && ours != theirs {
                // An item of a list keeps its place, since the others are told by theirs.
                let is_item = steps.last().is_some_and(|step| step.parse::<usize>().is_ok());
                applied = set(&applied, &steps, theirs.filter(|_| is_item));
            }
        }
        Ok(Self { compared: Object::new(compared)?, applied: Object::new(applied)? })
    }
}

/// The steps of a JSON pointer (RFC 6901 §3).
fn steps(pointer: &str) -> Option<Vec<String>> {
    let steps = pointer.strip_prefix('/')?.split('/');
    Some(steps.map(|step| pointer_key(step).into_owned()).collect())
}

/// A tree with another value in one place, or without it. Where the way there is missing, nothing changes.
fn set(data: &Data, steps: &[String], value: Option<&Data>) -> Data {
    let Some((step, rest)) = steps.split_first() else { return value.cloned().unwrap_or_default() };
    match data {
        Data::Map(map) => match (rest.is_empty(), value) {
            (true, Some(value)) => Data::Map(map.with(step.as_str(), value.clone())),
            (true, None) => Data::Map(map.without(step)),
            (false, _) => match map.get(step) {
                Some(below) => Data::Map(map.with(step.as_str(), set(below, rest, value))),
                None => data.clone(),
            },
        },
        Data::List(list) => {
            let place: Option<usize> = step.parse().ok();
            let items = list.iter().enumerate().filter_map(|(index, item)| {
                if Some(index) != place {
                    return Some(item.clone());
                }
                if rest.is_empty() { value.cloned() } else { Some(set(item, rest, value)) }
            });
            Data::List(items.collect::<DataList>())
        }
        _ => data.clone(),
    }
}
