//! A configuration on top of an object that nobody comes to own: what mutating policies apply.

use serde_json::Value;

use super::{config, merge};
use crate::kinds::{List, ListKind, StructRef, Type};
use crate::patch::restore::restore;
use crate::schema::prune;

/// The object with the configuration on top, in canonical form. What is owned as one cannot be in it.
pub(crate) fn merge_unowned(
    live: &Value,
    config: &Value,
    schema: &StructRef,
) -> Result<Value, String> {
    config::validate(config, schema)
        .map_err(|why| format!("failed to convert patch object to typed object: {why}"))?;
    let mut atomics = Vec::new();
    find_atomics(
        config,
        &Type::Struct(schema.clone()),
        String::new(),
        &mut atomics,
    );
    if !atomics.is_empty() {
        let atomics = atomics.join(", ");
        return Err(format!(
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {atomics}"
        ));
    }
    let merged = merge::merge(live, config, schema);
    let mut object = restore(&merged, schema)
        .map_err(|why| format!("failed to convert typed object to object: {why}"))?
        .value;
    prune(&mut object, schema);
    Ok(object)
}

/// The paths of what is owned as one.
fn find_atomics(value: &Value, ty: &Type, path: String, found: &mut Vec<String>) {
    match (ty, value) {
        (Type::AtomicMap(_), Value::Object(_)) => found.push(path),
        (Type::Struct(structure), Value::Object(members)) => {
            if structure.atomic {
                found.push(path.clone());
            }
            for (name, value) in members {
                if let Some(field) = structure.field(name) {
                    find_atomics(value, &field.ty, format!("{path}.{name}"), found);
                }
            }
        }
        (Type::List(list), Value::Array(items)) => {
            let List { item, kind, .. } = &**list;
            if *kind == ListKind::Atomic {
                found.push(path.clone());
            }
            for (i, value) in items.iter().enumerate() {
                find_atomics(value, item, format!("{path}[{i}]"), found);
            }
        }
        _ => {}
    }
}
