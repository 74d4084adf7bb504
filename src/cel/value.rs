//! The values of CEL.

pub(crate) mod authorization;
pub(crate) mod cidr;
pub(crate) mod convert;
pub(crate) mod duration;
pub(crate) mod format;
pub(crate) mod numbers;
pub(crate) mod opaque;
pub(crate) mod semver;
pub(crate) mod time;
pub(crate) mod url;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::types::Type;
use opaque::Opaque;

/// A value of CEL.
#[derive(Clone, Debug)]
pub(crate) enum CelValue {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    Timestamp(Timestamp),
    /// In nanoseconds.
    Duration(i64),
    List(Arc<List>),
    Map(Arc<Map>),
    /// An object made by a literal.
    Object(Arc<Object>),
    Optional(Option<Arc<CelValue>>),
    Type(Type),
    Opaque(Opaque),
    /// The variables of a policy, each evaluated when first asked for.
    Variables,
    /// Data that is not what its schema says: an error where it is used.
    Invalid(Arc<str>),
}

/// A list.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<CelValue>,
    pub(crate) kind: ListKind,
}

/// How lists are compared and added.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ListKind {
    /// As CEL does.
    #[default]
    Plain,
    /// Data with a schema.
    Typed,
    /// `x-kubernetes-list-type: set`.
    Set,
    /// `x-kubernetes-list-type: map` with these keys.
    Map(Arc<[String]>),
}

/// A map, or data of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map {
    pub(crate) entries: BTreeMap<MapKey, CelValue>,
    /// Fields that the schema does not tell of; only compared.
    pub(crate) unknown: Option<BTreeMap<String, Value>>,
    /// Whether it is data with a schema.
    pub(crate) typed: bool,
    /// How many members cannot be named, but count.
    pub(crate) hidden: usize,
}

/// An object made by a literal.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) name: Arc<str>,
    pub(crate) fields: BTreeMap<String, CelValue>,
}

/// A key of a map; integers of either sign are one.
#[derive(Clone, Debug)]
pub(crate) enum MapKey {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Arc<str>),
}

impl MapKey {
    /// The value as a key, if it can be one. A whole number may look up an integer.
    pub(crate) fn of(value: &CelValue) -> Option<MapKey> {
        match value {
            CelValue::Bool(b) => Some(MapKey::Bool(*b)),
            CelValue::Int(i) => Some(MapKey::Int(*i)),
            CelValue::Uint(u) => Some(MapKey::Uint(*u)),
            CelValue::String(s) => Some(MapKey::String(s.clone())),
            _ => None,
        }
    }

    pub(crate) fn text(text: &str) -> MapKey {
        MapKey::String(text.into())
    }

    pub(crate) fn to_value(&self) -> CelValue {
        match self {
            MapKey::Bool(b) => CelValue::Bool(*b),
            MapKey::Int(i) => CelValue::Int(*i),
            MapKey::Uint(u) => CelValue::Uint(*u),
            MapKey::String(s) => CelValue::String(s.clone()),
        }
    }

    fn rank(&self) -> (u8, i128, &str) {
        match self {
            MapKey::Bool(b) => (0, i128::from(*b), ""),
            MapKey::Int(i) => (1, i128::from(*i), ""),
            MapKey::Uint(u) => (1, i128::from(*u), ""),
            MapKey::String(s) => (2, 0, s),
        }
    }
}

impl PartialEq for MapKey {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for MapKey {}

impl PartialOrd for MapKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MapKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl CelValue {
    pub(crate) fn string(text: impl Into<Arc<str>>) -> CelValue {
        CelValue::String(text.into())
    }

    pub(crate) fn list(items: Vec<CelValue>) -> CelValue {
        CelValue::List(Arc::new(List {
            items,
            kind: ListKind::Plain,
        }))
    }

    pub(crate) fn map(entries: impl IntoIterator<Item = (MapKey, CelValue)>) -> CelValue {
        CelValue::Map(Arc::new(Map {
            entries: entries.into_iter().collect(),
            ..Map::default()
        }))
    }

    pub(crate) fn some(value: CelValue) -> CelValue {
        CelValue::Optional(Some(Arc::new(value)))
    }

    pub(crate) fn none() -> CelValue {
        CelValue::Optional(None)
    }

    /// The type of the value, without parameters.
    pub(crate) fn type_of(&self) -> Type {
        match self {
            CelValue::Null => Type::Null,
            CelValue::Bool(_) => Type::Bool,
            CelValue::Int(_) => Type::Int,
            CelValue::Uint(_) => Type::Uint,
            CelValue::Double(_) => Type::Double,
            CelValue::String(_) => Type::String,
            CelValue::Bytes(_) => Type::Bytes,
            CelValue::Timestamp(_) => Type::Timestamp,
            CelValue::Duration(_) => Type::Duration,
            CelValue::List(_) => Type::list(Type::Dyn),
            CelValue::Map(_) => Type::map(Type::Dyn, Type::Dyn),
            CelValue::Object(object) => Type::open_object(&object.name),
            CelValue::Optional(_) => Type::optional(Type::Dyn),
            CelValue::Type(_) => Type::Type(None),
            CelValue::Opaque(opaque) => opaque.type_of(),
            CelValue::Variables => Type::map(Type::String, Type::Dyn),
            CelValue::Invalid(_) => Type::Error,
        }
    }

    /// What `size()` tells, if the value has a size.
    pub(crate) fn size(&self) -> Option<u64> {
        let size = match self {
            CelValue::String(s) => s.chars().count(),
            CelValue::Bytes(b) => b.len(),
            CelValue::List(list) => list.items.len(),
            CelValue::Map(map) => map.entries.len() + map.hidden,
            _ => return None,
        };
        u64::try_from(size).ok()
    }

    /// The size that costs are reckoned by.
    pub(crate) fn cost_size(&self) -> u64 {
        match self {
            CelValue::Optional(Some(inner)) => inner.cost_size(),
            CelValue::Opaque(opaque) => opaque.cost_size(),
            other => other.size().unwrap_or(1),
        }
    }
}

/// A JSON value as CEL sees it where no schema tells more.
impl From<&Value> for CelValue {
    fn from(value: &Value) -> CelValue {
        match value {
            Value::Null => CelValue::Null,
            Value::Bool(b) => CelValue::Bool(*b),
            Value::Number(n) => match n.as_i64() {
                Some(i) => CelValue::Int(i),
                None => CelValue::Double(n.as_f64().unwrap_or(f64::INFINITY)),
            },
            Value::String(s) => CelValue::string(s.as_str()),
            Value::Array(items) => CelValue::list(items.iter().map(CelValue::from).collect()),
            Value::Object(members) => CelValue::map(
                members
                    .iter()
                    .map(|(name, value)| (MapKey::text(name), CelValue::from(value))),
            ),
        }
    }
}
