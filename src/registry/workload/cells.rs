//! The cells of a Table that show the pods an object runs.

use serde_json::Value;

use super::selection::Selection;

/// The cell of one of the columns every workload has, of its template or of its selector.
pub(crate) fn wide(column: &str, template: &Value, selector: &Value) -> Value {
    match column {
        "Containers" => containers(template, "name").into(),
        "Images" => containers(template, "image").into(),
        _ => selector_text(selector).into(),
    }
}

/// `FormatLabelSelector`.
pub(crate) fn selector_text(selector: &Value) -> String {
    match Selection::of(selector) {
        None => "<error>".to_owned(),
        Some(selection) => or_none(selection.to_string()),
    }
}

/// `FormatLabels`.
pub(crate) fn labels_text(labels: &Value) -> String {
    or_none(Selection::of_labels(labels).to_string())
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        "<none>".to_owned()
    } else {
        text
    }
}

/// `layoutContainerCells`: one field of each container.
fn containers(template: &Value, field: &str) -> String {
    let containers = template["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten();
    let texts: Vec<&str> = containers
        .map(|container| container[field].as_str().unwrap_or_default())
        .collect();
    texts.join(",")
}

/// A number of the object, 0 where there is none.
pub(crate) fn count(part: &Value, field: &str) -> i64 {
    part[field].as_i64().unwrap_or_default()
}

/// The cells of what keeps a number of pods running.
pub(crate) fn replicas(column: &str, object: &Value) -> Option<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let number = match column {
        "Desired" => count(spec, "replicas"),
        "Current" => count(status, "replicas"),
        "Ready" => count(status, "readyReplicas"),
        _ => return None,
    };
    Some(number.into())
}

/// The field label for how many pods there are.
pub(crate) fn replicas_field(object: &Value, path: &[&str]) -> Option<String> {
    (path == ["status", "replicas"]).then(|| count(&object["status"], "replicas").to_string())
}
