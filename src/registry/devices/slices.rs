//! resource.k8s.io ResourceSlice.

use serde_json::Value;

use super::counters::validate_counters;
use super::{by, device, invalid_each, validate_driver_name};
use super::{validate_pool_name, validate_set};
use crate::names::name_is_dns_subdomain;
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::go_types::shown_list;
use crate::registry::validation::node_selector::validate_node_selector;
use crate::registry::validation::read::{list_at, number_at, text_at};
use crate::status::field::FieldError;

pub(in crate::registry) struct ResourceSlices;

const DEVICES_MAX: usize = 128;
/// Of devices that can do more.
const ADVANCED_DEVICES_MAX: usize = 64;
const COUNTER_SETS_MAX: usize = 8;
const ONE_PLACE: &str =
    "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
const IMMUTABLE: &str = "field is immutable";

impl Strategy for ResourceSlices {
    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        declared::reset(write, object, None);
        device::date_taints(object, write.now);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        device::date_taints(object, write.now);
        declared::reset(write, object, Some(old));
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"], None));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate_update(write, object, old);
        errors.extend(validate_spec(&object["spec"], Some(&old["spec"])));
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let driver = text_at(&object["spec"], "driver");
        let warning = format!(
            "spec.driver: driver names should be lowercase; {} contains uppercase characters",
            crate::codec::quote::quote(driver)
        );
        let has_capitals = driver.to_lowercase() != driver;
        has_capitals.then_some(warning).into_iter().collect()
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        match column {
            "Node" => text_at(spec, "nodeName").into(),
            "Driver" => text_at(spec, "driver").into(),
            "Pool" => text_at(&spec["pool"], "name").into(),
            _ => Value::Null,
        }
    }
}

/// `validateResourceSliceSpec`.
fn validate_spec(spec: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = validate_driver_name(text_at(spec, "driver"), "spec.driver");
    errors.extend(validate_pool(&spec["pool"]));
    for (field, part) in [("pool", Some("name")), ("driver", None), ("nodeName", None)] {
        let value = |spec: &Value| part.map_or(spec[field].clone(), |p| spec[field][p].clone());
        if old.is_some_and(|old| value(old) != value(spec)) {
            let path = part.map_or(format!("spec.{field}"), |p| format!("spec.{field}.{p}"));
            errors.push(FieldError::invalid(path, &value(spec), IMMUTABLE));
        }
    }
    errors.extend(validate_place(spec));
    let (devices, counters) = (list_at(spec, "devices"), list_at(spec, "sharedCounters"));
    if !devices.is_empty() && !counters.is_empty() {
        let reason = "only one of `sharedCounters` or `devices` is allowed";
        errors.push(FieldError::invalid_str("spec", "", reason));
    }
    let max = match devices.iter().any(device::is_advanced) {
        true => ADVANCED_DEVICES_MAX,
        false => DEVICES_MAX,
    };
    let per_device = spec["perDeviceNodeSelection"] == Value::Bool(true);
    let key = by("name");
    errors.extend(validate_set(
        devices,
        max,
        "spec.devices",
        key,
        |device, path| {
            let before = old.map_or(&[] as &[Value], |old| list_at(old, "devices"));
            let before = before.iter().find(|other| other["name"] == device["name"]);
            device::validate(device, before, per_device, path)
        },
    ));
    errors.extend(validate_set(
        counters,
        COUNTER_SETS_MAX,
        "spec.sharedCounters",
        by("name"),
        |set, path| validate_counters(set, "name", path),
    ));
    errors
}

fn validate_pool(pool: &Value) -> Vec<FieldError> {
    let path = "spec.pool";
    let mut errors = validate_pool_name(text_at(pool, "name"), &format!("{path}.name"));
    let (count, generation) = (
        number_at(pool, "resourceSliceCount"),
        number_at(pool, "generation"),
    );
    if count <= 0 {
        let path = format!("{path}.resourceSliceCount");
        let reason = "must be greater than zero";
        errors.push(FieldError::invalid(path, &count.into(), reason));
    }
    if generation < 0 {
        let path = format!("{path}.generation");
        let reason = "must be greater than or equal to zero";
        errors.push(FieldError::invalid(path, &generation.into(), reason));
    }
    errors
}

/// Where the devices are.
fn validate_place(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut set = Vec::new();
    match spec["nodeName"].as_str() {
        None => {}
        Some("") => errors.push(FieldError::invalid_str(
            "spec.nodeName",
            "",
            "must be either unset or set to a non-empty string",
        )),
        Some(name) => {
            set.push("`nodeName`");
            let reasons = name_is_dns_subdomain(name, false);
            errors.extend(invalid_each("spec.nodeName", name, reasons));
        }
    }
    let selector = &spec["nodeSelector"];
    if !selector.is_null() {
        set.push("`nodeSelector`");
        errors.extend(validate_node_selector(selector, "spec.nodeSelector"));
        let terms = list_at(selector, "nodeSelectorTerms");
        if terms.len() != 1 {
            let path = "spec.nodeSelector.nodeSelectorTerms";
            let shown = match selector["nodeSelectorTerms"].is_null() {
                true => "null".to_owned(),
                false => shown_list("NodeSelectorTerm", terms),
            };
            let reason = "must have exactly one node selector term";
            errors.push(FieldError::invalid_shown(path, shown, reason));
        }
    }
    for (field, shown) in [
        ("allNodes", "`allNodes`"),
        ("perDeviceNodeSelection", "`perDeviceNodeSelection`"),
    ] {
        match spec[field].as_bool() {
            None => {}
            Some(true) => set.push(shown),
            Some(false) => errors.push(FieldError::invalid(
                format!("spec.{field}"),
                &false.into(),
                "must be either unset or set to true",
            )),
        }
    }
    match set.len() {
        0 => errors.push(FieldError::required("spec", ONE_PLACE)),
        1 => {}
        _ => {
            let shown = format!("{{{}}}", set.join(", "));
            let reason = format!("{ONE_PLACE}, but multiple fields are set");
            errors.push(FieldError::invalid_str("spec", &shown, reason));
        }
    }
    errors
}
