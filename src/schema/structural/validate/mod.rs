//! What a schema has against a value: kube-openapi's `validate`, and what `apiextensions-apiserver` makes of it.

mod kinds;
mod number;
mod outcome;
mod place;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::correlate::{Items, is_equal};
use crate::codec::json::{compact, sorted};
use crate::codec::quote::quote;
use crate::kinds::structural::{AdditionalProperties, Structural};
use crate::schema::structural::shown::shown;
use crate::status::field::FieldError;
use kinds::is_one_of;
use number::Number;
use outcome::{Finding, Outcome};
use place::{Place, field};

/// `ValidateCustomResource`, or with an old object `ValidateCustomResourceUpdate`: what did not change may be as wrong
/// as it was. The path is that of the object, empty for a whole one.
pub(crate) fn validate(
    object: &Value,
    old: Option<&Value>,
    schema: &Structural,
    path: &str,
) -> Vec<FieldError> {
    let validator = Validator {
        base: path,
        is_request: true,
    };
    let outcome = validator.ratcheted(object, old, schema, &Place::Root);
    outcome.into_errors()
}

/// The same of a default: its schema is taken as it is written, unknown formats included.
pub(super) fn validate_default(value: &Value, schema: &Structural, path: &str) -> Vec<FieldError> {
    let validator = Validator {
        base: path,
        is_request: false,
    };
    validator
        .value(value, None, schema, &Place::Root)
        .into_errors()
}

/// Holds values against schemas. The old value that goes along is the one that correlates with the value, if any does.
struct Validator<'a> {
    /// The path of the object, empty for a whole one.
    base: &'a str,
    /// Objects of requests are held against `ConvertJSONSchemaProps` of the schema, defaults against `ToKubeOpenAPI`.
    is_request: bool,
}

impl Validator<'_> {
    /// `ratchetingValueValidator`.
    fn ratcheted(
        &self,
        value: &Value,
        old: Option<&Value>,
        schema: &Structural,
        place: &Place,
    ) -> Outcome {
        let outcome = self.value(value, old, schema, place);
        match old {
            Some(old) if !outcome.is_valid() && is_equal(value, old, schema) => outcome.forgiven(),
            _ => outcome,
        }
    }

    /// `SchemaValidator`.
    fn value(
        &self,
        value: &Value,
        old: Option<&Value>,
        schema: &Structural,
        place: &Place,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if value.is_null() {
            outcome.merge(self.ty(value, schema, place));
            outcome.merge(self.enumeration(value, schema, place));
            return outcome;
        }
        let mut take = |found: Outcome| {
            outcome.merge(found);
            outcome.pass();
        };
        if self.has_type(schema) {
            take(self.ty(value, schema, place));
        }
        take(self.junctors(value, schema, place));
        match value {
            Value::String(text) => {
                take(self.text(text, schema, place));
                if self.checked_format(schema).is_some() {
                    take(self.format(text, schema, place));
                }
            }
            Value::Number(_) => {
                if let Some(number) = Number::of(value) {
                    take(self.number(number, schema, place));
                }
            }
            Value::Array(items) => take(self.items(items, old, schema, place)),
            _ => {}
        }
        take(self.enumeration(value, schema, place));
        if let Value::Object(map) = value {
            take(self.members(map, old, schema, place));
        }
        outcome.pass();
        outcome
    }

    /// `basicCommonValidator`.
    fn enumeration(&self, value: &Value, schema: &Structural, place: &Place) -> Outcome {
        let allowed = &schema.enumeration;
        if allowed.is_empty() || is_one_of(value, allowed) {
            return Outcome::default();
        }
        let listed: Vec<String> = allowed.iter().map(enum_value).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let name = place.name();
        let field = field(self.base, &name);
        Outcome::from(Finding {
            text: format!("{name} in body should be one of [{}]", listed.join(" ")),
            error: FieldError::not_supported_shown(field, shown(value), &listed),
        })
    }

    /// `schemaSliceValidator`.
    fn items(
        &self,
        items: &[Value],
        old: Option<&Value>,
        schema: &Structural,
        place: &Place,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(inner) = schema.items.as_deref() {
            let before = old.map(|old| Items::of(old, schema));
            for (index, item) in items.iter().enumerate() {
                let old = before.as_ref().and_then(|before| before.of_item(item));
                outcome.merge(self.ratcheted(item, old, inner, &Place::Item(place, index)));
            }
        }
        let bounds = (schema.min_items, schema.max_items);
        self.count(items.len(), "items", bounds, place, &mut outcome);
        if schema.unique_items && !are_unique(items) {
            let text = format!("{} in body shouldn't contain duplicates", place.name());
            outcome.add(self.invalid(place, quote(""), text));
        }
        outcome.pass();
        outcome
    }

    /// `objectValidator`.
    fn members(
        &self,
        map: &Map<String, Value>,
        old: Option<&Value>,
        schema: &Structural,
        place: &Place,
    ) -> Outcome {
        let mut outcome = self.member_count(map, schema, place);
        let before = |name: &str| {
            let is_type_meta = place.is_root() && matches!(name, "apiVersion" | "kind");
            old.and_then(|old| old.get(name)).filter(|_| !is_type_meta)
        };
        for (name, value) in sorted(map) {
            if schema.properties.contains_key(name) {
                continue;
            }
            match &schema.additional_properties {
                Some(AdditionalProperties::Allowed(false)) => {
                    let text = format!("{}.{name} in body is a forbidden property", place.name());
                    outcome.add(self.invalid(place, quote(name), text));
                }
                Some(AdditionalProperties::Schema(inner)) => {
                    let place = Place::Additional(place, name);
                    outcome.merge(self.ratcheted(value, before(name), inner, &place));
                }
                Some(AdditionalProperties::Allowed(true)) | None => {}
            }
        }
        for (name, inner) in &schema.properties {
            if let Some(value) = map.get(name) {
                let place = Place::Member(place, name);
                outcome.merge(self.ratcheted(value, before(name), inner, &place));
            }
        }
        for name in schema
            .required
            .iter()
            .filter(|name| !map.contains_key(*name))
        {
            let name = Place::Additional(place, name).name();
            outcome.add(Finding {
                text: format!("{name} in body is required"),
                error: FieldError::required(field(self.base, &name), ""),
            });
        }
        outcome
    }

    fn member_count(
        &self,
        map: &Map<String, Value>,
        schema: &Structural,
        place: &Place,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let bounds = (schema.min_properties, schema.max_properties);
        self.count(map.len(), "properties", bounds, place, &mut outcome);
        outcome
    }

    /// Whether there are as many as there may be; the bounds are the least and the most.
    fn count(
        &self,
        found: usize,
        what: &str,
        (least, most): (Option<i64>, Option<i64>),
        place: &Place,
        outcome: &mut Outcome,
    ) {
        let count = length(found);
        if let Some(least) = least.filter(|least| count < *least) {
            let name = place.name();
            let text = format!("{name} in body should have at least {least} {what}");
            outcome.add(self.invalid(place, count.to_string(), text));
        }
        if let Some(most) = most.filter(|most| count > *most) {
            let name = place.name();
            outcome.add(Finding {
                text: format!("{name} in body should have at most {most} {what}"),
                error: FieldError::too_many_of(field(self.base, &name), found, most),
            });
        }
    }

    /// An error that shows a value, and says of it what kube-openapi says.
    fn invalid(&self, place: &Place, shown: String, text: String) -> Finding {
        let field = field(self.base, &place.name());
        let error = FieldError::invalid_shown(field, shown, text.clone());
        Finding { text, error }
    }

    /// A value that is not of the type, or of the format.
    fn wrong_type(&self, place: &Place, wanted: &str, is: &str) -> Finding {
        let name = place.name();
        let is = quote(is);
        let text = format!("{name} in body must be of type {wanted}: {is}");
        let error = FieldError::type_invalid_shown(field(self.base, &name), is, text.clone());
        Finding { text, error }
    }

    /// An error that kube-openapi does not say the place of but in its text.
    fn general(&self, text: String) -> Finding {
        let field = field(self.base, "");
        let error = FieldError::invalid_str(field, "", text.clone());
        Finding { text, error }
    }
}

/// A value of an enumeration as errors list it.
fn enum_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => compact(other),
    }
}

fn are_unique(items: &[Value]) -> bool {
    let mut seen = BTreeSet::new();
    items.iter().all(|item| seen.insert(kinds::canonical(item)))
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
