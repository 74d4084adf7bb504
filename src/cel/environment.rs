//! What an expression may name.

use std::collections::BTreeMap;

use super::escape::reserved;
use super::types::{Fields, ObjectType, Type};

/// The names of the objects that mutating policies make.
const OBJECT: &str = "Object";
const JSON_PATCH: &str = "JSONPatch";

/// The variables that an expression may use, and their types.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, Type>,
    objects: BTreeMap<String, Type>,
    mutation: bool,
}

/// The type of `authorizer`.
pub(crate) fn authorizer_type() -> Type {
    Type::hidden("kubernetes.authorization.Authorizer")
}

/// The type of `authorizer.requestResource`.
pub(crate) fn resource_check_type() -> Type {
    Type::hidden("kubernetes.authorization.ResourceCheck")
}

impl Environment {
    /// The libraries alone.
    pub(crate) fn new() -> Self {
        Environment::default()
    }

    /// With this variable too; its name may have dots.
    pub(crate) fn variable(mut self, name: &str, ty: Type) -> Self {
        self.variables.insert(name.to_owned(), ty);
        self
    }

    /// With `Object{}` and `JSONPatch{}` too, as expressions of mutating policies have them.
    pub(crate) fn mutation(mut self) -> Self {
        let patch = Type::object(
            JSON_PATCH,
            [
                ("op".to_owned(), Type::String),
                ("path".to_owned(), Type::String),
                ("from".to_owned(), Type::String),
                ("value".to_owned(), Type::Dyn),
            ],
        );
        self.objects.insert(JSON_PATCH.to_owned(), patch);
        self.mutation = true;
        self
    }

    /// Whether `jsonpatch.escapeKey` and the objects of mutations are there.
    pub(super) fn has_mutation(&self) -> bool {
        self.mutation
    }

    /// The type of what an identifier names.
    pub(super) fn lookup(&self, name: &str) -> Option<Type> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(ty) = self.variables.get(name) {
            return Some(ty.clone());
        }
        self.type_named(name).map(Type::of)
    }

    /// The type that an identifier names.
    pub(super) fn type_named(&self, name: &str) -> Option<Type> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(object) = self.objects.get(name) {
            return Some(object.clone());
        }
        let inside = name
            .strip_prefix(OBJECT)
            .filter(|rest| rest.is_empty() || rest.starts_with('.'));
        if self.mutation && inside.is_some() {
            return Some(Type::open_object(name));
        }
        standard_type(name)
    }

    /// The type of a field, or nothing; `Err` where the type has no fields at all.
    pub(super) fn field(&self, object: &ObjectType, field: &str) -> Result<Option<Type>, ()> {
        match &object.fields {
            Fields::Declared(fields) => Ok(fields
                .get(field)
                .or_else(|| fields.get(&reserved(field)?))
                .cloned()),
            Fields::Any => Ok(Some(Type::Dyn)),
            Fields::Hidden => Err(()),
        }
    }
}

fn standard_type(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "string" => Type::String,
        "null_type" => Type::Null,
        "google.protobuf.Duration" => Type::Duration,
        "google.protobuf.Timestamp" => Type::Timestamp,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "type" => Type::Type(None),
        "optional_type" => Type::optional(Type::Dyn),
        "net.IP" | "net.CIDR" => Type::opaque(name),
        "kubernetes.URL"
        | "kubernetes.Quantity"
        | "kubernetes.Semver"
        | "kubernetes.NamedFormat"
        | "kubernetes.authorization.Authorizer"
        | "kubernetes.authorization.PathCheck"
        | "kubernetes.authorization.GroupCheck"
        | "kubernetes.authorization.ResourceCheck"
        | "kubernetes.authorization.Decision" => Type::hidden(name),
        _ => return None,
    })
}
