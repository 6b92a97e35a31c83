//! Go's maps with string keys.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::go_type::{Type, types};
use crate::{Data, DataMap, Str, Value};

/// A Go map with string keys: every clone is the same map.
///
/// A map made of a [`DataMap`] is a view until a member that is itself a map or list is asked for, or a member is
/// written; then one level of it is copied, so that aliases stay aliases.
#[derive(Clone)]
pub struct Map {
    go_type: &'static Type,
    inner: Rc<Inner>,
}

struct Inner {
    /// What the map is a view of, until it has members of its own.
    view: Option<DataMap>,
    nil: bool,
    /// Sorted by key.
    members: OnceCell<RefCell<Vec<(Str, Value)>>>,
}

impl Map {
    /// An empty `map[string]interface {}`.
    pub fn new() -> Self {
        Self::typed(&types::ANY_MAP)
    }

    /// An empty map of this type, whose keys are strings.
    pub fn typed(go_type: &'static Type) -> Self {
        Self { go_type, inner: Rc::new(Inner { view: None, nil: false, members: OnceCell::new() }) }
    }

    /// The nil map of this type: no members, `null` in JSON. Go panics when it is written to; this type ignores the
    /// write, so callers that can meet a nil map check [`is_nil`](Self::is_nil) first.
    pub fn nil(go_type: &'static Type) -> Self {
        Self { go_type, inner: Rc::new(Inner { view: None, nil: true, members: OnceCell::new() }) }
    }

    /// A view of this data, typed `map[string]interface {}`.
    pub fn view(data: DataMap) -> Self {
        Self::view_as(&types::ANY_MAP, data)
    }

    /// A view of this data, of a named map type.
    pub fn view_as(go_type: &'static Type, data: DataMap) -> Self {
        Self { go_type, inner: Rc::new(Inner { view: Some(data), nil: false, members: OnceCell::new() }) }
    }

    /// The Go type.
    pub fn go_type(&self) -> &'static Type {
        self.go_type
    }

    /// The same map under another map type, as Go's conversion between map types gives it: what is written through
    /// one is seen through the other.
    #[must_use]
    pub fn converted(&self, go_type: &'static Type) -> Self {
        Self { go_type, inner: Rc::clone(&self.inner) }
    }

    /// A number that tells this map from every other that is alive (`%p`); 0 for a nil map.
    pub fn address(&self) -> usize {
        if self.is_nil() { 0 } else { Rc::as_ptr(&self.inner).addr() }
    }

    /// Whether this is Go's nil map.
    pub fn is_nil(&self) -> bool {
        self.inner.nil
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        match self.untouched() {
            Some(data) => data.len(),
            None => self.members().borrow().len(),
        }
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        let key = key.as_ref();
        if let Some(data) = self.untouched() {
            match data.get_bytes(key)? {
                Data::Map(_) | Data::List(_) => {} // must be the same map each time it is asked for
                scalar => return Some(Value::from(scalar)),
            }
        }
        let members = self.members().borrow();
        let index = find(&members, key).ok()?;
        members.get(index).map(|(_, value)| value.clone())
    }

    /// The member `key`; faster than [`get`](Self::get) where the key is a [`Str`] already.
    #[inline]
    pub fn get_str(&self, key: &Str) -> Option<Value> {
        self.get_near(key, &mut 0)
    }

    /// The member `key`, which is looked for first where it was the last time: at the place that such a call left in
    /// `place`, be it for another map. Whoever asks for one key again and again, of maps that are made alike, is spared
    /// the search.
    #[inline]
    pub fn get_near(&self, key: &Str, place: &mut usize) -> Option<Value> {
        if let Some(members) = self.inner.members.get() {
            let members = members.borrow();
            let index = near(&members, key, *place)?;
            *place = index;
            return members.get(index).map(|(_, value)| value.clone());
        }
        let index = near(self.inner.view.as_ref()?.as_slice(), key, *place)?;
        *place = index;
        match self.inner.view.as_ref()?.as_slice().get(index)? {
            // Must be the same map each time it is asked for.
            (_, Data::Map(_) | Data::List(_)) => {
                self.members().borrow().get(index).map(|(_, value)| value.clone())
            }
            (_, scalar) => Some(Value::from(scalar)),
        }
    }

    /// Whether there is a member `key`.
    pub fn contains_key(&self, key: impl AsRef<[u8]>) -> bool {
        match self.untouched() {
            Some(data) => data.get_bytes(key.as_ref()).is_some(),
            None => find(&self.members().borrow(), key.as_ref()).is_ok(),
        }
    }

    /// Sets the member `key`, and gives what it was before.
    pub fn insert(&self, key: impl Into<Str>, value: Value) -> Option<Value> {
        if self.inner.nil {
            return None;
        }
        let key = key.into();
        let mut members = self.members().borrow_mut();
        match find(&members, &key) {
            Ok(index) => members.get_mut(index).map(|member| std::mem::replace(&mut member.1, value)),
            Err(index) => {
                members.insert(index, (key, value));
                None
            }
        }
    }

    /// Removes the member `key`, and gives what it was.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        if self.inner.nil {
            return None;
        }
        let mut members = self.members().borrow_mut();
        let index = find(&members, key.as_ref()).ok()?;
        Some(members.remove(index).1)
    }

    /// The keys in the order of their bytes.
    pub fn keys(&self) -> Vec<Str> {
        match self.untouched() {
            Some(data) => data.keys().cloned().collect(),
            None => self.members().borrow().iter().map(|(key, _)| key.clone()).collect(),
        }
    }

    /// The members in the order of their keys' bytes, copied: the map may be written while they are looked at.
    pub fn entries(&self) -> Vec<(Str, Value)> {
        self.members().borrow().clone()
    }

    /// The data that this map is still an untouched view of.
    pub fn untouched(&self) -> Option<&DataMap> {
        match self.inner.members.get() {
            Some(_) => None,
            None => self.inner.view.as_ref(),
        }
    }

    /// Whether both are the same map.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    fn members(&self) -> &RefCell<Vec<(Str, Value)>> {
        self.inner.members.get_or_init(|| {
            let view = self.inner.view.as_ref();
            RefCell::new(view.map_or_else(Vec::new, |data| {
                data.iter().map(|(key, data)| (key.clone(), Value::from(data))).collect()
            }))
        })
    }
}

/// Up to how many members looking at each is faster than halving.
const SMALL: usize = 12;

/// Where the key is, `place` being looked at first.
#[inline]
fn near<V>(members: &[(Str, V)], key: &Str, place: usize) -> Option<usize> {
    if members.get(place).is_some_and(|(name, _)| name == key) {
        return Some(place);
    }
    if members.len() <= SMALL {
        return members.iter().position(|(name, _)| name == key);
    }
    members.binary_search_by(|(name, _)| name.cmp(key)).ok()
}

fn find(members: &[(Str, Value)], key: &[u8]) -> Result<usize, usize> {
    let start = crate::text::start_of(key);
    members.binary_search_by(|(name, _)| name.cmp_bytes(key, start))
}

impl Drop for Inner {
    /// Takes what is nested apart without recursion: a loop in a template can nest maps deeper than the stack.
    fn drop(&mut self) {
        if let Some(members) = self.members.get_mut() {
            crate::drop::dismantle(members.get_mut().drain(..).map(|(_, value)| value));
        }
    }
}

impl Map {
    /// The members, where nobody else has the map.
    pub(crate) fn take_members(mut self, into: &mut Vec<Value>) {
        if let Some(inner) = Rc::get_mut(&mut self.inner)
            && let Some(members) = inner.members.get_mut()
        {
            into.extend(members.get_mut().drain(..).map(|(_, value)| value).filter(crate::drop::is_nested));
        }
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Into<Str>> FromIterator<(K, Value)> for Map {
    /// Sorts the members; of two with the same key the later one stays.
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        let mut members: Vec<(Str, Value)> =
            members.into_iter().map(|(key, value)| (key.into(), value)).collect();
        if !members.is_sorted_by(|a, b| a.0 < b.0) {
            members.sort_by(|a, b| a.0.cmp(&b.0)); // stable: equal keys keep their order
            members.reverse();
            members.dedup_by(|a, b| a.0 == b.0); // keeps the first of each run, which came last
            members.reverse();
        }
        let inner = Inner { view: None, nil: false, members: OnceCell::from(RefCell::new(members)) };
        Self { go_type: &types::ANY_MAP, inner: Rc::new(inner) }
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.members().borrow().iter().map(|(key, value)| (key, value))).finish()
    }
}
