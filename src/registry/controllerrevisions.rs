//! apps/v1 ControllerRevision.

use serde_json::Value;

use super::declared;
use super::strategy::{Strategy, WriteContext};
use super::workload::checks::{Checks, unchanged};
use crate::object::owner_references;
use crate::status::field::FieldError;
use crate::status::qualified;

pub(crate) struct ControllerRevisions;

impl Strategy for ControllerRevisions {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate(write, object);
        let data = object.get("data").unwrap_or(&Value::Null);
        if data.is_null() {
            errors.push(FieldError::required("data", "data is mandatory"));
        } else if !data.is_object() {
            errors.push(FieldError::required(
                "data",
                "data must be a valid JSON object",
            ));
        }
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate_update(write, object, old);
        errors.extend(validate(write, object));
        errors.extend(unchanged(&object["data"], &old["data"], "data"));
        errors
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        match column {
            "Controller" => controller(object).into(),
            _ => object["revision"].as_i64().unwrap_or_default().into(),
        }
    }
}

fn validate(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    let mut errors = declared::validate(write, object);
    let mut checks = Checks::of(object, "");
    checks.nonnegative(&["revision"]);
    errors.extend(checks.errors);
    errors
}

/// `deployment.apps/d`: who controls the object.
fn controller(object: &Value) -> String {
    let is_controller = |owner: &&Value| owner["controller"] == true;
    let Some(owner) = owner_references(object).iter().find(is_controller) else {
        return "<none>".to_owned();
    };
    let text = |field: &str| owner[field].as_str().unwrap_or_default();
    let group = text("apiVersion")
        .split_once('/')
        .map_or("", |(group, _)| group);
    let kind = qualified(&text("kind").to_lowercase(), group);
    format!("{kind}/{}", text("name"))
}
