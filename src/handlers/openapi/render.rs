//! What both dialects write alike.

use serde_json::{Value, json};

use super::dialect::{Dialect, group_version_kind};
use super::operation::{Answer, Encodings, Operation, Path};
use super::parameters::Parameter;
use crate::codec::json::{self, Members, write_sorted};

pub(super) const PATCH_TYPES: [&str; 4] = [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];
/// What custom objects are written in.
const CUSTOM_TYPES: [&str; 2] = ["application/json", "application/yaml"];

/// The media types of a patch. Nothing says how the lists of a custom object merge.
pub(super) fn patch_types(operation: &Operation) -> &'static [&'static str] {
    match operation.encodings {
        Encodings::All => &PATCH_TYPES,
        Encodings::Custom => &PATCH_TYPES[..3],
    }
}

/// The media types of a body.
pub(super) fn body_types(operation: &Operation) -> &'static [&'static str] {
    match operation.encodings {
        Encodings::All => &["*/*"],
        Encodings::Custom => &CUSTOM_TYPES,
    }
}

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
    if matches!(operation.answer, Answer::Text) {
        return vec!["*/*"];
    }
    if operation.encodings == Encodings::Custom {
        return CUSTOM_TYPES.to_vec();
    }
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

/// What is answered, as a schema.
pub(super) fn answer_schema(operation: &Operation, dialect: Dialect) -> Value {
    match &operation.answer {
        Answer::Object(definition) => dialect.reference(definition),
        Answer::Text => json!({ "type": "string" }),
    }
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
    if let Some(about) = &operation.about {
        value["x-kubernetes-action"] = operation.action.into();
        let kind = group_version_kind(&about.group, &about.version, &about.kind);
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
