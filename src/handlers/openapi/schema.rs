//! The definitions of the documents, from the tables of the kinds.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common;
use crate::codec::json;
use crate::kinds::KindRef;
use crate::kinds::meta;
use crate::kinds::{Field, List, ListKind, PatchStrategy, Presence, Struct, Type};

/// The two ways to say the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dialect {
    V2,
    V3,
}

impl Dialect {
    /// A pointer to a definition.
    pub(super) fn reference(self, definition: &str) -> Value {
        match self {
            Dialect::V2 => json!({ "$ref": format!("#/definitions/{definition}") }),
            Dialect::V3 => json!({ "$ref": format!("#/components/schemas/{definition}") }),
        }
    }
}

/// An entry of `x-kubernetes-group-version-kind`.
pub(super) fn group_version_kind(group: &str, version: &str, kind: &str) -> Value {
    json!({ "group": group, "version": version, "kind": kind })
}

/// `io.k8s.api.core.v1.Endpoints`.
pub(super) fn name_of(ty: &Struct) -> String {
    format!("{}.{}", ty.package, ty.name)
}

/// `io.k8s.api.core.v1.EndpointsList`.
pub(super) fn list_name(resource: &KindRef) -> String {
    format!("{}.{}", resource.schema.package, resource.list_kind)
}

/// `io.k8s.apimachinery.pkg.apis.meta.v1.Status`.
pub(super) fn meta_name(name: &str) -> String {
    format!("{}.{name}", meta::STATUS.package)
}

/// Every definition that the paths of these resources mention, and those that the definitions mention.
pub(super) fn definitions(resources: &[KindRef], dialect: Dialect) -> Map<String, Value> {
    let mut definitions = Definitions {
        dialect,
        kinds: kinds(resources),
        out: Map::new(),
    };
    for resource in resources {
        definitions.add(&resource.schema);
        definitions.add_list(resource);
    }
    for ty in [
        &meta::STATUS,
        &meta::WATCH_EVENT,
        &meta::API_RESOURCE_LIST,
        &meta::DELETE_OPTIONS,
    ] {
        definitions.add(ty);
    }
    for (name, doc, ty, format) in common::OPAQUE {
        definitions.add_opaque((&meta_name(name), doc, ty, format));
    }
    definitions.out
}

/// Which definition is of which kinds: the options and the event are of every served version.
fn kinds(resources: &[KindRef]) -> BTreeMap<String, Vec<Value>> {
    let mut kinds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for resource in resources {
        let of_kind = |kind| group_version_kind(&resource.group, &resource.version, kind);
        kinds
            .entry(name_of(&resource.schema))
            .or_default()
            .push(of_kind(&resource.kind));
        kinds
            .entry(list_name(resource))
            .or_default()
            .push(of_kind(&resource.list_kind));
        for name in ["DeleteOptions", "WatchEvent"] {
            let versions = kinds
                .entry(meta_name(name))
                .or_insert_with(|| vec![group_version_kind("", "v1", name)]);
            if !versions.contains(&of_kind(name)) {
                versions.push(of_kind(name));
            }
        }
    }
    for name in ["Status", "APIResourceList"] {
        kinds.insert(meta_name(name), vec![group_version_kind("", "v1", name)]);
    }
    kinds
}

/// The definitions as they are found.
struct Definitions {
    dialect: Dialect,
    kinds: BTreeMap<String, Vec<Value>>,
    out: Map<String, Value>,
}

impl Definitions {
    /// Adds a type and all it is made of.
    fn add(&mut self, ty: &Struct) {
        let name = name_of(ty);
        if self.out.contains_key(&name) {
            return;
        }
        // Holds the place, so that a type that contains itself ends.
        self.out.insert(name.clone(), Value::Null);
        for field in &ty.fields {
            self.add_type(&field.ty);
        }
        let definition = self.definition(&name, ty);
        self.out.insert(name, definition);
    }

    fn add_type(&mut self, ty: &Type) {
        match ty {
            Type::Struct(inner) => self.add(inner),
            Type::List(list) => self.add_type(&list.item),
            Type::Map(value) | Type::AtomicMap(value) => self.add_type(value),
            Type::MicroTime => self.add_opaque(common::MICRO_TIME),
            Type::IntOrString => self.add_opaque(common::INT_OR_STRING),
            Type::String
            | Type::Named(_)
            | Type::Bool
            | Type::Int32
            | Type::Int64
            | Type::Bytes
            | Type::Time
            | Type::FieldsV1 => {}
        }
    }

    fn add_opaque(&mut self, (name, doc, ty, format): (&str, &str, &str, &str)) {
        let mut value = json!({ "description": doc, "type": ty });
        if !format.is_empty() {
            value["format"] = format.into();
        }
        self.out.insert(name.to_owned(), value);
    }

    fn add_list(&mut self, resource: &KindRef) {
        self.add(&meta::LIST_META);
        let name = list_name(resource);
        let mut properties = Map::new();
        for field in &meta::STATUS.fields[..3] {
            properties.insert(field.name.to_string(), self.property(field));
        }
        let items = self.refer(&name_of(&resource.schema), true);
        properties.insert(
            "items".to_owned(),
            json!({ "description": "The objects.", "type": "array", "items": items }),
        );
        let mut list = json!({
            "description": format!("A list of objects of kind {}.", resource.kind),
            "type": "object",
            "properties": properties,
            "required": ["items"],
        });
        self.tag(&name, &mut list);
        self.out.insert(name, list);
    }

    fn definition(&self, name: &str, ty: &Struct) -> Value {
        let mut definition = json!({ "description": ty.doc, "type": "object" });
        let properties = ty.fields.iter();
        let properties = json::object(properties.map(|f| (f.name.to_string(), self.property(f))));
        if !properties.is_empty() {
            definition["properties"] = properties.into();
        }
        let required: Vec<_> = ty
            .fields
            .iter()
            .filter(|f| f.required)
            .map(|f| &*f.name)
            .collect();
        if !required.is_empty() {
            definition["required"] = required.into();
        }
        if ty.atomic {
            definition["x-kubernetes-map-type"] = "atomic".into();
        }
        self.tag(name, &mut definition);
        definition
    }

    /// Says of which kinds a definition is.
    fn tag(&self, name: &str, definition: &mut Value) {
        if let Some(kinds) = self.kinds.get(name) {
            definition["x-kubernetes-group-version-kind"] = kinds.clone().into();
        }
    }

    fn property(&self, field: &Field) -> Value {
        // Go's zero value is a default where it is written anyway; of a struct always, unless it is a pointer.
        let has_default = match field.ty {
            Type::Struct(_) => {
                matches!(field.presence, Presence::Always | Presence::OmitEmpty)
            }
            _ => field.presence == Presence::Always,
        };
        let mut property = self.schema(&field.ty, has_default);
        self.set_default(&mut property, field.default.is_some(), json!(field.default));
        property["description"] = (*field.doc).into();
        property
    }

    fn schema(&self, ty: &Type, has_default: bool) -> Value {
        match ty {
            Type::String => self.plain("string", "", has_default, json!("")),
            Type::Named(named) => {
                let mut schema = self.plain("string", "", has_default, json!(""));
                if !named.values.is_empty() {
                    schema["enum"] = json!(named.values);
                }
                schema
            }
            Type::Bool => self.plain("boolean", "", has_default, json!(false)),
            Type::Int32 => self.plain("integer", "int32", has_default, json!(0)),
            Type::Int64 => self.plain("integer", "int64", has_default, json!(0)),
            Type::Bytes => self.plain("string", "byte", has_default, json!("")),
            // Types that write themselves have no default.
            Type::Time => self.refer(&meta_name("Time"), false),
            Type::MicroTime => self.refer(common::MICRO_TIME.0, false),
            Type::IntOrString => self.refer(common::INT_OR_STRING.0, false),
            Type::FieldsV1 => self.refer(&meta_name("FieldsV1"), false),
            Type::Map(value) => self.map(value),
            Type::AtomicMap(value) => {
                let mut schema = self.map(value);
                schema["x-kubernetes-map-type"] = "atomic".into();
                schema
            }
            Type::List(list) => self.list(list),
            Type::Struct(inner) => self.refer(&name_of(inner), has_default),
        }
    }

    fn plain(&self, ty: &str, format: &str, has_default: bool, zero: Value) -> Value {
        let mut schema = json!({ "type": ty });
        if !format.is_empty() {
            schema["format"] = format.into();
        }
        self.set_default(&mut schema, has_default, zero);
        schema
    }

    /// A reference with room for a description and a default, which version 3 allows beside `allOf` only.
    fn refer(&self, name: &str, has_default: bool) -> Value {
        let reference = self.dialect.reference(name);
        let mut schema = match self.dialect {
            Dialect::V2 => reference,
            Dialect::V3 => json!({ "allOf": [reference] }),
        };
        self.set_default(&mut schema, has_default, json!({}));
        schema
    }

    /// Version 2 documents go without defaults.
    fn set_default(&self, schema: &mut Value, has_default: bool, zero: Value) {
        if has_default && self.dialect == Dialect::V3 {
            schema["default"] = zero;
        }
    }

    fn map(&self, value: &Type) -> Value {
        json!({ "type": "object", "additionalProperties": self.schema(value, true) })
    }

    fn list(&self, list: &List) -> Value {
        let mut schema = json!({ "type": "array", "items": self.schema(&list.item, true) });
        let list_type = match &list.kind {
            ListKind::Atomic => "atomic",
            ListKind::Set => "set",
            ListKind::Map(keys) => {
                schema["x-kubernetes-list-map-keys"] = json!(keys);
                "map"
            }
        };
        schema["x-kubernetes-list-type"] = list_type.into();
        if list.patch != PatchStrategy::Replace {
            schema["x-kubernetes-patch-strategy"] = "merge".into();
        }
        if let PatchStrategy::MergeBy(key) = &list.patch {
            schema["x-kubernetes-patch-merge-key"] = key.as_str().into();
        }
        schema
    }
}
