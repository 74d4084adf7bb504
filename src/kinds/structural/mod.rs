//! The schema of a custom kind, read from `JSONSchemaProps`.

pub(crate) mod formats;
pub(crate) mod go_regex;
pub(crate) mod pattern;

use std::collections::BTreeMap;

use serde_json::Value;

use self::formats::Format;
use self::pattern::{Budget, Pattern};

/// A structural schema. The value validations of `allOf`, `anyOf`, `oneOf` and `not` are schemas too, of which those
/// walks that change an object know nothing.
#[derive(Debug, Default)]
pub(crate) struct Structural {
    /// `object`, `array`, `string`, `integer`, `number` or `boolean`; empty where none is said.
    pub(crate) ty: String,
    pub(crate) nullable: bool,
    /// Never null: that is no default.
    pub(crate) default: Option<Value>,
    pub(crate) properties: BTreeMap<String, Structural>,
    pub(crate) additional_properties: Option<AdditionalProperties>,
    pub(crate) items: Option<Box<Structural>>,
    /// As it is written, known or not.
    pub(crate) format: String,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) enumeration: Vec<Value>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_minimum: bool,
    pub(crate) exclusive_maximum: bool,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) min_length: Option<i64>,
    pub(crate) max_length: Option<i64>,
    pub(crate) min_items: Option<i64>,
    pub(crate) max_items: Option<i64>,
    pub(crate) unique_items: bool,
    pub(crate) min_properties: Option<i64>,
    pub(crate) max_properties: Option<i64>,
    pub(crate) required: Vec<String>,
    pub(crate) all_of: Vec<Structural>,
    pub(crate) any_of: Vec<Structural>,
    pub(crate) one_of: Vec<Structural>,
    pub(crate) not: Option<Box<Structural>>,
    /// `x-kubernetes-preserve-unknown-fields`.
    pub(crate) preserve_unknown_fields: bool,
    /// `x-kubernetes-embedded-resource`.
    pub(crate) embedded_resource: bool,
    /// `x-kubernetes-int-or-string`.
    pub(crate) int_or_string: bool,
    /// `x-kubernetes-list-type`.
    pub(crate) list_type: Option<String>,
    /// `x-kubernetes-list-map-keys`.
    pub(crate) list_map_keys: Vec<String>,
    /// What the format asks of a text, if it is one that is looked at.
    pub(crate) checked_format: Option<Format>,
}

/// `additionalProperties`.
#[derive(Debug)]
pub(crate) enum AdditionalProperties {
    /// Whether there may be any.
    Allowed(bool),
    Schema(Box<Structural>),
}

impl Structural {
    /// Reads the `openAPIV3Schema` of a version. What is of the wrong type is left out: a definition that is stored has
    /// been looked at.
    pub(crate) fn of(schema: &Value) -> Structural {
        Structural::read(schema, &mut Budget::default())
    }

    fn read(schema: &Value, budget: &mut Budget) -> Structural {
        let flag = |name: &str| schema[name].as_bool().unwrap_or_default();
        let text = |name: &str| schema[name].as_str().unwrap_or_default().to_owned();
        let mut read = Structural {
            ty: text("type"),
            nullable: flag("nullable"),
            default: given(schema, "default").cloned(),
            properties: properties(schema, budget),
            additional_properties: given(schema, "additionalProperties")
                .map(|additional| AdditionalProperties::of(additional, budget)),
            items: nested(schema, "items", budget),
            format: text("format"),
            pattern: schema["pattern"]
                .as_str()
                .filter(|source| !source.is_empty())
                .map(|source| Pattern::of(source, budget)),
            not: nested(schema, "not", budget),
            all_of: list(schema, "allOf", |one| Structural::read(one, budget)),
            any_of: list(schema, "anyOf", |one| Structural::read(one, budget)),
            one_of: list(schema, "oneOf", |one| Structural::read(one, budget)),
            preserve_unknown_fields: flag("x-kubernetes-preserve-unknown-fields"),
            embedded_resource: flag("x-kubernetes-embedded-resource"),
            int_or_string: flag("x-kubernetes-int-or-string"),
            list_type: given(schema, "x-kubernetes-list-type")
                .and_then(Value::as_str)
                .map(str::to_owned),
            list_map_keys: list(schema, "x-kubernetes-list-map-keys", text_of),
            ..Structural::default()
        };
        read.limits(schema);
        read.checked_format = Format::of(&read.ty, read.int_or_string, &read.format);
        read
    }

    /// The schema of a member of this name: that of the property, or else that of all others.
    pub(crate) fn member(&self, name: &str) -> Option<&Structural> {
        self.properties
            .get(name)
            .or_else(|| self.additional_schema())
    }

    /// The schema of the members that are no properties, where they have one.
    pub(crate) fn additional_schema(&self) -> Option<&Structural> {
        match &self.additional_properties {
            Some(AdditionalProperties::Schema(schema)) => Some(schema),
            _ => None,
        }
    }

    /// Whether this is a list of that `x-kubernetes-list-type`.
    pub(crate) fn is_list_of(&self, list_type: &str) -> bool {
        self.list_type.as_deref() == Some(list_type)
    }

    fn limits(&mut self, schema: &Value) {
        let count = |name: &str| schema[name].as_i64();
        self.enumeration = list(schema, "enum", Value::clone);
        self.required = list(schema, "required", text_of);
        self.minimum = schema["minimum"].as_f64();
        self.maximum = schema["maximum"].as_f64();
        self.multiple_of = schema["multipleOf"].as_f64();
        self.exclusive_minimum = schema["exclusiveMinimum"].as_bool().unwrap_or_default();
        self.exclusive_maximum = schema["exclusiveMaximum"].as_bool().unwrap_or_default();
        self.unique_items = schema["uniqueItems"].as_bool().unwrap_or_default();
        self.min_length = count("minLength");
        self.max_length = count("maxLength");
        self.min_items = count("minItems");
        self.max_items = count("maxItems");
        self.min_properties = count("minProperties");
        self.max_properties = count("maxProperties");
    }
}

impl AdditionalProperties {
    fn of(value: &Value, budget: &mut Budget) -> Self {
        match value {
            Value::Bool(is_allowed) => AdditionalProperties::Allowed(*is_allowed),
            schema => AdditionalProperties::Schema(Box::new(Structural::read(schema, budget))),
        }
    }
}

fn given<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get(name).filter(|value| !value.is_null())
}

fn nested(schema: &Value, name: &str, budget: &mut Budget) -> Option<Box<Structural>> {
    given(schema, name).map(|inner| Box::new(Structural::read(inner, budget)))
}

fn properties(schema: &Value, budget: &mut Budget) -> BTreeMap<String, Structural> {
    let members = schema["properties"].as_object().into_iter().flatten();
    members
        .map(|(name, inner)| (name.clone(), Structural::read(inner, budget)))
        .collect()
}

fn list<T>(schema: &Value, name: &str, read: impl FnMut(&Value) -> T) -> Vec<T> {
    let items = schema[name].as_array().into_iter().flatten();
    items.map(read).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
