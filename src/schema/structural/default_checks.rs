//! Whether the defaults of a schema are valid under it: `defaulting.ValidateDefaults` and `PruneDefaults`.

use serde_json::{Map, Value};

use super::metadata::{Coercion, MetaCheck, coerce_metadata, validate_embedded_root};
use super::prune::prune;
use super::shown::shown;
use super::validate::validate_default;
use crate::kinds::Struct;
use crate::kinds::structural::{AdditionalProperties, Structural};
use crate::status::field::{FieldError, aggregate};

/// What defaults are held against besides the schema.
pub(crate) struct DefaultChecks<'a> {
    /// The struct of `ObjectMeta`.
    pub(crate) object_meta: &'a Struct,
    pub(crate) meta_check: MetaCheck<'a>,
    /// A default may have no fields that the schema does not know.
    pub(crate) requires_pruned: bool,
}

/// `ValidateDefaults` of the schema of a whole resource, but for its rules.
pub(crate) fn check_defaults(
    schema: &Structural,
    path: &str,
    checks: &DefaultChecks,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let surroundings = Surroundings {
        root: schema,
        steps: Vec::new(),
        is_meta: false,
    };
    checks.schema(schema, true, path, &surroundings, &mut errors);
    errors
}

/// `PruneDefaults`: what a default says that the schema, or the metadata there is today, does not know goes.
pub(crate) fn prune_defaults(schema: &mut Structural, object_meta: &Struct) {
    let mut pruned = Vec::new();
    collect_pruned(schema, schema, &mut Vec::new(), object_meta, &mut pruned);
    for (steps, value) in pruned {
        if let Some(found) = at(schema, &steps) {
            found.default = value;
        }
    }
}

/// A step from a schema to one below it.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Member(String),
    /// Any member that is no property.
    Additional,
    Item,
}

/// What is around the schema that is looked at.
#[derive(Clone)]
struct Surroundings<'a> {
    /// The innermost resource.
    root: &'a Structural,
    steps: Vec<Step>,
    /// The schema is a part of the metadata of that.
    is_meta: bool,
}

impl DefaultChecks<'_> {
    fn schema(
        &self,
        schema: &Structural,
        is_root: bool,
        path: &str,
        around: &Surroundings,
        errors: &mut Vec<FieldError>,
    ) {
        let is_resource = is_root || schema.embedded_resource;
        let around = match is_resource {
            true => &Surroundings {
                root: schema,
                steps: Vec::new(),
                is_meta: false,
            },
            false => around,
        };
        if let Some(value) = &schema.default {
            let path = format!("{path}.default");
            errors.extend(match around.is_meta {
                true => self.meta_default(value, schema, &path, around),
                false => self.plain_default(value, schema, is_resource, &path),
            });
        }
        if let Some(items) = schema.items.as_deref() {
            let around = around.below(Step::Item, false);
            self.schema(items, false, &format!("{path}.items"), &around, errors);
        }
        for (name, inner) in &schema.properties {
            let is_meta =
                is_resource && matches!(name.as_str(), "metadata" | "apiVersion" | "kind");
            let around = around.below(Step::Member(name.clone()), is_meta);
            let path = format!("{path}.properties[{name}]");
            self.schema(inner, false, &path, &around, errors);
        }
    }

    fn plain_default(
        &self,
        value: &Value,
        schema: &Structural,
        is_resource: bool,
        path: &str,
    ) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.requires_pruned {
            let mut pruned = value.clone();
            prune(&mut pruned, schema, is_resource);
            if pruned != *value {
                let why = "must not have unknown fields";
                errors.push(FieldError::invalid_shown(path, shown(value), why));
            }
        }
        let mut coerced = value.clone();
        let coercion = self.coercion(is_resource, path);
        if let Err(error) = coerce_metadata(&mut coerced, schema, &coercion) {
            errors.push(error);
            return errors;
        }
        let found = validate_embedded_root(&coerced, schema, is_resource, path, self.meta_check);
        errors.extend(match found.is_empty() {
            true => validate_default(&coerced, schema, path),
            false => found,
        });
        errors
    }

    /// A default within metadata: with all around it, that is to be valid.
    fn meta_default(
        &self,
        value: &Value,
        schema: &Structural,
        path: &str,
        around: &Surroundings,
    ) -> Vec<FieldError> {
        let mut object = surrounded(value.clone(), &around.steps);
        if let Value::Object(map) = &mut object {
            for (name, text) in [("kind", "Validation"), ("apiVersion", "validation/v1")] {
                map.entry(name).or_insert_with(|| text.into());
            }
        }
        let wrong = |why: String| {
            let why = format!("must result in valid metadata: {why}");
            vec![FieldError::invalid_shown(path, shown(value), why)]
        };
        if let Err(error) = coerce_metadata(&mut object, around.root, &self.coercion(true, "")) {
            return wrong(error.to_string());
        }
        let found = validate_embedded_root(&object, around.root, true, "", self.meta_check);
        match found.is_empty() {
            true => validate_default(value, schema, path),
            false => wrong(aggregate(&found)),
        }
    }

    fn coercion<'p>(&'p self, is_root: bool, path: &'p str) -> Coercion<'p> {
        Coercion {
            object_meta: self.object_meta,
            drops_invalid: false,
            is_root,
            path,
        }
    }
}

impl Surroundings<'_> {
    fn below(&self, step: Step, is_meta: bool) -> Self {
        let mut below = self.clone();
        below.steps.push(step);
        below.is_meta |= is_meta;
        below
    }
}

/// An object with a value there.
fn surrounded(value: Value, steps: &[Step]) -> Value {
    let key = |name: &str, value| Value::Object(Map::from_iter([(name.to_owned(), value)]));
    steps.iter().rev().fold(value, |value, step| match step {
        Step::Member(name) => key(name, value),
        Step::Additional => key("*", value),
        Step::Item => Value::Array(vec![value]),
    })
}

/// The value there in an object.
fn focus(mut object: Value, steps: &[Step]) -> Option<Value> {
    for step in steps {
        object = match step {
            Step::Member(name) => object.get_mut(name)?.take(),
            Step::Additional => object.get_mut("*")?.take(),
            Step::Item => object.get_mut(0)?.take(),
        };
    }
    Some(object).filter(|value| !value.is_null())
}

fn at<'a>(schema: &'a mut Structural, steps: &[Step]) -> Option<&'a mut Structural> {
    steps.iter().try_fold(schema, |schema, step| match step {
        Step::Member(name) => schema.properties.get_mut(name),
        Step::Item => schema.items.as_deref_mut(),
        Step::Additional => match &mut schema.additional_properties {
            Some(AdditionalProperties::Schema(inner)) => Some(&mut **inner),
            _ => None,
        },
    })
}

/// Finds the defaults that change.
fn collect_pruned(
    schema: &Structural,
    root: &Structural,
    steps: &mut Vec<Step>,
    object_meta: &Struct,
    pruned: &mut Vec<(Vec<Step>, Option<Value>)>,
) {
    if let Some(value) = &schema.default {
        let mut object = surrounded(value.clone(), steps);
        let coercion = Coercion {
            object_meta,
            drops_invalid: true,
            is_root: true,
            path: "",
        };
        // What is invalid is dropped, so nothing is an error.
        let _ = coerce_metadata(&mut object, root, &coercion);
        prune(&mut object, root, true);
        let found = focus(object, steps);
        if found.as_ref() != Some(value) {
            pruned.push((steps.clone(), found));
        }
    }
    let additional = schema.additional_schema().map(|s| (Step::Additional, s));
    let items = schema.items.as_deref().map(|s| (Step::Item, s));
    let properties = schema.properties.iter();
    let members = properties.map(|(name, inner)| (Step::Member(name.clone()), inner));
    for (step, inner) in additional.into_iter().chain(items).chain(members) {
        steps.push(step);
        collect_pruned(inner, root, steps, object_meta, pruned);
        steps.pop();
    }
}
