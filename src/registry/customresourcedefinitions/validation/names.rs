//! The names of a kind.

use serde_json::Value;

use crate::names::is_dns1035_label;
use crate::registry::validation::read::{text_at, texts_at};
use crate::status::field::FieldError;

/// `ValidateCustomResourceDefinitionNames`: those that are there.
pub(super) fn validate(names: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["plural", "singular"] {
        let name = text_at(names, field);
        if !name.is_empty() {
            errors.extend(label(name, &format!("{path}.{field}")));
        }
    }
    for field in ["kind", "listKind"] {
        let name = text_at(names, field);
        let reasons = is_dns1035_label(&name.to_lowercase());
        if !name.is_empty() && !reasons.is_empty() {
            let reasons = reasons.join(",");
            let reason = format!("may have mixed case, but should otherwise match: {reasons}");
            errors.push(FieldError::invalid_str(
                format!("{path}.{field}"),
                name,
                reason,
            ));
        }
    }
    errors.extend(labels(names, "shortNames", path));
    let (kind, list_kind) = (text_at(names, "kind"), text_at(names, "listKind"));
    if !kind.is_empty() && kind == list_kind {
        let reason = "kind and listKind may not be the same";
        errors.push(FieldError::invalid_str(
            format!("{path}.listKind"),
            list_kind,
            reason,
        ));
    }
    errors.extend(labels(names, "categories", path));
    errors
}

fn labels(names: &Value, field: &str, path: &str) -> Vec<FieldError> {
    let labels = texts_at(names, field).into_iter().enumerate();
    let check = |(i, name)| label(name, &format!("{path}.{field}[{i}]"));
    labels.filter_map(check).collect()
}

/// Whether a text is a label of DNS that begins with a letter.
pub(super) fn label(text: &str, path: &str) -> Option<FieldError> {
    let reasons = is_dns1035_label(text);
    (!reasons.is_empty()).then(|| FieldError::invalid_str(path, text, reasons.join(",")))
}
