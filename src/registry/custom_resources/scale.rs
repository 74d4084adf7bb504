//! The scale of a custom object, which is where its definition says.

use serde_json::Value;

use crate::kinds::{Custom, Scale};
use crate::registry::ScalePaths;
use crate::status::field::FieldError;

/// Where the numbers are.
pub(super) fn paths(custom: &Custom) -> ScalePaths {
    custom
        .scale
        .as_ref()
        .map_or_else(ScalePaths::default, |scale| ScalePaths {
            replicas: split(&scale.replicas),
            status_replicas: split(&scale.status_replicas),
            is_required: Some(scale.replicas.clone()),
        })
}

pub(super) fn selector(custom: &Custom, object: &Value) -> String {
    let path = custom.scale.as_ref().map(|scale| split(&scale.selector));
    let found = path.and_then(|path| at(object, &path).cloned());
    found
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// `ValidateScaleSpec` and `ValidateScaleStatus`; of a status only the latter.
pub(super) fn validate(object: &Value, custom: &Custom, subresource: &str) -> Vec<FieldError> {
    let Some(Scale {
        replicas,
        status_replicas,
        selector,
    }) = &custom.scale
    else {
        return Vec::new();
    };
    let mut errors = Vec::new();
    if subresource != "status" {
        errors.extend(check_number(object, replicas));
    }
    errors.extend(check_number(object, status_replicas));
    if !selector.is_empty()
        && let Some(found) = at(object, &split(selector))
        && !found.is_string()
    {
        errors.push(FieldError::invalid_str(
            selector.as_str(),
            "",
            wrong_type(selector, found, "string"),
        ));
    }
    errors
}

fn check_number(object: &Value, path: &str) -> Option<FieldError> {
    let found = at(object, &split(path))?;
    let (number, problem) = match found.as_i64() {
        None => (0, wrong_type(path, found, "int64")),
        Some(number) if number < 0 => (number, "should be a non-negative integer".to_owned()),
        Some(number) if number > i64::from(i32::MAX) => (
            number,
            format!("should be less than or equal to {}", i32::MAX),
        ),
        Some(_) => return None,
    };
    Some(FieldError::invalid(path, &number.into(), &problem))
}

/// What Go says of a value at a path that is not of the type it should be.
fn wrong_type(path: &str, found: &Value, wanted: &str) -> String {
    let (shown, is) = match found {
        Value::Null => ("<nil>".to_owned(), "<nil>"),
        Value::Bool(b) => (b.to_string(), "bool"),
        Value::Number(n) if n.is_i64() => (n.to_string(), "int64"),
        Value::Number(n) => (n.to_string(), "float64"),
        Value::String(s) => (s.clone(), "string"),
        Value::Array(_) => (crate::codec::go_value::show(found), "[]interface {}"),
        Value::Object(_) => (
            crate::codec::go_value::show(found),
            "map[string]interface {}",
        ),
    };
    let path = path.trim_start_matches('.');
    format!(".{path} accessor error: {shown} is of the type {is}, expected {wanted}")
}

fn split(path: &str) -> Vec<String> {
    let path = path.strip_prefix('.').unwrap_or(path);
    path.split('.').map(str::to_owned).collect()
}

fn at<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |at, name| at.get(name))
}
