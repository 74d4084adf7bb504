//! What both dialects write alike.

use serde_json::{Value, json};

use super::parameters::Parameter;
use super::paths::{Operation, Path};
use super::schema::{Dialect, group_version_kind};
use crate::codec::json::{self, Members, write_sorted};

pub(super) const PATCH_TYPES: [&str; 4] = [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

/// The paths, with what each of their methods does.
pub(super) fn render_paths(
    paths: &[Path],
    dialect: Dialect,
    render_operation: fn(&Operation) -> Value,
) -> Value {
    let render_path = |path: &Path| {
        let operations = path.operations.iter();
        let mut members =
            json::object(operations.map(|op| (op.method.to_owned(), render_operation(op))));
        if !path.parameters.is_empty() {
            let parameters = render_parameters(&path.parameters, dialect);
            members.insert("parameters".to_owned(), parameters);
        }
        (path.template.clone(), members.into())
    };
    json::object(paths.iter().map(render_path)).into()
}

/// The media types of an answer.
pub(super) fn answer_types(operation: &Operation) -> Vec<&'static str> {
    let mut types = vec![
        "application/json",
        "application/vnd.kubernetes.protobuf",
        "application/yaml",
    ];
    if operation.streams {
        types.extend([
            "application/json;stream=watch",
            "application/vnd.kubernetes.protobuf;stream=watch",
        ]);
    }
    types
}

/// The reason phrase of a code.
pub(super) fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        _ => "Unauthorized",
    }
}

pub(super) fn render_parameters(parameters: &[&'static Parameter], dialect: Dialect) -> Value {
    parameters
        .iter()
        .map(|parameter| parameter.render(dialect))
        .collect()
}

/// What kubectl finds the operations of a kind by.
pub(super) fn add_extensions(value: &mut Value, operation: &Operation) {
    if let Some(resource) = &operation.resource {
        value["x-kubernetes-action"] = operation.action.into();
        let kind = group_version_kind(&resource.group, &resource.version, &resource.kind);
        value["x-kubernetes-group-version-kind"] = kind;
    }
}

/// How a client shows who it is.
pub(super) fn security_schemes() -> Value {
    json!({
        "BearerToken": {
            "description": "Bearer Token authentication",
            "in": "header",
            "name": "authorization",
            "type": "apiKey",
        }
    })
}

/// A document whose top level keeps this order.
pub(super) fn write(members: &[(&str, Value)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Members::of(&mut out);
    for (name, value) in members {
        write_sorted(object.name(name), value);
    }
    object.end();
    out
}
