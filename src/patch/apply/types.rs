//! What a type says about the ownership of its values.

use super::path::Element;
use crate::kinds::{ListKind, Type};

/// The type one step down, if the schema knows it.
pub(crate) fn child_type<'a>(ty: &'a Type, element: &Element) -> Option<&'a Type> {
    match (ty, element) {
        (Type::Struct(s), Element::Field(name)) => s.field(name).map(|field| &field.ty),
        (Type::Map(inner) | Type::AtomicMap(inner), _) => Some(inner),
        (Type::List(list), _) => Some(&list.item),
        _ => None,
    }
}

/// Whether parts of a value of this type are owned one by one.
pub(crate) fn is_granular(ty: &Type) -> bool {
    match ty {
        Type::Map(_) => true,
        Type::Struct(s) => !s.atomic,
        Type::List(list) => list.kind != ListKind::Atomic,
        _ => false,
    }
}
