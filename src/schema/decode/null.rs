//! What `null` does to a field.

use crate::kinds::{Field, Presence, Type};

/// Whether `null` resets a field, rather than leaving it as it is.
pub(super) fn is_reset_by_null(field: &Field) -> bool {
    let is_pointer = matches!(field.presence, Presence::Pointer | Presence::Nullable);
    is_pointer || is_nilable(&field.ty)
}

fn is_nilable(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Map(_)
            | Type::AtomicMap(_)
            | Type::List(_)
            | Type::FieldsV1
            | Type::Raw(_)
            | Type::Untyped
            | Type::Quantity
            | Type::Time
            | Type::MicroTime
            | Type::IntOrString
    )
}
