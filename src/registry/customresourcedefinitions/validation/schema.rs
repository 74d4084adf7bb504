//! The schema of a version: what each part of it may say, wherever it stands.

use serde_json::Value;

use super::super::support::unsupported;
use super::super::{internal, rules};
use super::options::Options;
use super::{lists, structural};
use crate::registry::validation::read::{list_at, members_at, text_at};
use crate::status::field::FieldError;

/// In the order in which errors list them.
const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// What is asked of the schemas of a definition.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) options: &'a Options,
    pub(super) is_structural: bool,
    /// The schema is as it was, and so what its expressions may cost is.
    pub(super) keeps_costs: bool,
}

/// What is known of the place of a schema in the whole.
#[derive(Clone, Default)]
struct Place {
    is_root: bool,
    /// It is of the metadata of an object.
    in_metadata: bool,
    /// Why there may be no defaults.
    no_defaults: Option<String>,
}

impl<'a> Rules<'a> {
    pub(super) fn for_version(&self, is_unchanged: bool) -> Rules<'a> {
        Rules {
            keeps_costs: is_unchanged,
            ..*self
        }
    }

    /// `validateCustomResourceDefinitionValidation`
    pub(super) fn validate(
        &self,
        validation: Option<&Value>,
        has_status: bool,
        path: &str,
    ) -> Vec<FieldError> {
        let schema = validation.map_or(&Value::Null, |validation| &validation["openAPIV3Schema"]);
        if schema.is_null() {
            return Vec::new();
        }
        let path = format!("{path}.openAPIV3Schema");
        let mut errors = Vec::new();
        if has_status {
            errors.extend(validate_root(schema, &path));
        }
        if schema["nullable"] == true {
            let detail = "nullable cannot be true at the root";
            errors.push(FieldError::forbidden(format!("{path}.nullable"), detail));
        }
        let unfit = unsupported(schema).filter(|_| self.is_structural);
        let mut is_sound = false;
        if self.is_structural && unfit.is_none() {
            let violations = self.violations(schema, &path);
            is_sound = violations.is_empty();
            errors.extend(violations);
        }
        let root = Place {
            is_root: true,
            ..Place::default()
        };
        let before = errors.len();
        self.check(schema, &path, &root, &mut errors);
        if is_sound {
            let found = rules::check(schema, &path, self.keeps_costs);
            let wrong = &errors[before..];
            let found: Vec<FieldError> = found
                .into_iter()
                .filter(|rule| is_told(rule, wrong))
                .collect();
            errors.extend(found);
        }
        // The other rules refuse most of it, too, and say where.
        if let (true, Some(why)) = (errors.is_empty(), unfit) {
            errors.push(FieldError::invalid_str(path, "", why));
        }
        errors
    }

    fn violations(&self, schema: &Value, path: &str) -> Vec<FieldError> {
        let mut violations = structural::validate(schema, path);
        if violations.is_empty() {
            let pruned = self.options.requires_pruned_defaults;
            violations = structural::validate_defaults(schema, path, pruned);
        }
        if violations.is_empty() {
            violations = rules::check_defaults(schema, path);
        }
        violations
    }

    /// `ValidateCustomResourceDefinitionOpenAPISchema`, from the outside in.
    fn check(&self, schema: &Value, path: &str, place: &Place, errors: &mut Vec<FieldError>) {
        self.check_support(schema, path, place, errors);
        if schema["uniqueItems"] == true {
            let detail =
                "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            errors.push(FieldError::forbidden(format!("{path}.uniqueItems"), detail));
        }
        self.check_additional(schema, path, place, errors);
        self.check_properties(schema, path, place, errors);
        let inner = place.inside();
        if schema["not"].is_object() {
            self.check(&schema["not"], &format!("{path}.not"), &inner, errors);
        }
        for field in ["allOf", "oneOf", "anyOf"] {
            for (i, each) in list_at(schema, field).iter().enumerate() {
                self.check(each, &format!("{path}.{field}[{i}]"), &inner, errors);
            }
        }
        for (name, each) in members_at(schema, "definitions") {
            self.check(each, &format!("{path}.definitions[{name}]"), &inner, errors);
        }
        match &schema["items"] {
            Value::Array(items) => {
                for (i, each) in items.iter().enumerate() {
                    self.check(each, &format!("{path}.items[{i}]"), &inner, errors);
                }
            }
            Value::Null => {}
            items => self.check(items, &format!("{path}.items"), &inner, errors),
        }
        for (name, each) in members_at(schema, "dependencies") {
            if each.is_object() {
                self.check(
                    each,
                    &format!("{path}.dependencies[{name}]"),
                    &inner,
                    errors,
                );
            }
        }
        if schema["x-kubernetes-preserve-unknown-fields"] == false {
            let path = format!("{path}.x-kubernetes-preserve-unknown-fields");
            errors.push(FieldError::invalid(
                path,
                &false.into(),
                "must be true or undefined",
            ));
        }
        lists::validate(schema, path, self.options, errors);
        rules::check_texts(schema, path, errors);
    }

    /// `specStandardValidatorV3`
    fn check_support(
        &self,
        schema: &Value,
        path: &str,
        place: &Place,
        errors: &mut Vec<FieldError>,
    ) {
        let ty = text_at(schema, "type");
        if self.options.requires_valid_types && has_invalid_type(schema) {
            errors.push(FieldError::not_supported(
                format!("{path}.type"),
                &ty.into(),
                &TYPES,
            ));
        }
        let mut forbid = |field: &str, detail: &str| {
            errors.push(FieldError::forbidden(format!("{path}.{field}"), detail));
        };
        if let (Some(why), false) = (&place.no_defaults, schema["default"].is_null()) {
            forbid("default", &format!("must not be set {why}"));
        }
        for field in [
            "id",
            "additionalItems",
            "patternProperties",
            "definitions",
            "dependencies",
            "$ref",
        ] {
            if !schema[field].is_null() {
                forbid(field, &format!("{field} is not supported"));
            }
        }
        if ty == "null" {
            forbid(
                "type",
                "type cannot be set to null, use nullable as an alternative",
            );
        }
        if schema["items"].is_array() {
            forbid("items", "items must be a schema object and not an array");
        }
        if place.in_metadata && schema["x-kubernetes-embedded-resource"] == true {
            forbid(
                "x-kubernetes-embedded-resource",
                "must not be used inside of resource meta",
            );
        }
    }

    /// Properties are for structs, additional ones for maps.
    fn check_additional(
        &self,
        schema: &Value,
        path: &str,
        place: &Place,
        errors: &mut Vec<FieldError>,
    ) {
        let additional = &schema["additionalProperties"];
        if additional.is_null() {
            return;
        }
        let path = format!("{path}.additionalProperties");
        if *additional != true && !members_at(schema, "properties").is_empty() {
            let detail = "additionalProperties and properties are mutual exclusive";
            errors.push(FieldError::forbidden(path.as_str(), detail));
        }
        if additional.is_object() {
            let mut inner = place.inside();
            if inner.in_metadata {
                inner.no_defaults =
                    Some("inside additionalProperties applying to object metadata".to_owned());
            }
            self.check(additional, &path, &inner, errors);
        }
    }

    fn check_properties(
        &self,
        schema: &Value,
        path: &str,
        place: &Place,
        errors: &mut Vec<FieldError>,
    ) {
        let is_resource = place.is_root || schema["x-kubernetes-embedded-resource"] == true;
        for (name, each) in members_at(schema, "properties") {
            let mut inner = place.inside();
            if is_resource && matches!(name, "metadata" | "kind" | "apiVersion") {
                inner.in_metadata = true;
                if place.is_root {
                    inner.no_defaults = Some(format!("in top-level {name}"));
                }
            }
            self.check(each, &format!("{path}.properties[{name}]"), &inner, errors);
        }
    }
}

/// Rules are not looked at where something else is wrong, or below.
fn is_told(rule: &FieldError, wrong: &[FieldError]) -> bool {
    let (place, _) = rule
        .field
        .split_once(".x-kubernetes-validations")
        .unwrap_or((&rule.field, ""));
    let is_below = |error: &FieldError| {
        let rest = error.field.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    !wrong.iter().any(is_below)
}

impl Place {
    fn inside(&self) -> Place {
        Place {
            is_root: false,
            ..self.clone()
        }
    }
}

/// A root has only what does not get lost when the schema of the status is taken out.
fn validate_root(schema: &Value, path: &str) -> Option<FieldError> {
    const ALLOWED: [&str; 22] = [
        "Description",
        "Type",
        "Format",
        "Title",
        "Maximum",
        "ExclusiveMaximum",
        "Minimum",
        "ExclusiveMinimum",
        "MaxLength",
        "MinLength",
        "Pattern",
        "MaxItems",
        "MinItems",
        "UniqueItems",
        "MultipleOf",
        "Required",
        "Items",
        "Properties",
        "ExternalDocs",
        "Example",
        "XPreserveUnknownFields",
        "XValidations",
    ];
    let given = internal::schema_fields().filter(|(_, name)| !schema[*name].is_null());
    let ty = text_at(schema, "type");
    let mut refused =
        given.filter(|(go, _)| (*go == "Type" && ty != "object") || !ALLOWED.contains(go));
    let (go, _) = refused.next()?;
    Some(match go {
        "Type" => {
            let reason = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
            FieldError::invalid_str(format!("{path}.type"), ty, reason)
        }
        _ => {
            let reason = format!(
                "only [{}] fields are allowed at the root of the schema if the status subresource is enabled",
                ALLOWED.join(" ")
            );
            FieldError::invalid_shown(path, internal::schema(schema), reason)
        }
    })
}

/// Whether its type is none.
pub(super) fn has_invalid_type(schema: &Value) -> bool {
    let ty = text_at(schema, "type");
    !ty.is_empty() && !TYPES.contains(&ty)
}

/// Whether it says what only a structural schema may.
pub(super) fn has_extensions(schema: &Value) -> bool {
    schema["x-kubernetes-embedded-resource"] == true
        || schema["x-kubernetes-int-or-string"] == true
        || [
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-list-map-keys",
            "x-kubernetes-list-type",
            "x-kubernetes-validations",
        ]
        .iter()
        .any(|field| !schema[*field].is_null())
}
