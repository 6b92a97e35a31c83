//! A tree of values that can be written to, for the flags of the `--set` family.

use std::collections::BTreeMap;

use pintle_value::{Data, DataMap, Str};

/// A value: data that nothing has written to yet, or a list or map that something has.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Data(Data),
    List(Vec<Node>),
    Map(BTreeMap<Str, Node>),
}

impl Node {
    pub(crate) const NULL: Self = Self::Data(Data::Null);

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Data(Data::Null))
    }

    /// The map, ready to be written to.
    pub(crate) fn as_map_mut(&mut self) -> Option<&mut BTreeMap<Str, Self>> {
        if let Self::Data(Data::Map(map)) = self {
            *self = Self::Map(open(map));
        }
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, taken out to be written to and put back.
    pub(crate) fn take_list(&mut self) -> Option<Vec<Self>> {
        match self {
            Self::Data(Data::List(list)) => Some(list.iter().cloned().map(Self::Data).collect()),
            Self::List(list) => Some(std::mem::take(list)),
            _ => None,
        }
    }

    /// Go's name of the dynamic type, as a failed type assertion prints it.
    pub(crate) fn go_type(&self) -> &'static str {
        match self {
            Self::Data(Data::Null) => "nil",
            Self::Data(Data::Bool(_)) => "bool",
            Self::Data(Data::Int(_)) => "int64",
            Self::Data(Data::Float(_)) => "float64",
            Self::Data(Data::String(_)) => "string",
            Self::Data(Data::List(_)) | Self::List(_) => "[]interface {}",
            Self::Data(Data::Map(_)) | Self::Map(_) => "map[string]interface {}",
        }
    }

    pub(crate) fn into_data(self) -> Data {
        match self {
            Self::Data(data) => data,
            Self::List(list) => list.into_iter().map(Self::into_data).collect(),
            Self::Map(map) => Data::Map(close(map)),
        }
    }
}

/// The members of a map, ready to be written to.
pub(crate) fn open(map: &DataMap) -> BTreeMap<Str, Node> {
    map.iter().map(|(key, value)| (key.clone(), Node::Data(value.clone()))).collect()
}

/// The members as a map of data.
pub(crate) fn close(map: BTreeMap<Str, Node>) -> DataMap {
    map.into_iter().map(|(key, node)| (key, node.into_data())).collect()
}
