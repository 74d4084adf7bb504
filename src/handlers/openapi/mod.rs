//! The OpenAPI documents, which kubectl validates with, merges by and explains from.
//!
//! Nothing is written down twice: the operations come from the table of resources ([`paths`] says which there are, as
//! data), the definitions from the tables of the kinds ([`schema`]), and [`v3`] and [`v2`] say the same in two dialects.
//! Newer clients fetch [`v3`], a document a group version, by way of an index of hashed addresses; older ones fetch the
//! whole as [`v2`].
//!
//! Below the top level all members are sorted by name, where the real server follows its structs: no client can tell,
//! because only the hash of a document is ever compared, and only with itself.

mod calls;
mod common;
mod custom;
mod dialect;
mod naming;
mod operation;
mod parameters;
mod parts;
mod paths;
mod render;
mod roots;
mod schema;
pub(crate) mod serve;
pub(crate) mod v2;
pub(crate) mod v3;

/// A definition without its descriptions. There has to be one, but its words are not ours to choose.
#[cfg(test)]
fn undescribed(definition: &serde_json::Value) -> serde_json::Value {
    let mut bare = definition.clone();
    let fields = bare.as_object_mut().expect("a definition");
    let description = fields.remove("description");
    assert!(description.is_some_and(|text| text.as_str().is_some_and(|text| !text.is_empty())));
    if let Some(properties) = fields.get_mut("properties").and_then(|p| p.as_object_mut()) {
        properties
            .values_mut()
            .for_each(|property| *property = undescribed(property));
    }
    bare
}
