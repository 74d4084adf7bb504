//! Types, texts, enumerations and junctors: what is asked of a value as a whole.

use serde_json::Value;
use smallvec::SmallVec;

use super::Validator;
use super::number::Number;
use super::outcome::{Finding, Outcome};
use super::place::{Place, field};
use crate::codec::json::compact;
use crate::codec::quote::quote;
use crate::kinds::structural::Structural;
use crate::kinds::structural::formats::Format;
use crate::status::field::FieldError;

/// The types a value may be of: there are hardly ever two.
type Types<'s> = SmallVec<[&'s str; 2]>;

/// The JSON type of a value, and the format Go's type of it has.
pub(super) struct Kind {
    ty: &'static str,
    format: &'static str,
}

impl Kind {
    fn of(value: &Value) -> Kind {
        let (ty, format) = match value {
            Value::Null => ("null", ""),
            Value::Bool(_) => ("boolean", ""),
            Value::Number(_) => match Number::of(value) {
                Some(Number::Int(_)) => ("integer", "int64"),
                _ => ("number", "float64"),
            },
            Value::String(_) => ("string", ""),
            Value::Array(_) => ("array", ""),
            Value::Object(_) => ("object", ""),
        };
        Kind { ty, format }
    }
}

impl Validator<'_> {
    /// Whether a schema says what type its values are of.
    pub(super) fn has_type(&self, schema: &Structural) -> bool {
        !self.types(schema).is_empty() || !self.format_name(schema).is_empty()
    }

    /// `typeValidator`.
    pub(super) fn ty(&self, value: &Value, schema: &Structural, place: &Place) -> Outcome {
        let mut passed = Outcome::default();
        passed.pass();
        let types = self.types(schema);
        let kind = Kind::of(value);
        if value.is_null() {
            return match types.is_empty() || schema.nullable {
                true => passed,
                false => self.wrong_type(place, &types.join(","), "null").into(),
            };
        }
        let format = self.format_name(schema);
        let number = Number::of(value);
        let is_integral = number.is_some_and(Number::is_integral_float);
        let is_of_type = types.contains(&kind.ty)
            || (is_integral && types.contains(&"integer"))
            || (kind.ty == "integer" && types.contains(&"number"));
        let is_text = matches!(value, Value::String(_) | Value::Array(_));
        let is_numeric = types.contains(&"number") || types.contains(&"integer");
        match format {
            "" => {}
            format if !is_text && !is_of_type && format != kind.format => {
                return self.wrong_type(place, format, kind.format).into();
            }
            // Whether a text is of its format is looked at elsewhere; whether it is a list is not.
            _ if is_text && !is_numeric => return passed,
            _ => {}
        }
        match is_of_type {
            true => passed,
            false => self.wrong_type(place, &types.join(","), kind.ty).into(),
        }
    }

    /// `stringValidator`: the first thing that is wrong.
    pub(super) fn text(&self, text: &str, schema: &Structural, place: &Place) -> Outcome {
        let count = || super::length(text.chars().count());
        if let Some(most) = schema.max_length.filter(|most| count() > *most) {
            let name = place.name();
            return Outcome::from(Finding {
                text: format!("{name} in body should be at most {most} chars long"),
                error: FieldError::too_long_of(field(self.base, &name), most),
            });
        }
        if let Some(least) = schema.min_length.filter(|least| count() < *least) {
            let name = place.name();
            let why = format!("{name} in body should be at least {least} chars long");
            return self.invalid(place, quote(text), why).into();
        }
        let Some(pattern) = &schema.pattern else {
            return Outcome::default();
        };
        let wanted = match pattern.is_match(text) {
            Ok(true) => return Outcome::default(),
            Ok(false) => pattern.source().to_owned(),
            Err(why) => format!("{}, but pattern is invalid: {why}", pattern.source()),
        };
        let why = format!("{} in body should match '{wanted}'", place.name());
        self.invalid(place, quote(text), why).into()
    }

    /// `formatValidator`.
    pub(super) fn format(&self, text: &str, schema: &Structural, place: &Place) -> Outcome {
        match self.checked_format(schema) {
            Some(format) if !format.is_match(text) => {
                self.wrong_type(place, &schema.format, text).into()
            }
            _ => Outcome::default(),
        }
    }

    /// What the format asks of a text.
    pub(super) fn checked_format(&self, schema: &Structural) -> Option<Format> {
        match self.is_request {
            true => schema.checked_format,
            false => Format::named(&schema.format),
        }
    }

    /// `schemaPropsValidator`. Nothing in here is ratcheted on its own.
    pub(super) fn junctors(&self, value: &Value, schema: &Structural, place: &Place) -> Outcome {
        let mut outcome = Outcome::default();
        if !schema.any_of.is_empty() {
            outcome.merge(self.any_of(value, &schema.any_of, place));
        }
        if !schema.one_of.is_empty() {
            outcome.merge(self.one_of(value, &schema.one_of, place));
        }
        if !schema.all_of.is_empty() {
            outcome.merge(self.all_of(value, &schema.all_of, place));
        }
        let not = schema.not.as_deref();
        if not.is_some_and(|not| self.value(value, None, not, place).is_valid()) {
            let name = quote(&place.name());
            outcome.add(self.general(format!("{name} must not validate the schema (not)")));
        }
        outcome.pass();
        outcome
    }

    fn any_of(&self, value: &Value, schemas: &[Structural], place: &Place) -> Outcome {
        let mut best: Option<Outcome> = None;
        for schema in schemas {
            let found = self.value(value, None, schema, place);
            if found.is_valid() {
                return found;
            }
            keep_best(&mut best, found);
        }
        let name = quote(&place.name());
        let why = format!("{name} must validate at least one schema (anyOf)");
        let mut outcome = Outcome::from(self.general(why));
        outcome.merge(best.unwrap_or_default());
        outcome
    }

    fn one_of(&self, value: &Value, schemas: &[Structural], place: &Place) -> Outcome {
        let mut best: Option<Outcome> = None;
        let mut first: Option<Outcome> = None;
        let mut count = 0;
        for schema in schemas {
            let found = self.value(value, None, schema, place);
            if found.is_valid() {
                count += 1;
                best = None;
                first.get_or_insert(found);
            } else if count == 0 {
                keep_best(&mut best, found);
            }
        }
        let how_many = match count {
            0 => "Found none valid".to_owned(),
            1 => return first.unwrap_or_default(),
            _ => format!("Found {count} valid alternatives"),
        };
        let name = quote(&place.name());
        let why = format!("{name} must validate one and only one schema (oneOf). {how_many}");
        let mut outcome = Outcome::from(self.general(why));
        outcome.merge(best.unwrap_or_default());
        outcome
    }

    fn all_of(&self, value: &Value, schemas: &[Structural], place: &Place) -> Outcome {
        let mut outcome = Outcome::default();
        let mut count = 0;
        for schema in schemas {
            let found = self.value(value, None, schema, place);
            count += usize::from(found.is_valid());
            outcome.merge(found);
        }
        if count < schemas.len() {
            let none = if count == 0 { ". None validated" } else { "" };
            let name = quote(&place.name());
            let why = format!("{name} must validate all the schemas (allOf){none}");
            outcome.add(self.general(why));
        }
        outcome
    }

    /// The types a value may be of.
    fn types<'s>(&self, schema: &'s Structural) -> Types<'s> {
        match schema.ty.as_str() {
            _ if schema.int_or_string && self.is_request => {
                Types::from_slice(&["integer", "string"])
            }
            "" => Types::new(),
            ty => Types::from_slice(&[ty]),
        }
    }

    /// The format that is looked at: in requests, one that is known for the type.
    fn format_name<'s>(&self, schema: &'s Structural) -> &'s str {
        if !self.is_request {
            return &schema.format;
        }
        match (schema.ty.as_str(), schema.format.as_str()) {
            _ if schema.checked_format.is_some() => &schema.format,
            ("integer", "int32" | "int64") if !schema.int_or_string => &schema.format,
            ("number", "float" | "double") if !schema.int_or_string => &schema.format,
            _ => "",
        }
    }
}

/// Keeps the failure that passed more checks; of equals, the first.
fn keep_best(best: &mut Option<Outcome>, found: Outcome) {
    if best.as_ref().is_none_or(|best| found.passed > best.passed) {
        *best = Some(found);
    }
}

/// Whether a value is one of these, after a conversion to the Go type of each. Null is none of them.
pub(super) fn is_one_of(value: &Value, allowed: &[Value]) -> bool {
    allowed.iter().any(|one| match (value, one) {
        (Value::Null, _) => false,
        (Value::Number(_), Value::Number(_)) => match (Number::of(value), Number::of(one)) {
            (Some(Number::Int(value)), Some(Number::Int(one))) => value == one,
            (Some(value), Some(Number::Int(one))) => value.truncated() == one,
            (Some(value), Some(Number::Float(one))) => value.as_float() == one,
            _ => false,
        },
        // An integer converts to the text of that character.
        (Value::Number(number), Value::String(one)) => number.as_i64().is_some_and(|code| {
            let char = u32::try_from(code).ok().and_then(char::from_u32);
            one.chars().eq([char.unwrap_or('\u{fffd}')])
        }),
        (value, one) => value == one,
    })
}

/// A text that two values have in common if and only if Go finds them deeply equal.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Number(_) => match Number::of(value) {
            Some(Number::Int(integer)) => integer.to_string(),
            _ => format!("{}f", compact(value)),
        },
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let members: Vec<String> = crate::codec::json::sorted(map)
                .into_iter()
                .map(|(key, value)| format!("{}:{}", quote(key), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        other => compact(other),
    }
}
