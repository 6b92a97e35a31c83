//! Go's slices.

use std::cell::{OnceCell, Ref, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::go_type::{Type, types};
use crate::{DataList, Number, Value};

/// A Go slice: a window on an array that other slices may share.
///
/// [`slice`](Self::slice) shares, [`set`](Self::set) is seen through every window, [`append`](Self::append) copies
/// (Sprig's functions never append in place).
///
/// A slice made of a [`DataList`] or of shared bytes is a view until its items are asked for; then they are copied
/// once, for every window on them.
#[derive(Clone)]
pub struct List(Rc<Window>);

struct Window {
    go_type: &'static Type,
    /// `None` is Go's nil slice.
    array: Option<Rc<Array>>,
    start: usize,
    end: usize,
}

/// What slices are windows on.
struct Array {
    /// What the items are a view of, until somebody looks at them.
    view: View,
    items: OnceCell<RefCell<Vec<Value>>>,
}

/// What items can be made of.
enum View {
    /// They were made at once.
    None,
    Data(DataList),
    /// The items of a `[]uint8`.
    Bytes(Arc<[u8]>),
}

impl Array {
    fn of(items: Vec<Value>) -> Self {
        Self { view: View::None, items: OnceCell::from(RefCell::new(items)) }
    }

    fn items(&self) -> &RefCell<Vec<Value>> {
        self.items.get_or_init(|| {
            RefCell::new(match &self.view {
                View::None => Vec::new(),
                View::Data(list) => list.iter().map(Value::from).collect(),
                View::Bytes(bytes) => bytes.iter().map(|byte| Value::Number(Number::Uint8(*byte))).collect(),
            })
        })
    }

    fn len(&self) -> usize {
        match (self.items.get(), &self.view) {
            (Some(items), _) => items.borrow().len(),
            (None, View::Data(list)) => list.len(),
            (None, View::Bytes(bytes)) => bytes.len(),
            (None, View::None) => 0,
        }
    }

    fn borrow(&self) -> Ref<'_, Vec<Value>> {
        self.items().borrow()
    }
}

impl Drop for Array {
    /// Takes what is nested apart without recursion: a loop in a template can nest lists deeper than the stack.
    fn drop(&mut self) {
        if let Some(items) = self.items.get_mut() {
            crate::drop::dismantle(items.get_mut().drain(..));
        }
    }
}

impl List {
    /// The items, where nobody else has the slice or its array.
    pub(crate) fn take_items(mut self, into: &mut Vec<Value>) {
        if let Some(window) = Rc::get_mut(&mut self.0)
            && let Some(array) = window.array.as_mut().and_then(Rc::get_mut)
            && let Some(items) = array.items.get_mut()
        {
            into.extend(items.get_mut().drain(..).filter(crate::drop::is_nested));
        }
    }

    /// A number that tells this slice's array from every other that is alive (`%p`); 0 for a nil slice.
    pub fn address(&self) -> usize {
        self.0.array.as_ref().map_or(0, |array| Rc::as_ptr(array).addr() + self.0.start * size_of::<Value>())
    }

    /// A slice of `[]interface {}` that owns these items.
    pub fn new(items: Vec<Value>) -> Self {
        Self::typed(&types::ANY_SLICE, items)
    }

    /// A slice of this type that owns these items; they must be of the type's element type.
    pub fn typed(go_type: &'static Type, items: Vec<Value>) -> Self {
        Self::whole(go_type, Array::of(items))
    }

    /// A `[]uint8` of these bytes.
    pub fn bytes(bytes: Arc<[u8]>) -> Self {
        Self::whole(&types::BYTES, Array { view: View::Bytes(bytes), items: OnceCell::new() })
    }

    fn whole(go_type: &'static Type, array: Array) -> Self {
        let end = array.len();
        Self(Rc::new(Window { go_type, array: Some(Rc::new(array)), start: 0, end }))
    }

    /// A `[]string`.
    pub fn strings<S: Into<crate::Str>>(items: impl IntoIterator<Item = S>) -> Self {
        Self::typed(&types::STRING_SLICE, items.into_iter().map(|item| Value::String(item.into())).collect())
    }

    /// The nil slice of this type.
    pub fn nil(go_type: &'static Type) -> Self {
        Self(Rc::new(Window { go_type, array: None, start: 0, end: 0 }))
    }

    /// The Go type.
    pub fn go_type(&self) -> &'static Type {
        self.0.go_type
    }

    /// Whether this is Go's nil slice; it has no items and is `null` in JSON.
    pub fn is_nil(&self) -> bool {
        self.0.array.is_none()
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.0.end - self.0.start
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items the window could grow to without a copy (Go's `cap`).
    pub fn capacity(&self) -> usize {
        self.0.array.as_ref().map_or(0, |array| array.len().saturating_sub(self.0.start))
    }

    /// The item at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.items().get(index).cloned()
    }

    /// The items, borrowed: nothing may be [`set`](Self::set) meanwhile.
    pub fn items(&self) -> Items<'_> {
        Items(self.0.array.as_ref().map(|array| {
            Ref::map(array.borrow(), |items| items.get(self.0.start..self.0.end).unwrap_or_default())
        }))
    }

    /// The data that this slice is still an untouched view of, from its first item to its last.
    pub fn untouched(&self) -> Option<&DataList> {
        let array = self.0.array.as_ref()?;
        match (&array.view, array.items.get()) {
            (View::Data(list), None) if self.0.start == 0 && self.0.end == list.len() => Some(list),
            _ => None,
        }
    }

    /// The bytes of a `[]uint8`, copied; what is no byte is 0.
    pub fn to_bytes(&self) -> Vec<u8> {
        let window = self.0.start..self.0.end;
        match self.0.array.as_deref() {
            Some(Array { view: View::Bytes(bytes), items }) if items.get().is_none() => {
                bytes.get(window).unwrap_or_default().to_vec()
            }
            _ => self
                .items()
                .iter()
                .map(|item| match item {
                    Value::Number(Number::Uint8(byte)) => *byte,
                    _ => 0,
                })
                .collect(),
        }
    }

    /// The items, copied.
    pub fn to_vec(&self) -> Vec<Value> {
        self.items().to_vec()
    }

    /// Replaces the item at `index`, for every window on the same array. Past the end nothing happens.
    pub fn set(&self, index: usize, value: Value) {
        if index >= self.len() {
            return;
        }
        if let Some(array) = &self.0.array
            && let Some(slot) = array.items().borrow_mut().get_mut(self.0.start + index)
        {
            *slot = value;
        }
    }

    /// The window `start..end` of this slice, on the same array; `None` where it does not fit in the capacity.
    pub fn slice(&self, start: usize, end: usize) -> Option<Self> {
        if start > end || end > self.capacity() {
            return None;
        }
        Some(Self(Rc::new(Window {
            go_type: self.0.go_type,
            array: self.0.array.clone(),
            start: self.0.start + start,
            end: self.0.start + end,
        })))
    }

    /// A new slice of the same type with `value` behind the items of this one.
    #[must_use]
    pub fn append(&self, value: Value) -> Self {
        let mut items = self.to_vec();
        items.push(value);
        Self::typed(self.0.go_type, items)
    }

    /// Whether both are the same window on the same array.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
            || match (&self.0.array, &other.0.array) {
                (Some(a), Some(b)) => {
                    Rc::ptr_eq(a, b) && self.0.start == other.0.start && self.0.end == other.0.end
                }
                _ => false,
            }
    }
}

/// The items of a [`List`], borrowed from its array.
pub struct Items<'a>(Option<Ref<'a, [Value]>>);

impl std::ops::Deref for Items<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<&DataList> for List {
    /// A view of the data; so are the maps and lists in it until they are touched.
    fn from(list: &DataList) -> Self {
        let array = Array { view: View::Data(list.clone()), items: OnceCell::new() };
        Self::whole(&types::ANY_SLICE, array)
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::new(items.into_iter().collect())
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items().iter()).finish()
    }
}
