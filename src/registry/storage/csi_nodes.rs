//! storage.k8s.io CSINode.

use serde_json::{Map, Value};

use crate::names::is_qualified_name;
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::drivers::validate_driver_name;
use crate::registry::validation::go_types::shown;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::status::field::FieldError;

pub(in crate::registry) struct CsiNodes;

const NODE_ID_MAX: usize = 256;

impl Strategy for CsiNodes {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        let drivers = list_at(&object["spec"], "drivers");
        for (i, driver) in drivers.iter().enumerate() {
            let is_known = drivers[..i].iter().any(|d| d["name"] == driver["name"]);
            let path = format!("spec.drivers[{i}]");
            errors.extend(validate_driver(driver, is_known, &path));
        }
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = self.validate(write, object);
        for before in list_at(&old["spec"], "drivers") {
            for driver in list_at(&object["spec"], "drivers") {
                let fixed = fixed(driver);
                if before["name"] == driver["name"] && fixed != self::fixed(before) {
                    let shown = shown("CSINodeDriver", &fixed.into());
                    let reason = "field is immutable";
                    errors.push(FieldError::invalid_shown("spec.drivers", shown, reason));
                }
            }
        }
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        list_at(&object["spec"], "drivers").len().into()
    }
}

/// What cannot change of a driver: all but how many volumes it takes.
fn fixed(driver: &Value) -> Map<String, Value> {
    let mut fixed = driver.as_object().cloned().unwrap_or_default();
    fixed.remove("allocatable");
    fixed
}

/// `validateCSINodeDriver`.
fn validate_driver(driver: &Value, is_known: bool, path: &str) -> Vec<FieldError> {
    let name = text_at(driver, "name");
    let mut errors = validate_driver_name(name, &format!("{path}.name"));
    let id = text_at(driver, "nodeID");
    if id.is_empty() {
        errors.push(FieldError::required(format!("{path}.nodeID"), ""));
    } else if id.len() > NODE_ID_MAX {
        let reason = format!("must be {NODE_ID_MAX} characters or less");
        errors.push(FieldError::invalid_str(
            format!("{path}.nodeID"),
            id,
            reason,
        ));
    }
    let count = &driver["allocatable"]["count"];
    if count.as_i64().is_some_and(|count| count < 0) {
        let reason = "must be greater than or equal to 0";
        let path = format!("{path}.allocatable.count");
        errors.push(FieldError::invalid(path, count, reason));
    }
    if is_known {
        errors.push(FieldError::duplicate(format!("{path}.name"), &name.into()));
    }
    let keys = texts_at(driver, "topologyKeys");
    for (i, key) in keys.iter().enumerate() {
        if key.is_empty() {
            errors.push(FieldError::required(path, ""));
        }
        if keys[..i].contains(key) {
            errors.push(FieldError::duplicate(path, &(*key).into()));
        }
        errors.extend(invalid_each(path, key, is_qualified_name(key)));
    }
    errors
}
