//! The schema of a custom kind as server-side apply reads it: upstream's `schemaconv`.

use serde_json::Value;

use crate::kinds::meta::OBJECT_META;
use crate::kinds::types::{
    Field, List, ListKind, PatchStrategy, Presence, Struct, StructRef, Type,
};

/// The structure of the objects of a version.
pub(super) fn of(schema: &Value, kind: &str, group: &str, version: &str) -> Struct {
    // Everything below what keeps unknown fields keeps them as well.
    let mut root = object(schema, keeps_unknown(schema, false));
    add_usual(&mut root.fields);
    root.name = kind.to_owned();
    root.package = format!(
        "{}.{version}",
        group.split('.').rev().collect::<Vec<_>>().join(".")
    );
    root.doc = schema["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    root.atomic = false;
    root
}

/// What every object has, whatever the schema says of it.
fn add_usual(fields: &mut Vec<Field>) {
    let usual = [
        ("apiVersion", Type::String),
        ("kind", Type::String),
        ("metadata", Type::Struct(OBJECT_META.clone())),
    ];
    fields.retain(|field| usual.iter().all(|(name, _)| *name != &*field.name));
    fields.extend(usual.map(|(name, ty)| field(name, ty, None)));
}

fn is_embedded(schema: &Value) -> bool {
    schema["x-kubernetes-embedded-resource"] == true
}

fn keeps_unknown(schema: &Value, inherited: bool) -> bool {
    inherited || schema["x-kubernetes-preserve-unknown-fields"] == true
}

fn of_type(schema: &Value, keeps: bool) -> Type {
    let keeps = keeps_unknown(schema, keeps);
    match schema["type"].as_str().unwrap_or_default() {
        "object" => of_object(schema, keeps),
        "array" => Type::List(Box::new(List {
            item: of_type(&schema["items"], keeps),
            kind: list_kind(schema),
            patch: PatchStrategy::Replace,
        })),
        "integer" => Type::Int64,
        "number" => Type::Float64,
        "boolean" => Type::Bool,
        "string" => match schema["format"].as_str().unwrap_or_default() {
            "" | "byte" => Type::String,
            // Upstream takes any scalar here.
            _ => Type::IntOrString,
        },
        _ => Type::Untyped,
    }
}

fn of_object(schema: &Value, keeps: bool) -> Type {
    let has_fields = schema["properties"]
        .as_object()
        .is_some_and(|p| !p.is_empty());
    if has_fields || is_embedded(schema) {
        return Type::Struct(StructRef::from(object(schema, keeps)));
    }
    let value = Box::new(rest(schema, keeps).unwrap_or(Type::Untyped));
    match is_atomic(schema) {
        true => Type::AtomicMap(value),
        false => Type::Map(value),
    }
}

fn object(schema: &Value, keeps: bool) -> Struct {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields = properties.map(|(name, schema)| {
        let default = schema.get("default").cloned();
        field(name, of_type(schema, keeps), default)
    });
    let mut fields: Vec<Field> = fields.collect();
    if is_embedded(schema) {
        add_usual(&mut fields);
    }
    Struct {
        fields,
        atomic: is_atomic(schema),
        unstructured: true,
        rest: rest(schema, keeps),
        ..Struct::default()
    }
}

/// What the members of an object are that are not named.
fn rest(schema: &Value, keeps: bool) -> Option<Type> {
    let has_fields = schema["properties"]
        .as_object()
        .is_some_and(|p| !p.is_empty());
    match &schema["additionalProperties"] {
        Value::Null => (keeps || !has_fields).then_some(Type::Untyped),
        Value::Bool(true) => Some(Type::Untyped),
        Value::Bool(false) => None,
        value => Some(of_type(value, keeps)),
    }
}

fn is_atomic(schema: &Value) -> bool {
    schema["x-kubernetes-map-type"] == "atomic"
}

fn list_kind(schema: &Value) -> ListKind {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => ListKind::Set,
        Some("map") => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array();
            let keys = keys.into_iter().flatten().filter_map(Value::as_str);
            ListKind::Map(keys.map(str::to_owned).collect())
        }
        _ => ListKind::Atomic,
    }
}

fn field(name: &str, ty: Type, default: Option<Value>) -> Field {
    Field {
        name: name.into(),
        ty,
        presence: Presence::Pointer,
        required: false,
        numbers: Box::default(),
        default: default.map(Box::new),
        rules: None,
        fill: None,
        retain_keys: false,
        was: None,
        doc: Box::default(),
    }
}
