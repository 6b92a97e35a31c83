//! A look at a document's nodes, with their places.

use std::borrow::Cow;

use pintle_value::Data;

use crate::decode::{Duplicates, Numbers, decode, scalar};
use crate::document::EntryKind;
use crate::{Document, Error, Limits, Position};

/// Reads the first document of a text and keeps where each value stands; `None` for a text without a document.
///
/// ```
/// use pintle_yaml::{Limits, NodeKind, parse_spanned};
///
/// let text = b"image:\n  tag: &tag 1.10\nsidecar: {tag: *tag}\n";
/// let document = parse_spanned(text, &Limits::default())?.expect("there is a document");
/// let tag = document.root().at(&["sidecar", "tag"]).expect("the value is there");
/// assert_eq!((tag.position().line, tag.position().column), (3, 16));
/// assert_eq!(tag.kind(), NodeKind::Scalar);
/// assert_eq!(tag.text(), Some("1.10"));
/// # Ok::<(), pintle_yaml::Error>(())
/// ```
pub fn parse_spanned<'i>(bytes: &'i [u8], limits: &Limits) -> Result<Option<Document<'i>>, Error> {
    Document::first(bytes, limits).map_err(|error| error.while_at("error converting YAML to JSON"))
}

/// What a [`Node`] is; an alias is what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A string, number, boolean or null.
    Scalar,
    /// A list.
    List,
    /// A map.
    Map,
}

/// A node of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Node<'d, 'i> {
    document: &'d Document<'i>,
    index: u32,
}

impl<'i> Document<'i> {
    /// The document's value.
    pub fn root(&self) -> Node<'_, 'i> {
        Node { document: self, index: 0 }
    }

    /// The document as data, as [`parse`](crate::parse) gives it.
    pub fn to_data(&self) -> Result<Data, Error> {
        decode(self, Duplicates::LastWins, Numbers::Floats)
            .map_err(|error| error.while_at("error converting YAML to JSON"))
    }
}

impl<'d, 'i> Node<'d, 'i> {
    /// Where the node starts; for an alias, where the alias stands.
    pub fn position(&self) -> Position {
        self.document.position(self.index)
    }

    /// What the node is.
    pub fn kind(&self) -> NodeKind {
        match self.document.entry(self.document.target(self.index)).kind {
            EntryKind::Sequence => NodeKind::List,
            EntryKind::Mapping => NodeKind::Map,
            EntryKind::Scalar { .. } | EntryKind::Alias(_) => NodeKind::Scalar,
        }
    }

    /// The text of a scalar, before it is read as a number or anything else.
    pub fn text(&self) -> Option<&'d str> {
        match self.document.entry(self.document.target(self.index)).kind {
            EntryKind::Scalar { text, .. } => Some(self.document.text(text)),
            _ => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> impl Iterator<Item = Node<'d, 'i>> + use<'d, 'i> {
        let document = self.document;
        let index = document.target(self.index);
        let is_list = self.kind() == NodeKind::List;
        document.parts(index).filter(move |_| is_list).map(move |index| Node { document, index })
    }

    /// The members of a map in the order of the text: the key as data has it, the key's node and the value's. A key
    /// that stands twice comes twice; of those, the last one counts. Merged maps come as they are written: a member
    /// `<<`.
    pub fn members(&self) -> impl Iterator<Item = (Cow<'d, str>, Node<'d, 'i>, Node<'d, 'i>)> + use<'d, 'i> {
        let document = self.document;
        let index = document.target(self.index);
        let is_map = self.kind() == NodeKind::Map;
        let mut parts = document.parts(index).filter(move |_| is_map);
        std::iter::from_fn(move || {
            let (key, value) = (parts.next()?, parts.next()?);
            let name = scalar(document, document.target(key)).ok().and_then(|typed| typed.to_key());
            let node = |index| Node { document, index };
            Some((name.unwrap_or_default(), node(key), node(value)))
        })
    }

    /// The value of `key` in a map, merged maps included.
    pub fn get(&self, key: &str) -> Option<Node<'d, 'i>> {
        self.find(key, 0)
    }

    /// The value below `path`, one map key a step.
    pub fn at(&self, path: &[&str]) -> Option<Node<'d, 'i>> {
        path.iter().try_fold(*self, |node, key| node.get(key))
    }

    /// The last member with this key that is written here or merged here.
    fn find(&self, key: &str, depth: usize) -> Option<Node<'d, 'i>> {
        const DEEPEST: usize = 64;
        if depth > DEEPEST {
            return None;
        }
        let members: Vec<_> = self.members().collect();
        members.into_iter().rev().find_map(|(name, key_node, value)| {
            if !self.document.is_merge(key_node.index) {
                return (name == key).then_some(value);
            }
            match value.kind() {
                NodeKind::List => value.items().find_map(|item| item.find(key, depth + 1)),
                _ => value.find(key, depth + 1),
            }
        })
    }
}
