//! The types of CEL as its checker knows them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type of CEL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "CEL calls the type of a type so")]
pub(crate) enum Type {
    /// What a mistaken expression has.
    Error,
    /// Any value; known at run time only.
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List(Arc<Type>),
    Map(Arc<Type>, Arc<Type>),
    /// A type with named fields.
    Object(ObjectType),
    /// A type known by its name alone, with parameters.
    Opaque(Arc<str>, Arc<[Type]>),
    /// The type of a type.
    Type(Option<Arc<Type>>),
    /// A type variable.
    Param(u32),
}

/// The named fields of an object; two of one name are the same type.
#[derive(Clone, Debug)]
pub(crate) struct ObjectType {
    pub(crate) name: Arc<str>,
    pub(crate) fields: Fields,
}

/// Where the fields of an object type are declared.
#[derive(Clone, Debug)]
pub(crate) enum Fields {
    /// These, by their escaped names.
    Declared(Arc<BTreeMap<String, Type>>),
    /// Any name, of any type.
    Any,
    /// None are declared anywhere: a type of the Kubernetes libraries.
    Hidden,
}

impl PartialEq for ObjectType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ObjectType {}

/// The name of the type of optional values.
const OPTIONAL: &str = "optional_type";

impl Type {
    /// A list of it.
    pub(crate) fn list(item: Type) -> Type {
        Type::List(Arc::new(item))
    }

    /// A map from one to the other.
    pub(crate) fn map(key: Type, value: Type) -> Type {
        Type::Map(Arc::new(key), Arc::new(value))
    }

    /// A value that may be absent.
    pub(crate) fn optional(inner: Type) -> Type {
        Type::Opaque(OPTIONAL.into(), vec![inner].into())
    }

    /// An object with these fields, named as expressions name them.
    pub(crate) fn object(name: &str, fields: impl IntoIterator<Item = (String, Type)>) -> Type {
        Type::Object(ObjectType {
            name: name.into(),
            fields: Fields::Declared(Arc::new(fields.into_iter().collect())),
        })
    }

    /// An object any field of which may be asked for.
    pub(crate) fn open_object(name: &str) -> Type {
        Type::Object(ObjectType {
            name: name.into(),
            fields: Fields::Any,
        })
    }

    /// A type of the libraries, without fields.
    pub(crate) fn hidden(name: &str) -> Type {
        Type::Object(ObjectType {
            name: name.into(),
            fields: Fields::Hidden,
        })
    }

    /// An opaque type without parameters.
    pub(crate) fn opaque(name: &str) -> Type {
        Type::Opaque(name.into(), Arc::new([]))
    }

    /// The type of the type.
    pub(crate) fn of(inner: Type) -> Type {
        Type::Type(Some(Arc::new(inner)))
    }

    /// The type inside an optional.
    pub(crate) fn optional_inner(&self) -> Option<&Type> {
        match self {
            Type::Opaque(name, inner) if &**name == OPTIONAL => inner.first(),
            _ => None,
        }
    }

    pub(crate) fn is_dyn(&self) -> bool {
        matches!(self, Type::Dyn)
    }

    pub(crate) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Type::Dyn | Type::Error)
    }

    /// The parameters of the type.
    pub(crate) fn parameters(&self) -> Vec<&Type> {
        match self {
            Type::List(item) => vec![item],
            Type::Map(key, value) => vec![key, value],
            Type::Opaque(_, inner) => inner.iter().collect(),
            Type::Type(Some(inner)) => vec![inner],
            _ => Vec::new(),
        }
    }

    /// The name without parameters, as run-time errors show it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Type::Error => "error",
            Type::Dyn => "dyn",
            Type::Null => "null_type",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Uint => "uint",
            Type::Double => "double",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Timestamp => "google.protobuf.Timestamp",
            Type::Duration => "google.protobuf.Duration",
            Type::List(_) => "list",
            Type::Map(..) => "map",
            Type::Object(object) => &object.name,
            Type::Opaque(name, _) => name,
            Type::Type(_) => "type",
            Type::Param(_) => "dyn",
        }
    }
}

impl fmt::Display for Type {
    /// As the checker's errors show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Error => return f.write_str("!error!"),
            Type::Null => return f.write_str("null"),
            Type::Timestamp => return f.write_str("timestamp"),
            Type::Duration => return f.write_str("duration"),
            Type::Param(id) => return write!(f, "_var{id}"),
            _ => f.write_str(self.name())?,
        }
        let parameters = self.parameters();
        for (i, parameter) in parameters.iter().enumerate() {
            write!(f, "{}{parameter}", if i == 0 { "(" } else { ", " })?;
        }
        f.write_str(if parameters.is_empty() { "" } else { ")" })
    }
}
