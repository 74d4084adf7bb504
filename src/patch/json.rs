//! JSON patch (RFC 6902), with the habits of evanphx/json-patch v4.
//!
//! Why an operation fails is never told, so here it is only that it fails.

use std::collections::BTreeMap;

use super::decode::Strict;
use super::document::{self, Document, Slot};
use super::{PatchError, Patched};
use crate::codec::json::{self, Node};
use crate::request::options::FieldValidation;

const MAX_OPERATIONS: usize = 10_000;

/// How much text all `copy` operations of a patch may copy.
const MAX_COPIED_BYTES: usize = 3 * 1024 * 1024;

/// How many elements of arrays all operations of a patch may shift. Each that takes one out or puts one in moves all that
/// stand behind it.
const MAX_SHIFTED_ELEMENTS: usize = 20_000_000;

type Operation = BTreeMap<String, Slot>;

/// Applies a JSON patch to the text of an object.
pub(super) fn apply(
    current: &str,
    patch: &[u8],
    validation: FieldValidation,
) -> Result<Patched, PatchError> {
    let strict = match validation {
        FieldValidation::Ignore => Vec::new(),
        _ => check(patch)
            .map_err(|e| PatchError::BadRequest(format!("error decoding patch: {e}")))?,
    };
    let operations = operations(patch).map_err(PatchError::BadRequest)?;
    if operations.len() > MAX_OPERATIONS {
        let got = operations.len();
        let message = format!(
            "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {got}"
        );
        return Err(PatchError::TooLarge(message));
    }
    let shown = run(current, operations)?;
    let next = json::parse(shown.as_bytes()).map_err(PatchError::Internal)?;
    Ok(Patched {
        next,
        shown,
        strict,
    })
}

/// What strict decoding finds in the operations, or the first error of decoding them.
fn check(patch: &[u8]) -> Result<Vec<String>, String> {
    let mut strict = Strict::default();
    match json::parse(patch)? {
        Node::Null => {}
        Node::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                strict.within(&format!("[{i}]"), |strict| check_operation(strict, item));
            }
        }
        other => strict.type_error(&other.go_kind(), "[]handlers.jsonPatchOp"),
    }
    let found = strict.finish()?;
    Ok(found
        .into_iter()
        .map(|problem| format!("json patch {problem}"))
        .collect())
}

fn check_operation(strict: &mut Strict, operation: &Node) {
    let members = match operation {
        Node::Null => return,
        Node::Object(members) => members,
        other => return strict.type_error(&other.go_kind(), "handlers.jsonPatchOp"),
    };
    let mut seen = Vec::new();
    for (key, value) in members {
        let Some(field) = ["op", "path", "from", "value"]
            .into_iter()
            .find(|field| field == key)
        else {
            strict.report("unknown", key);
            continue;
        };
        if seen.contains(&field) {
            strict.report("duplicate", field);
        }
        seen.push(field);
        strict.in_field(field, |strict| match (field, value) {
            ("value", value) => strict.value(value),
            (_, Node::Null | Node::String(_)) => {}
            (_, other) => strict.type_error(&other.go_kind(), "string"),
        });
    }
}

fn operations(patch: &[u8]) -> Result<Vec<Operation>, String> {
    json::check(patch)?;
    let text = String::from_utf8_lossy(patch);
    match Document::new(&text) {
        None => Ok(Vec::new()),
        Some(Document::Text(text)) if text.starts_with('[') => document::elements(&text)
            .into_iter()
            .map(operation)
            .collect(),
        Some(other) => Err(wrong_type(&other.to_text(), "jsonpatch.Patch")),
    }
}

fn operation(text: &str) -> Result<Operation, String> {
    match text.as_bytes().first() {
        Some(b'{') => Ok(document::members(text)),
        Some(b'n') => Ok(Operation::new()),
        _ => Err(wrong_type(text, "jsonpatch.Operation")),
    }
}

fn wrong_type(text: &str, go_type: &str) -> String {
    let kind = match text.as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "bool",
        _ => "number",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {go_type}")
}

fn run(current: &str, operations: Vec<Operation>) -> Result<String, PatchError> {
    let mut root = Document::new(current).ok_or(PatchError::Unprocessable)?;
    root.open();
    let mut spent = Spent::default();
    for mut operation in operations {
        perform(&mut root, &mut operation, &mut spent)?;
    }
    Ok(root.to_text())
}

/// What the operations of a patch did so far that is bounded.
#[derive(Default)]
struct Spent {
    copied_bytes: usize,
    shifted_elements: usize,
}

fn perform(
    root: &mut Document,
    operation: &mut Operation,
    spent: &mut Spent,
) -> Result<(), PatchError> {
    let kind = text_member(operation, "op").unwrap_or_default();
    let path = text_member(operation, "path").ok_or(PatchError::Unprocessable)?;
    let from = text_member(operation, "from");
    let value = operation.remove("value");
    if path.is_empty() && value.is_none() && matches!(kind.as_str(), "replace" | "test") {
        return Err(PatchError::Panic);
    }
    let done = match (kind.as_str(), from) {
        ("add", _) => add(root, &path, value.flatten(), spent),
        ("remove", _) => remove(root, &path, spent).map(drop),
        ("replace", _) => replace(root, &path, value.flatten()),
        ("test", _) => test(root, &path, value.flatten()),
        ("move", Some(from)) => {
            let moved = remove(root, &from, spent);
            moved.and_then(|moved| add(root, &path, moved, spent))
        }
        ("copy", Some(from)) => copy(root, &from, &path, spent),
        _ => None,
    };
    if spent.shifted_elements > MAX_SHIFTED_ELEMENTS {
        let message = format!(
            "The allowed maximum of array elements that the operations of a JSON patch shift is {MAX_SHIFTED_ELEMENTS}"
        );
        return Err(PatchError::TooLarge(message));
    }
    done.ok_or(PatchError::Unprocessable)
}

fn text_member(operation: &Operation, key: &str) -> Option<String> {
    match operation.get(key)? {
        Some(Document::Text(text)) if text.starts_with('"') => Some(document::string(text)),
        _ => None,
    }
}

fn add(root: &mut Document, path: &str, value: Slot, spent: &mut Spent) -> Option<()> {
    let (container, key) = root.find(path)?;
    match container {
        Document::Text(_) => return None,
        Document::Object(members) => drop(members.insert(key, value)),
        Document::Array(items) if key == "-" => items.push(value),
        Document::Array(items) => {
            let at = document::index(&key, items.len() + 1)?;
            spent.shifted_elements += items.len() - at;
            items.insert(at, value);
        }
    }
    Some(())
}

fn remove(root: &mut Document, path: &str, spent: &mut Spent) -> Option<Slot> {
    let (container, key) = root.find(path)?;
    match container {
        Document::Text(_) => None,
        Document::Object(members) => members.remove(&key),
        Document::Array(items) => {
            let at = document::index(&key, items.len())?;
            spent.shifted_elements += items.len() - at;
            Some(items.remove(at))
        }
    }
}

/// Sets a member whether or not it was there; of an array only an element that was.
fn replace(root: &mut Document, path: &str, value: Slot) -> Option<()> {
    if path.is_empty() {
        let mut value = value?;
        value.open();
        *root = value;
        return matches!(root, Document::Object(_) | Document::Array(_)).then_some(());
    }
    let (container, key) = root.find(path)?;
    if let Document::Object(members) = container {
        members.insert(key, value);
    } else {
        *container.slot(&key)?? = value;
    }
    Some(())
}

/// Compares; a member that is missing counts as `null`.
fn test(root: &mut Document, path: &str, mut value: Slot) -> Option<()> {
    if path.is_empty() {
        let mut whole = Some(std::mem::replace(root, Document::Array(Vec::new())));
        let same = Document::equal(&mut whole, &mut value);
        *root = whole?;
        return same.then_some(());
    }
    let (container, key) = root.find(path)?;
    match container.slot(&key)? {
        Some(slot) => Document::equal(slot, &mut value),
        None => value.is_none(),
    }
    .then_some(())
}

/// Copies as text; of a member that is missing, `null`.
fn copy(root: &mut Document, from: &str, path: &str, spent: &mut Spent) -> Option<()> {
    // Looking for the destination reaches into the document, which shows in the order of what is copied.
    root.find(from)?;
    root.find(path)?;
    let (container, key) = root.find(from)?;
    let text = container
        .slot(&key)?
        .and_then(|slot| slot.as_ref())
        .map(Document::to_text);
    spent.copied_bytes += text.as_ref().map_or(0, String::len);
    if spent.copied_bytes > MAX_COPIED_BYTES {
        return None;
    }
    add(root, path, text.map(Document::Text), spent)
}

#[cfg(test)]
mod tests;
