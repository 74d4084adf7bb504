//! Conflicts of an apply, worded as the real server words them.

use super::ApplyError;
use super::managed_fields::{Identity, Operation};
use super::path::{Element, display};
use super::set::Set;
use crate::codec::quote::quote;
use crate::status::Cause;

/// A field that someone else owns with another value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conflict {
    pub(crate) owner: Identity,
    pub(crate) path: Vec<Element>,
}

/// One conflict for each of an owner's fields.
pub(crate) fn conflicts_of(owner: &Identity, fields: &Set) -> Vec<Conflict> {
    fields
        .paths()
        .into_iter()
        .map(|path| Conflict {
            owner: owner.clone(),
            path,
        })
        .collect()
}

/// The error, for conflicts sorted by owner.
pub(crate) fn error(conflicts: &[Conflict]) -> ApplyError {
    let causes = conflicts.iter().map(|conflict| Cause {
        reason: "FieldManagerConflict".to_owned(),
        message: format!("conflict with {}", name(&conflict.owner)),
        field: display(&conflict.path),
    });
    ApplyError::Conflict {
        message: message(conflicts),
        causes: causes.collect(),
    }
}

fn message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        return format!(
            "Apply failed with 1 conflict: conflict with {}: {}",
            name(&only.owner),
            display(&only.path)
        );
    }
    let mut lines = Vec::new();
    for block in conflicts.chunk_by(|a, b| a.owner == b.owner) {
        lines.extend(
            block
                .first()
                .map(|conflict| format!("conflicts with {}:", name(&conflict.owner))),
        );
        lines.extend(
            block
                .iter()
                .map(|conflict| format!("- {}", display(&conflict.path))),
        );
    }
    format!(
        "Apply failed with {} conflicts: {}",
        conflicts.len(),
        lines.join("\n")
    )
}

fn name(id: &Identity) -> String {
    let mut name = quote(&id.manager);
    if !id.subresource.is_empty() {
        name.push_str(&format!(" with subresource {}", quote(&id.subresource)));
    }
    if id.operation == Operation::Update {
        name.push_str(&format!(" using {}", id.api_version));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(manager: &str, operation: Operation, subresource: &str) -> Identity {
        let api_version = if operation == Operation::Update {
            "v1".to_owned()
        } else {
            String::new()
        };
        Identity {
            manager: manager.to_owned(),
            operation,
            api_version,
            subresource: subresource.to_owned(),
        }
    }

    #[test]
    fn only_updaters_are_named_with_their_version() {
        assert_eq!(name(&id("a", Operation::Apply, "")), r#""a""#);
        assert_eq!(name(&id("a", Operation::Update, "")), r#""a" using v1"#);
        assert_eq!(
            name(&id("a", Operation::Update, "status")),
            r#""a" with subresource "status" using v1"#
        );
    }

    #[test]
    fn several_conflicts_are_listed_owner_by_owner() {
        let conflict = |manager, field| Conflict {
            owner: id(manager, Operation::Apply, ""),
            path: vec![Element::field(field)],
        };
        let all = [conflict("a", "x"), conflict("a", "y"), conflict("b", "z")];
        let expected = "Apply failed with 3 conflicts: conflicts with \"a\":\n- .x\n- .y\nconflicts with \"b\":\n- .z";
        assert_eq!(message(&all), expected);
        let one = "Apply failed with 1 conflict: conflict with \"a\": .x";
        assert_eq!(message(&all[..1]), one);
    }
}
