//! Which fields of built-in kinds are merged by key.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Gvk;

/// What the tags of Kubernetes' Go types say; the file's head has its form.
const KINDS: &str = include_str!("kinds.txt");

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(KINDS));

#[derive(Default)]
struct Table {
    /// From `apiVersion` and `kind` to the name of a type.
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    types: HashMap<&'static str, Fields>,
}

type Fields = HashMap<&'static str, Field>;

struct Field {
    replace: bool,
    retain_keys: bool,
    /// For lists that are merged; `Some("-")` where their items are scalars.
    key: Option<&'static str>,
    below: &'static str,
}

/// What is known of the members of one map of an object. Members that nothing is known of are merged field by field
/// where they are maps, and replaced as a whole where they are lists.
#[derive(Clone, Copy)]
pub(super) struct Schema(Option<&'static Fields>);

/// How a map is merged.
pub(super) struct MapRule {
    /// It is replaced as a whole.
    pub(super) replace: bool,
    /// What the patch does not name is cleared.
    pub(super) retain_keys: bool,
    /// Its members.
    pub(super) schema: Schema,
}

/// How a list is merged.
pub(super) struct ListRule {
    /// The member by which its items are told apart; `None` where they are scalars.
    pub(super) key: Option<&'static str>,
    /// What the patch of an item does not name is cleared.
    pub(super) retain_keys: bool,
    /// The members of its items.
    pub(super) schema: Schema,
}

impl Schema {
    /// The fields of a built-in kind; `None` for any other kind, which Helm merges as plain JSON (Helm:
    /// `pkg/kube/converter.go`, `AsVersioned`).
    pub(super) fn of(gvk: &Gvk) -> Option<Self> {
        let api_version = gvk.api_version();
        let name = TABLE.kinds.get(&(api_version.as_str(), gvk.kind.as_str()))?;
        Some(Self::named(name))
    }

    fn named(name: &str) -> Self {
        Self(TABLE.types.get(name))
    }

    pub(super) fn map(self, name: &str) -> MapRule {
        match self.field(name) {
            Some(field) => MapRule {
                replace: field.replace,
                retain_keys: field.retain_keys,
                schema: Self::named(field.below),
            },
            None => MapRule { replace: false, retain_keys: false, schema: Self(None) },
        }
    }

    /// How a list is merged; `None` where it is replaced as a whole.
    pub(super) fn list(self, name: &str) -> Option<ListRule> {
        let field = self.field(name)?;
        let key = Some(field.key?).filter(|key| *key != "-");
        Some(ListRule { key, retain_keys: field.retain_keys, schema: Self::named(field.below) })
    }

    fn field(self, name: &str) -> Option<&'static Field> {
        self.0?.get(name)
    }
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        let mut current = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["kind", api_version, kind, name] => {
                    table.kinds.insert((api_version, kind), name);
                }
                ["type", name] => current = name,
                [name, "map", strategy, below] => {
                    table.types.entry(current).or_default().insert(name, Field::new(strategy, None, below));
                }
                [name, "list", strategy, key, below] => {
                    let field = Field::new(strategy, Some(key), below);
                    table.types.entry(current).or_default().insert(name, field);
                }
                _ => {}
            }
        }
        table
    }
}

impl Field {
    fn new(strategy: &str, key: Option<&'static str>, below: &'static str) -> Self {
        let has = |name| strategy.split(',').any(|part| part == name);
        Self { replace: has("replace"), retain_keys: has("retainKeys"), key, below }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = KINDS.lines().filter(|line| !line.starts_with('#'));
        let (kinds, rest): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("kind "));
        let (types, fields): (Vec<&str>, Vec<&str>) =
            rest.into_iter().partition(|line| line.starts_with("type "));
        assert_eq!(TABLE.kinds.len(), kinds.len());
        assert_eq!(TABLE.types.len(), types.len());
        assert_eq!(TABLE.types.values().map(HashMap::len).sum::<usize>(), fields.len());
        let named = TABLE
            .kinds
            .values()
            .chain(TABLE.types.values().flat_map(|fields| fields.values().map(|f| &f.below)));
        for name in named.filter(|name| **name != "-") {
            assert!(TABLE.types.contains_key(name), "{name}");
        }
    }

    #[test]
    fn the_way_to_a_container_is_known() {
        let deployment = Schema::of(&Gvk::new("apps", "v1", "Deployment")).unwrap();
        let pod = deployment.map("spec").schema.map("template").schema.map("spec").schema;
        let containers = pod.list("containers").unwrap();
        assert_eq!(containers.key, Some("name"));
        assert_eq!(containers.schema.list("ports").unwrap().key, Some("containerPort"));
        assert!(containers.schema.list("args").is_none());
        assert!(deployment.map("spec").schema.map("strategy").retain_keys);
        assert!(Schema::of(&Gvk::new("example.com", "v1", "Deployment")).is_none());
    }
}
