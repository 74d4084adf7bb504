//! Where in the schema a merge is: which fields merge how, and Go's complaints where there is no such field.

use crate::kinds::{Field, PatchStrategy, Presence, Struct, Type};
use crate::patch::PatchError;

/// The type of the value being merged.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Struct(&'a Struct),
    Other(&'a Type),
}

impl<'a> Place<'a> {
    fn of(ty: &'a Type) -> Self {
        match ty {
            Type::Struct(s) => Place::Struct(s),
            other => Place::Other(other),
        }
    }

    /// The type of a member that is a map.
    pub(super) fn member(self, key: &str) -> Result<Self, PatchError> {
        Ok(Place::of(&self.field(key)?.ty))
    }

    /// The type of the elements of a member that is a list, and how it merges.
    pub(super) fn list(self, key: &str) -> Result<(Self, &'a PatchStrategy), PatchError> {
        let field = self.field(key)?;
        match &field.ty {
            Type::List(list) => Ok((Place::of(&list.item), &list.patch)),
            ty if field.presence == Presence::Pointer => {
                Ok((Place::of(ty), &PatchStrategy::Replace))
            }
            _ => Err(PatchError::Internal(
                "expected slice or array type, but got: struct []".to_owned(),
            )),
        }
    }

    /// The field of this name, or else one that differs in case only.
    fn field(self, key: &str) -> Result<&'a Field, PatchError> {
        let Place::Struct(s) = self else {
            let kind = self.kind();
            let message = format!(
                "merging an object in json but data type is not struct, instead is: {kind}"
            );
            return Err(PatchError::Internal(message));
        };
        s.field(key)
            .or_else(|| s.fields.iter().find(|f| f.name.eq_ignore_ascii_case(key)))
            .ok_or_else(|| {
                let key = crate::codec::quote::quote(key);
                let name = &s.name;
                PatchError::Internal(format!(
                    "unable to find api field in struct {name} for the json field {key}"
                ))
            })
    }

    /// Go's kind of the type.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Place::Struct(_)
            | Place::Other(
                Type::Struct(_)
                | Type::Time
                | Type::MicroTime
                | Type::IntOrString
                | Type::Quantity
                | Type::Raw(_)
                | Type::Untyped
                | Type::SchemaOr(..)
                | Type::FieldsV1,
            ) => "struct",
            Place::Other(Type::String | Type::Named(_)) => "string",
            Place::Other(Type::Bool) => "bool",
            Place::Other(Type::Int32) => "int32",
            Place::Other(Type::Int64) => "int64",
            Place::Other(Type::Float64) => "float64",
            Place::Other(Type::Map(_) | Type::AtomicMap(_)) => "map",
            Place::Other(Type::List(_) | Type::Bytes) => "slice",
        }
    }
}
