//! Checks a value against a compiled schema, and finds the same faults in the same tree as
//! `santhosh-tekuri/jsonschema` v6 (`validator.go`).

use std::collections::{BTreeSet, HashSet};

use pintle_value::{Data, DataList, DataMap};

use super::compile::{Additional, Compiled, Dependency, Id, Node};
use super::decimal::Decimal;
use super::failure::{Failure, Kind, display, grouped, grouped_float, quote, quote_all};
use super::resource::Draft;

/// How deep schemas and values may lead into one another. Helm has no such limit.
const DEPTH: usize = 512;

/// How many schemas may be applied in one check. Helm has no such limit.
const STEPS: usize = 20_000_000;

/// Checks a value; the error is a tree of faults.
pub(super) fn check(schema: &Compiled, value: &Data) -> Result<(), Vec<Failure>> {
    let mut run = Run { schema, steps: 0, path: Vec::new(), scopes: Vec::new(), place: 0, places: 0 };
    match run.apply(0, value, Interest::Faults, false) {
        Ok(_) => Ok(()),
        Err(Fault(Some(failure))) if matches!(failure.kind, Kind::Group) => Err(failure.causes),
        Err(Fault(failure)) => Err(failure.into_iter().collect()),
    }
}

/// What the caller wants to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interest {
    /// What is wrong.
    Faults,
    /// Whether anything is.
    Validity,
}

/// A value does not fit; without a tree where nobody asked for one.
struct Fault(Option<Failure>);

/// The members and items that no schema has looked at yet.
#[derive(Default)]
struct Unseen {
    members: BTreeSet<String>,
    items: BTreeSet<usize>,
}

impl Unseen {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.items.is_empty()
    }

    /// Keeps what the other has not seen either.
    fn merge(&mut self, other: &Self) {
        self.members.retain(|name| other.members.contains(name));
        self.items.retain(|index| other.items.contains(index));
    }
}

struct Run<'a> {
    schema: &'a Compiled,
    steps: usize,
    path: Vec<String>,
    /// The schemas that led here, each with the number of the value that it was applied to.
    scopes: Vec<(Id, usize)>,
    /// The number of the value in question.
    place: usize,
    places: usize,
}

/// One schema on one value.
struct Visit<'v> {
    value: &'v Data,
    interest: Interest,
    unseen: Unseen,
    faults: Vec<Failure>,
    failed: bool,
}

impl Visit<'_> {
    fn add(&mut self, fault: Fault) {
        self.failed = true;
        self.faults.extend(fault.0);
    }

    fn decided(&self) -> bool {
        self.failed && self.interest == Interest::Validity
    }
}

impl Run<'_> {
    fn fault(&self, interest: Interest, text: impl FnOnce() -> String) -> Fault {
        self.fault_with(interest, Vec::new(), || Kind::Text(text()))
    }

    fn fault_with(&self, interest: Interest, causes: Vec<Failure>, kind: impl FnOnce() -> Kind) -> Fault {
        Fault((interest == Interest::Faults).then(|| Failure {
            path: self.path.clone(),
            kind: kind(),
            causes,
        }))
    }

    /// Applies a schema to a value; gives what is left unseen of it.
    fn apply(
        &mut self,
        id: Id,
        value: &Data,
        interest: Interest,
        caller_asks: bool,
    ) -> Result<Unseen, Fault> {
        self.steps += 1;
        if self.steps > STEPS || self.scopes.len() > DEPTH {
            let text = || "the schema leads on and on: it passes the limits of the check".to_owned();
            return Err(self.fault(Interest::Faults, text));
        }
        let Some(node) = self.schema.nodes.get(id) else { return Ok(Unseen::default()) };
        let unseen = unseen(value, node, caller_asks);
        match node.boolean {
            Some(true) => return Ok(unseen),
            Some(false) => return Err(self.fault(interest, || "false schema".to_owned())),
            None => {}
        }
        let cycle = self
            .scopes
            .iter()
            .rev()
            .take_while(|(_, place)| *place == self.place)
            .any(|(seen, _)| *seen == id);
        if cycle {
            return Err(self.fault(interest, || {
                format!("the schema at {} leads back to itself", pintle_value::quoted(&node.address))
            }));
        }
        self.scopes.push((id, self.place));
        let result = self.visit(node, value, interest, unseen);
        self.scopes.pop();
        result
    }

    fn visit(
        &mut self,
        node: &Node,
        value: &Data,
        interest: Interest,
        unseen: Unseen,
    ) -> Result<Unseen, Fault> {
        self.plain(node, value, interest)?;
        let mut visit = Visit { value, interest, unseen, faults: Vec::new(), failed: false };
        if let Some(target) = node.reference {
            let result = self.follow(&mut visit, target);
            if node.draft.is_some_and(|draft| draft < Draft::Draft2019) {
                return result.map(|()| visit.unseen);
            }
            if let Err(fault) = result {
                visit.add(fault);
            }
        }
        match value {
            Data::Map(map) => self.map(node, map, &mut visit),
            Data::List(list) => self.list(node, list, &mut visit),
            Data::String(text) => self.text(node, &text.to_str_lossy(), &mut visit),
            Data::Int(_) | Data::Float(_) => self.number(node, value, &mut visit),
            Data::Null | Data::Bool(_) => {}
        }
        if !visit.decided() {
            self.dynamic_references(node, &mut visit);
            self.conditions(node, &mut visit);
            self.unevaluated(node, &mut visit);
        }
        if !visit.failed {
            return Ok(visit.unseen);
        }
        if visit.faults.len() == 1 {
            return Err(Fault(visit.faults.pop()));
        }
        Err(self.fault_with(interest, visit.faults, || Kind::Group))
    }

    /// What decides alone: type, `const`, `enum`, `format`.
    fn plain(&self, node: &Node, value: &Data, interest: Interest) -> Result<(), Fault> {
        let actual = type_name(value);
        if !node.types.is_empty() && !node.types.contains(&actual) {
            let is_integer = node.types.contains(&"integer")
                && actual == "number"
                && Decimal::of(value).is_some_and(Decimal::is_integer);
            if !is_integer {
                return Err(
                    self.fault(interest, || format!("got {actual}, want {}", node.types.join(" or ")))
                );
            }
        }
        if let Some(constant) = &node.constant
            && !equal(value, constant)
        {
            return Err(self.fault(interest, || match constant {
                Data::List(_) | Data::Map(_) => "'const' failed".to_owned(),
                plain => format!("value must be {}", display(plain)),
            }));
        }
        if let Some(values) = &node.enumeration
            && !values.iter().any(|allowed| equal(value, allowed))
        {
            return Err(self.fault(interest, || {
                if values.iter().any(|value| matches!(value, Data::List(_) | Data::Map(_))) {
                    return "'enum' failed".to_owned();
                }
                let texts: Vec<String> = values.iter().map(display).collect();
                match texts.as_slice() {
                    [only] => format!("value must be {only}"),
                    texts => format!("value must be one of {}", texts.join(", ")),
                }
            }));
        }
        if let (Some(format), Data::String(text)) = (node.format, value)
            && let Err(reason) = format.check(&text.to_str_lossy())
        {
            return Err(self
                .fault(interest, || format!("{} is not valid {}: {reason}", display(value), format.name())));
        }
        Ok(())
    }

    /// Applies another schema to the same value.
    fn same(&mut self, visit: &mut Visit<'_>, id: Id, interest: Interest) -> Result<(), Fault> {
        let interest = if visit.interest == Interest::Validity { Interest::Validity } else { interest };
        let asks = !visit.unseen.is_empty();
        let seen = self.apply(id, visit.value, interest, asks)?;
        visit.unseen.merge(&seen);
        Ok(())
    }

    /// Applies a schema to a part of the value.
    fn part(&mut self, visit: &mut Visit<'_>, id: Id, value: &Data, step: String) -> Result<(), Fault> {
        self.path.push(step);
        self.places += 1;
        let outer = std::mem::replace(&mut self.place, self.places);
        let result = self.apply(id, value, visit.interest, false);
        self.place = outer;
        self.path.pop();
        result.map(|_| ())
    }

    fn part_or_add(&mut self, visit: &mut Visit<'_>, id: Id, value: &Data, step: String) {
        if let Err(fault) = self.part(visit, id, value, step) {
            visit.add(fault);
        }
    }

    fn follow(&mut self, visit: &mut Visit<'_>, target: Id) -> Result<(), Fault> {
        self.same(visit, target, Interest::Faults).map_err(|Fault(failure)| match failure {
            None => Fault(None),
            Some(failure) => {
                let causes = if matches!(failure.kind, Kind::Group) { failure.causes } else { vec![failure] };
                self.fault_with(visit.interest, causes, || Kind::Reference)
            }
        })
    }

    fn say(&self, visit: &mut Visit<'_>, text: impl FnOnce() -> String) {
        let fault = self.fault(visit.interest, text);
        visit.add(fault);
    }

    /// Says something of members of the map that is looked at.
    fn say_of(&self, visit: &mut Visit<'_>, names: Vec<String>, text: impl FnOnce() -> String) {
        let fault = self.fault_with(visit.interest, Vec::new(), || Kind::Members(text(), names));
        visit.add(fault);
    }

    fn map(&mut self, node: &Node, map: &DataMap, visit: &mut Visit<'_>) {
        if let Some(want) = node.min_properties.filter(|want| map.len() < *want) {
            self.say(visit, || format!("minProperties: got {}, want {}", grouped(map.len()), grouped(want)));
        }
        if let Some(want) = node.max_properties.filter(|want| map.len() > *want) {
            self.say(visit, || format!("maxProperties: got {}, want {}", grouped(map.len()), grouped(want)));
        }
        let missing = missing(map, &node.required);
        if !missing.is_empty() {
            let names = missing.iter().map(ToString::to_string).collect();
            self.say_of(visit, names, || match missing.as_slice() {
                [only] => format!("missing property {}", quote(only)),
                several => format!("missing properties {}", quote_all(several)),
            });
        }
        if visit.decided() {
            return;
        }
        for (name, dependency) in &node.dependencies {
            if !map.contains_key(name) {
                continue;
            }
            match dependency {
                Dependency::Members(members) => self.depends(visit, map, name, members),
                Dependency::Schema(id) => {
                    if let Err(fault) = self.same(visit, *id, Interest::Faults) {
                        visit.add(fault);
                    }
                }
            }
        }
        self.members(node, map, visit);
        if node.draft == Some(Draft::Draft4) {
            return;
        }
        if let Some(id) = node.property_names {
            self.names(id, map, visit);
        }
        for (name, id) in &node.dependent_schemas {
            if map.contains_key(name)
                && let Err(fault) = self.same(visit, *id, Interest::Faults)
            {
                visit.add(fault);
            }
        }
        for (name, members) in &node.dependent_required {
            if map.contains_key(name) {
                self.depends(visit, map, name, members);
            }
        }
    }

    fn depends(&self, visit: &mut Visit<'_>, map: &DataMap, name: &str, members: &[String]) {
        let missing = missing(map, members);
        if !missing.is_empty() {
            self.say(visit, || {
                format!("properties {} required, if {} exists", quote_all(&missing), quote(name))
            });
        }
    }

    fn members(&mut self, node: &Node, map: &DataMap, visit: &mut Visit<'_>) {
        let mut refused = Vec::new();
        for (key, value) in map {
            if visit.decided() {
                return;
            }
            let name = key.to_str_lossy();
            let mut evaluated = false;
            if let Some(id) = node.properties.get(&*name) {
                evaluated = true;
                self.part_or_add(visit, *id, value, name.to_string());
            }
            for (pattern, id) in &node.pattern_properties {
                if pattern.matches(&name) {
                    evaluated = true;
                    self.part_or_add(visit, *id, value, name.to_string());
                }
            }
            if !evaluated {
                match node.additional_properties {
                    None => {}
                    Some(Additional::Allowed(allowed)) => {
                        evaluated = true;
                        if !allowed {
                            refused.push(name.to_string());
                        }
                    }
                    Some(Additional::Schema(id)) => {
                        evaluated = true;
                        self.part_or_add(visit, id, value, name.to_string());
                    }
                }
            }
            if evaluated {
                visit.unseen.members.remove(&*name);
            }
        }
        if !refused.is_empty() {
            let names = refused.iter().map(ToString::to_string).collect();
            self.say_of(visit, names, || {
                format!("additional properties {} not allowed", quote_all(&refused))
            });
        }
    }

    fn names(&mut self, id: Id, map: &DataMap, visit: &mut Visit<'_>) {
        for key in map.keys() {
            let name = Data::String(key.clone());
            let path = std::mem::take(&mut self.path);
            self.places += 1;
            let outer = std::mem::replace(&mut self.place, self.places);
            let result = self.apply(id, &name, visit.interest, false);
            self.place = outer;
            self.path = path;
            if let Err(Fault(failure)) = result {
                let causes = match failure {
                    Some(Failure { kind: Kind::Group, causes, .. }) => causes,
                    other => other.into_iter().collect(),
                };
                let fault = self.fault_with(visit.interest, causes, || {
                    Kind::Text(format!("invalid propertyName {}", quote(&key.to_str_lossy())))
                });
                visit.add(fault);
            }
        }
    }

    fn list(&mut self, node: &Node, list: &DataList, visit: &mut Visit<'_>) {
        if let Some(want) = node.min_items.filter(|want| list.len() < *want) {
            self.say(visit, || format!("minItems: got {}, want {}", grouped(list.len()), grouped(want)));
        }
        if let Some(want) = node.max_items.filter(|want| list.len() > *want) {
            self.say(visit, || format!("maxItems: got {}, want {}", grouped(list.len()), grouped(want)));
        }
        if node.unique_items
            && let Some((first, second)) = duplicates(list)
        {
            self.say(visit, || format!("items at {} and {} are equal", grouped(first), grouped(second)));
        }
        let named = node.prefix_items.len().min(list.len());
        for (index, (item, id)) in list.iter().zip(&node.prefix_items).enumerate() {
            self.part_or_add(visit, *id, item, index.to_string());
        }
        if let Some(id) = node.items {
            for (index, item) in list.iter().enumerate().skip(named) {
                self.part_or_add(visit, id, item, index.to_string());
            }
        }
        match node.additional_items {
            Some(Additional::Allowed(false)) if named < list.len() => {
                self.say(visit, || {
                    format!("last {} additionalItem(s) not allowed", grouped(list.len() - named))
                });
            }
            Some(Additional::Schema(id)) => {
                for (index, item) in list.iter().enumerate().skip(named) {
                    self.part_or_add(visit, id, item, index.to_string());
                }
            }
            _ => {}
        }
        if let Some(id) = node.contains {
            self.contains(node, id, list, visit);
        }
    }

    fn contains(&mut self, node: &Node, id: Id, list: &DataList, visit: &mut Visit<'_>) {
        let mut causes = Vec::new();
        let mut matched = Vec::new();
        for (index, item) in list.iter().enumerate() {
            if let Err(Fault(failure)) = self.part(visit, id, item, index.to_string()) {
                causes.extend(failure);
            } else {
                matched.push(index.to_string());
                if node.draft >= Some(Draft::Draft2020) {
                    visit.unseen.items.remove(&index);
                }
            }
        }
        let all = || matched.join(" ");
        if let Some(want) = node.min_contains {
            if matched.len() < want {
                let fault = self.fault_with(visit.interest, causes, || {
                    Kind::Text(if matched.is_empty() {
                        format!(
                            "min {} items required to match contains schema, but none matched",
                            grouped(want)
                        )
                    } else {
                        format!(
                            "min {} items required to match contains schema, but matched {} items at {}",
                            grouped(want),
                            grouped(matched.len()),
                            all()
                        )
                    })
                });
                visit.add(fault);
            }
        } else if matched.is_empty() {
            let fault = self.fault_with(visit.interest, causes, || {
                Kind::Text("no items match contains schema".to_owned())
            });
            visit.add(fault);
        }
        if let Some(want) = node.max_contains.filter(|want| matched.len() > *want) {
            self.say(visit, || {
                format!(
                    "max {} items required to match contains schema, but matched {} items at {}",
                    grouped(want),
                    grouped(matched.len()),
                    all()
                )
            });
        }
    }

    fn text(&self, node: &Node, text: &str, visit: &mut Visit<'_>) {
        if node.min_length.is_some() || node.max_length.is_some() {
            let length = text.chars().count();
            if let Some(want) = node.min_length.filter(|want| length < *want) {
                self.say(visit, || format!("minLength: got {}, want {}", grouped(length), grouped(want)));
            }
            if let Some(want) = node.max_length.filter(|want| length > *want) {
                self.say(visit, || format!("maxLength: got {}, want {}", grouped(length), grouped(want)));
            }
        }
        if let Some(pattern) = &node.pattern
            && !pattern.matches(text)
        {
            self.say(visit, || format!("{} does not match pattern {}", quote(text), quote(&pattern.text)));
        }
    }

    fn number(&self, node: &Node, value: &Data, visit: &mut Visit<'_>) {
        let Some(number) = Decimal::of(value) else { return };
        let mut bound = |name: &str, limit: Option<Decimal>, holds: &dyn Fn(Decimal) -> bool| {
            if let Some(limit) = limit.filter(|limit| !holds(*limit)) {
                self.say(visit, || {
                    format!(
                        "{name}: got {}, want {}",
                        grouped_float(number.float()),
                        grouped_float(limit.float())
                    )
                });
            }
        };
        bound("minimum", node.minimum, &|limit| number.compare(limit).is_ge());
        bound("maximum", node.maximum, &|limit| number.compare(limit).is_le());
        bound("exclusiveMinimum", node.exclusive_minimum, &|limit| number.compare(limit).is_gt());
        bound("exclusiveMaximum", node.exclusive_maximum, &|limit| number.compare(limit).is_lt());
        bound("multipleOf", node.multiple_of, &|factor| number.is_multiple_of(factor));
    }

    fn conditions(&mut self, node: &Node, visit: &mut Visit<'_>) {
        if let Some(id) = node.not
            && self.same(visit, id, Interest::Validity).is_ok()
        {
            self.say(visit, || "'not' failed".to_owned());
        }
        let mut causes = Vec::new();
        let mut failed = false;
        for id in &node.all_of {
            if let Err(Fault(failure)) = self.same(visit, *id, Interest::Faults) {
                failed = true;
                causes.extend(failure);
                if visit.interest == Interest::Validity {
                    break;
                }
            }
        }
        if failed {
            let fault = self.fault_with(visit.interest, causes, || Kind::Text("'allOf' failed".to_owned()));
            visit.add(fault);
        }
        self.any_of(node, visit);
        self.one_of(node, visit);
        if let Some(id) = node.condition {
            let branch =
                if self.same(visit, id, Interest::Validity).is_ok() { node.then } else { node.otherwise };
            if let Some(id) = branch
                && let Err(fault) = self.same(visit, id, Interest::Faults)
            {
                visit.add(fault);
            }
        }
    }

    fn any_of(&mut self, node: &Node, visit: &mut Visit<'_>) {
        if node.any_of.is_empty() {
            return;
        }
        let mut causes = Vec::new();
        let mut matched = false;
        for id in &node.any_of {
            if let Err(Fault(failure)) = self.same(visit, *id, Interest::Faults) {
                causes.extend(failure);
            } else {
                matched = true;
                if visit.unseen.is_empty() {
                    break; // nothing is left for the others to look at
                }
            }
        }
        if !matched {
            let fault = self.fault_with(visit.interest, causes, || Kind::Text("'anyOf' failed".to_owned()));
            visit.add(fault);
        }
    }

    fn one_of(&mut self, node: &Node, visit: &mut Visit<'_>) {
        if node.one_of.is_empty() {
            return;
        }
        let mut causes = Vec::new();
        let mut matched: Option<usize> = None;
        for (index, id) in node.one_of.iter().enumerate() {
            let interest = if matched.is_some() { Interest::Validity } else { Interest::Faults };
            match (self.same(visit, *id, interest), matched) {
                (Err(Fault(failure)), None) => causes.extend(failure),
                (Err(_), Some(_)) => {}
                (Ok(()), None) => matched = Some(index),
                (Ok(()), Some(first)) => {
                    self.say(visit, || format!("'oneOf' failed, subschemas {first}, {index} matched"));
                    break;
                }
            }
        }
        if matched.is_none() {
            let fault = self
                .fault_with(visit.interest, causes, || Kind::Text("'oneOf' failed, none matched".to_owned()));
            visit.add(fault);
        }
    }

    fn dynamic_references(&mut self, node: &Node, visit: &mut Visit<'_>) {
        if let Some(target) = node.recursive_reference {
            let mut target = target;
            if self.schema.nodes.get(target).is_some_and(|node| node.recursive_anchor) {
                // The outermost schema whose resource takes part.
                let outermost = self.scopes.iter().find(|(id, _)| {
                    let resource = self.schema.nodes.get(*id).map(|node| node.resource);
                    resource
                        .and_then(|id| self.schema.nodes.get(id))
                        .is_some_and(|node| node.recursive_anchor)
                });
                target = outermost.map_or(target, |(id, _)| *id);
            }
            if let Err(fault) = self.follow(visit, target) {
                visit.add(fault);
            }
        }
        if let Some((target, anchor)) = &node.dynamic_reference {
            let mut target = *target;
            if let Some(anchor) = anchor
                && self
                    .schema
                    .nodes
                    .get(target)
                    .is_some_and(|node| node.dynamic_anchor.as_ref() == Some(anchor))
            {
                let outermost = self.scopes.iter().find_map(|(id, _)| {
                    let resource = self.schema.nodes.get(self.schema.nodes.get(*id)?.resource)?;
                    resource.dynamic_anchors.get(anchor).copied()
                });
                target = outermost.unwrap_or(target);
            }
            if let Err(fault) = self.follow(visit, target) {
                visit.add(fault);
            }
        }
    }

    fn unevaluated(&mut self, node: &Node, visit: &mut Visit<'_>) {
        if let (Some(id), Data::Map(map)) = (node.unevaluated_properties, visit.value) {
            for name in std::mem::take(&mut visit.unseen.members) {
                if let Some(value) = map.get(&name) {
                    self.part_or_add(visit, id, value, name);
                }
            }
        }
        if let (Some(id), Data::List(list)) = (node.unevaluated_items, visit.value) {
            for index in std::mem::take(&mut visit.unseen.items) {
                if let Some(item) = list.get(index) {
                    self.part_or_add(visit, id, item, index.to_string());
                }
            }
        }
    }
}

/// What the schema itself leaves unseen, where anybody asks.
fn unseen(value: &Data, node: &Node, caller_asks: bool) -> Unseen {
    let mut unseen = Unseen::default();
    match value {
        Data::Map(map) => {
            let asked = caller_asks || node.unevaluated_properties.is_some();
            if asked && node.additional_properties.is_none() {
                unseen.members = map.keys().map(|key| key.to_str_lossy().into_owned()).collect();
            }
        }
        Data::List(list) => {
            let asked = caller_asks || node.unevaluated_items.is_some();
            if asked && node.items.is_none() && node.additional_items.is_none() {
                unseen.items = (node.prefix_items.len()..list.len()).collect();
            }
        }
        _ => {}
    }
    unseen
}

fn type_name(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "boolean",
        Data::Int(_) | Data::Float(_) => "number",
        Data::String(_) => "string",
        Data::List(_) => "array",
        Data::Map(_) => "object",
    }
}

fn missing(map: &DataMap, wanted: &[String]) -> Vec<String> {
    wanted.iter().filter(|name| !map.contains_key(name)).cloned().collect()
}

/// JSON's equality: numbers by their value.
fn equal(a: &Data, b: &Data) -> bool {
    match (a, b) {
        (Data::Int(_) | Data::Float(_), Data::Int(_) | Data::Float(_)) => {
            match (Decimal::of(a), Decimal::of(b)) {
                (Some(a), Some(b)) => a.compare(b).is_eq(),
                _ => false,
            }
        }
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((x, a), (y, b))| x == y && equal(a, b))
        }
        _ => a == b,
    }
}

/// The first two equal items.
fn duplicates(list: &DataList) -> Option<(usize, usize)> {
    if list.len() > 20 {
        // Equal items have equal JSON, but for the way a number is written; those few may differ from Helm's answer.
        let mut seen = HashSet::new();
        let all_differ = list.iter().all(|item| seen.insert(serde_json::to_string(item).unwrap_or_default()));
        if all_differ {
            return None;
        }
    }
    let items = list.as_slice();
    items.iter().enumerate().skip(1).find_map(|(second, item)| {
        let first = items.iter().take(second).position(|other| equal(item, other))?;
        Some((first, second))
    })
}
