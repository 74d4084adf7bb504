//! core/v1 LimitRange.

use serde_json::{Map, Value};

use super::strategy::{Strategy, WriteContext};
use super::validation::core::validate_object_meta;
use super::validation::meta::invalid_each;
use super::validation::read::{list_at, members_at, text_at};
use super::validation::resource_names::{self, quantity};
use crate::codec::quantity::Quantity;
use crate::names::{is_qualified_name, name_is_dns_subdomain};
use crate::object::{meta_str, metadata_mut};
use crate::status::field::FieldError;

/// What amounts in thousandths are compared by does not overflow below this.
const MILLI_MAX: i64 = i64::MAX / 1000;

pub(crate) struct LimitRanges;

impl Strategy for LimitRanges {
    /// Of containers, what one limit says the others follow.
    fn set_defaults(&self, object: &mut Value) {
        let limits = object["spec"]["limits"].as_array_mut();
        let containers = limits
            .into_iter()
            .flatten()
            .filter(|limit| limit["type"] == "Container");
        for limit in containers {
            fill(limit, "default", "max");
            fill(limit, "defaultRequest", "default");
            fill(limit, "defaultRequest", "min");
        }
    }

    /// One without a name gets one that nobody would give it.
    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        let is_named = |field| !meta_str(object, field).is_empty();
        if !is_named("name") && !is_named("generateName") {
            metadata_mut(object).insert("name".to_owned(), write.chance.unique().into());
        }
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate_object_meta(object, true, name_is_dns_subdomain);
        let limits = list_at(&object["spec"], "limits");
        for (i, limit) in limits.iter().enumerate() {
            let path = format!("spec.limits[{i}]");
            let kind = text_at(limit, "type");
            errors.extend(validate_type(kind, &format!("{path}.type")));
            let same = |other: &Value| text_at(other, "type") == kind;
            if limits[..i].iter().any(same) {
                let path = format!("{path}.type");
                errors.push(FieldError::duplicate(path, &kind.into()));
            }
            errors.extend(validate_limit(limit, kind, &path));
        }
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<FieldError> {
        self.validate(write, object)
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }
}

/// Takes over from one list of amounts what another leaves out.
fn fill(limit: &mut Value, field: &str, from: &str) {
    let Some(source) = limit[from].as_object().cloned() else {
        return;
    };
    if !limit[field].is_object() {
        limit[field] = Value::Object(Map::new());
    }
    if let Some(amounts) = limit[field].as_object_mut() {
        for (name, amount) in source {
            amounts.entry(name).or_insert(amount);
        }
    }
}

fn validate_type(kind: &str, path: &str) -> Vec<FieldError> {
    let errors = invalid_each(path, kind, is_qualified_name(kind));
    let is_known =
        kind.contains('/') || matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim");
    if errors.is_empty() && !is_known {
        let reason = "must be a standard limit type or fully qualified";
        return vec![FieldError::invalid_str(path, kind, reason)];
    }
    errors
}

fn validate_limit(limit: &Value, kind: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let names = |field: &str, errors: &mut Vec<FieldError>| {
        for (name, _) in members_at(limit, field) {
            let path = format!("{path}.{field}[{name}]");
            errors.extend(match kind {
                "Pod" | "Container" => resource_names::validate_of_container(name, &path),
                _ => resource_names::validate(name, &path),
            });
        }
    };
    names("max", &mut errors);
    names("min", &mut errors);
    for field in ["default", "defaultRequest"] {
        if kind != "Pod" {
            names(field, &mut errors);
        } else if !members_at(limit, field).is_empty() {
            let detail = "may not be specified when `type` is 'Pod'";
            errors.push(FieldError::forbidden(format!("{path}.{field}"), detail));
        }
    }
    let has_storage = ["min", "max"]
        .iter()
        .any(|field| !limit[*field]["storage"].is_null());
    if kind == "PersistentVolumeClaim" && !has_storage {
        errors.push(FieldError::required(
            format!("{path}.limits"),
            "either minimum or maximum storage value is required, but neither was provided",
        ));
    }
    names("maxLimitRequestRatio", &mut errors);
    for name in named(limit, kind) {
        errors.extend(Amounts::of(limit, kind, name).validate(name, path));
    }
    errors
}

/// All resources that a limit is about.
fn named<'a>(limit: &'a Value, kind: &str) -> Vec<&'a str> {
    let fields: &[&str] = match kind {
        "Pod" => &["max", "min", "maxLimitRequestRatio"],
        _ => &[
            "max",
            "min",
            "default",
            "defaultRequest",
            "maxLimitRequestRatio",
        ],
    };
    let members = fields.iter().flat_map(|field| members_at(limit, field));
    let mut names: Vec<&str> = members.map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What a limit says of one resource.
struct Amounts {
    min: Option<Quantity>,
    max: Option<Quantity>,
    default: Option<Quantity>,
    request: Option<Quantity>,
    ratio: Option<Quantity>,
}

impl Amounts {
    fn of(limit: &Value, kind: &str, name: &str) -> Self {
        let amount = |field: &str| limit[field].get(name).map(quantity);
        let default = |field: &str| amount(field).filter(|_| kind != "Pod");
        Amounts {
            min: amount("min"),
            max: amount("max"),
            default: default("default"),
            request: default("defaultRequest"),
            ratio: amount("maxLimitRequestRatio"),
        }
    }

    /// Which amount must not be above which, and what is said of whom if it is.
    fn validate(&self, name: &str, path: &str) -> Vec<FieldError> {
        let orders = [
            (&self.min, "min value", &self.max, "max value", "min", false),
            (
                &self.min,
                "min value",
                &self.request,
                "default request value",
                "defaultRequest",
                true,
            ),
            (
                &self.request,
                "default request value",
                &self.max,
                "max value",
                "defaultRequest",
                false,
            ),
            (
                &self.request,
                "default request value",
                &self.default,
                "default limit value",
                "defaultRequest",
                false,
            ),
            (
                &self.min,
                "min value",
                &self.default,
                "default value",
                "default",
                false,
            ),
            (
                &self.default,
                "default value",
                &self.max,
                "max value",
                "default",
                true,
            ),
        ];
        let mut errors = Vec::new();
        for (low, low_word, high, high_word, field, shows_high) in orders {
            let (Some(low), Some(high)) = (low, high) else {
                continue;
            };
            if low > high {
                let shown = if shows_high { high } else { low };
                let (low, high) = (low.as_str(), high.as_str());
                let reason = format!("{low_word} {low} is greater than {high_word} {high}");
                let path = format!("{path}.{field}[{name}]");
                errors.push(FieldError::invalid_str(path, shown.as_str(), reason));
            }
        }
        errors.extend(self.validate_ratio(&format!("{path}.maxLimitRequestRatio[{name}]")));
        errors.extend(self.validate_equal(name, path));
        errors
    }

    /// What cannot be promised twice is asked for as it is limited.
    fn validate_equal(&self, name: &str, path: &str) -> Option<FieldError> {
        let (default, request) = (self.default.as_ref()?, self.request.as_ref()?);
        if resource_names::is_overcommit_allowed(name) || default == request {
            return None;
        }
        let (default, request) = (default.as_str(), request.as_str());
        let reason = format!(
            "default value {default} must equal to defaultRequest value {request} in {name}"
        );
        let path = format!("{path}.defaultRequest[{name}]");
        Some(FieldError::invalid_str(path, request, reason))
    }

    fn validate_ratio(&self, path: &str) -> Vec<FieldError> {
        let Some(ratio) = &self.ratio else {
            return Vec::new();
        };
        let text = ratio.as_str();
        let mut errors = Vec::new();
        if *ratio < Quantity::whole(1) {
            let reason = format!("ratio {text} is less than 1");
            errors.push(FieldError::invalid_str(path, text, reason));
        }
        if let (Some(min), Some(max)) = (&self.min, &self.max) {
            let is_small = [ratio, min, max]
                .iter()
                .all(|amount| amount.value() < MILLI_MAX);
            let (wanted, widest) = match is_small {
                true => (
                    ratio.milli_value() as f64 / 1000.0,
                    max.milli_value() as f64 / min.milli_value() as f64,
                ),
                false => (
                    ratio.value() as f64,
                    max.value() as f64 / min.value() as f64,
                ),
            };
            if wanted > widest {
                let reason = format!("ratio {text} is greater than max/min = {widest:.6}");
                errors.push(FieldError::invalid_str(path, text, reason));
            }
        }
        errors
    }
}
