//! JSON patches that admission applies: what they leave is decoded and defaulted like anything that is sent.

use serde_json::Value;

use super::view::View;
use crate::codec::json::{self, Node};
use crate::codec::quote::quote;
use crate::patch::{self, PatchError, PatchType};
use crate::request::options::FieldValidation;
use crate::schema::{self, Decoded};

/// How it begins that a test of a patch fails.
pub(super) const TEST_FAILED: &str = "testing value ";

/// Applies a patch to an object as it is shown; whether it changed anything. The error is that of Go's library or decoder.
pub(super) fn apply(view: &View<'_>, patch: &[u8], object: &mut Value) -> Result<bool, String> {
    let shown = view.show(object);
    let mut next = decode(view, run(view, patch, &shown)?)?.value;
    let is_changed = next != shown;
    view.complete(&mut next);
    view.put_back(next, object);
    Ok(is_changed)
}

/// What a patch makes of what is shown.
pub(super) fn run(view: &View<'_>, patch: &[u8], shown: &Value) -> Result<Node, String> {
    let validation = FieldValidation::Ignore;
    let patched = patch::apply(PatchType::Json, shown, patch, view.schema(), validation);
    let patched = patched.map_err(|error| match error {
        PatchError::Unprocessable => explain(view, patch, shown),
        other => other.to_string(),
    })?;
    Ok(patched.next)
}

/// What was patched, as the kind has it.
pub(super) fn decode(view: &View<'_>, patched: Node) -> Result<Decoded, String> {
    schema::read(patched, &view.kind)
}

/// Which operation fails, and why: each is tried after those before it.
fn explain(view: &View<'_>, patch: &[u8], shown: &Value) -> String {
    let Ok(Node::Array(operations)) = json::parse(patch) else {
        return PatchError::Unprocessable.to_string();
    };
    let fails = |count: usize| {
        let begin = Node::Array(operations[..count].to_vec()).to_json();
        let (json, validation) = (PatchType::Json, FieldValidation::Ignore);
        patch::apply(json, shown, &begin, view.schema(), validation).is_err()
    };
    // Once an operation has failed, so does every longer patch.
    let (mut fine, mut bad) = (0, operations.len());
    while bad - fine > 1 {
        let middle = fine + (bad - fine) / 2;
        if fails(middle) {
            bad = middle;
        } else {
            fine = middle;
        }
    }
    operations.get(fine).map_or_else(String::new, why)
}

/// What Go's library says of an operation that does not apply.
fn why(operation: &Node) -> String {
    let text = |field: &str| match operation.get(field) {
        Some(Node::String(text)) => text.clone(),
        _ => String::new(),
    };
    let (op, path, from) = (text("op"), text("path"), text("from"));
    let key = path.rsplit('/').next().unwrap_or_default();
    match op.as_str() {
        "add" => format!(
            "add operation does not apply: doc is missing path: {}: missing value",
            quote(&path)
        ),
        "remove" => format!(
            "error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value"
        ),
        "replace" => {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        }
        "move" | "copy" => {
            format!(
                "{op} operation does not apply: doc is missing from path: {from}: missing value"
            )
        }
        "test" => format!("{TEST_FAILED}{path} failed: test failed"),
        op => format!("Unexpected kind: {op}"),
    }
}
