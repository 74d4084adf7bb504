//! The definitions of the documents, from the tables of the kinds.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common::{self, Opaque};
use super::custom;
use super::dialect::{Dialect, group_version_kind, meta_name};
use crate::codec::json;
use crate::kinds::verb::Verb;
use crate::kinds::{
    Catalog, Field, Kind, KindRef, List, ListKind, PatchStrategy, Presence, Raw, Struct, StructRef,
    Type, meta, scheme_versions,
};

/// `io.k8s.api.core.v1.Endpoints`.
pub(super) fn name_of(ty: &Struct) -> String {
    format!("{}.{}", ty.package, ty.name)
}

/// `io.k8s.api.core.v1.EndpointsList`.
pub(super) fn list_name(resource: &KindRef) -> String {
    format!("{}.{}", resource.schema.package, resource.list_kind)
}

/// Every definition that the paths of these resources mention, these as well, and those that the definitions mention.
pub(super) fn definitions(
    resources: &[KindRef],
    more: &[&StructRef],
    catalog: &Catalog,
    dialect: Dialect,
) -> Map<String, Value> {
    let parts = resources.iter().flat_map(|kind| &kind.subresources);
    let bodies: Vec<KindRef> = parts.filter_map(|part| catalog.body_of(part)).collect();
    let bodies: Vec<&KindRef> = bodies.iter().collect();
    let mut definitions = Definitions {
        dialect,
        kinds: kinds(resources, &bodies),
        out: Map::new(),
    };
    for resource in resources.iter().chain(bodies) {
        definitions.add_kind(resource);
    }
    for resource in resources.iter().filter(|kind| is_listed(kind)) {
        definitions.add_list(resource);
    }
    let usual = [
        &*meta::STATUS,
        &meta::WATCH_EVENT,
        &meta::API_RESOURCE_LIST,
        &meta::DELETE_OPTIONS,
    ];
    for ty in usual.into_iter().chain(more.iter().copied()) {
        definitions.add(ty);
    }
    for (name, doc, ty, format) in common::OPAQUE {
        definitions.add_opaque((&meta_name(name), doc, ty, format));
    }
    definitions.out
}

/// The definitions that a document of custom kinds has.
pub(super) fn custom_definitions(kinds: &[KindRef], catalog: &Catalog) -> Map<String, Value> {
    let mut all = definitions(kinds, &[], catalog, Dialect::V3);
    // Nothing there is about these.
    for name in ["APIResourceList", "APIResource", "WatchEvent"] {
        all.remove(&meta_name(name));
    }
    all.remove(common::RAW_EXTENSION.0);
    all
}

/// The definitions of these types and of all that they are made of.
pub(super) fn definitions_of(types: &[&StructRef], dialect: Dialect) -> Map<String, Value> {
    let mut definitions = Definitions {
        dialect,
        kinds: kinds(&[], &[]),
        out: Map::new(),
    };
    types.iter().for_each(|ty| definitions.add(ty));
    definitions.out
}

fn is_listed(kind: &Kind) -> bool {
    kind.verbs.contains(&Verb::List)
}

/// Which definition is of which kinds: the options and the event are of every version there is.
fn kinds(resources: &[KindRef], bodies: &[&KindRef]) -> BTreeMap<String, Vec<Value>> {
    let mut kinds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for resource in resources.iter().chain(bodies.iter().copied()) {
        let of_kind = |kind| group_version_kind(&resource.group, &resource.version, kind);
        let mut add = |name, kind| {
            let kinds = kinds.entry(name).or_default();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        };
        add(name_of(&resource.schema), of_kind(&resource.kind));
        if is_listed(resource) {
            add(list_name(resource), of_kind(&resource.list_kind));
        }
    }
    for name in ["DeleteOptions", "WatchEvent"] {
        let known = scheme_versions().into_iter();
        let ours = resources.iter().map(|kind| (&*kind.group, &*kind.version));
        let mut versions: Vec<_> = known.chain(ours).collect();
        versions.sort_unstable();
        versions.dedup();
        let versions = versions.into_iter();
        let of_versions = versions.map(|(group, version)| group_version_kind(group, version, name));
        kinds.insert(meta_name(name), of_versions.collect());
    }
    for name in [
        "Status",
        "APIResourceList",
        "APIGroup",
        "APIGroupList",
        "APIVersions",
    ] {
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
    fn add_kind(&mut self, kind: &Kind) {
        let Some(custom) = &kind.custom else {
            return self.add(&kind.schema);
        };
        self.add(&meta::OBJECT_META);
        let definition = custom::definition(kind, custom, self.dialect);
        self.out.insert(name_of(&kind.schema), definition);
    }

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
            Type::Quantity => self.add_opaque(common::QUANTITY),
            Type::Raw(Raw::Extension) => self.add_opaque(common::RAW_EXTENSION),
            Type::Raw(Raw::Json) => self.add_opaque(common::JSON),
            Type::SchemaOr(or, schema) => {
                let name = format!("{}.{}", schema.package, or.name());
                self.add_opaque((&name, common::SCHEMA_OR, "", ""));
                self.add(schema);
            }
            Type::Float64
            | Type::Untyped
            | Type::String
            | Type::Named(_)
            | Type::Bool
            | Type::Int32
            | Type::Int64
            | Type::Bytes
            | Type::Time
            | Type::FieldsV1 => {}
        }
    }

    fn add_opaque(&mut self, (name, doc, ty, format): Opaque) {
        let mut value = json!({ "description": doc });
        // Version 2 cannot say that there is a choice.
        match (common::one_of(name), self.dialect) {
            (Some(types), Dialect::V3) => {
                value["oneOf"] = types.map(|ty| json!({ "type": ty })).to_vec().into();
            }
            _ if ty.is_empty() => {}
            _ => value["type"] = ty.into(),
        }
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
        let items = match resource.custom {
            Some(_) => self.dialect.reference(&name_of(&resource.schema)),
            None => self.refer(&name_of(&resource.schema), true),
        };
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
        if field.retain_keys {
            let strategy = match property.get("x-kubernetes-patch-strategy") {
                Some(_) => "merge,retainKeys",
                None => "retainKeys",
            };
            property["x-kubernetes-patch-strategy"] = strategy.into();
        }
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
            Type::Quantity => self.refer(common::QUANTITY.0, false),
            Type::Raw(Raw::Extension) => self.refer(common::RAW_EXTENSION.0, false),
            Type::Raw(Raw::Json) => self.refer(common::JSON.0, false),
            Type::Untyped => json!({}),
            Type::SchemaOr(or, schema) => {
                self.refer(&format!("{}.{}", schema.package, or.name()), false)
            }
            Type::Float64 => self.plain("number", "double", has_default, json!(0)),
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
