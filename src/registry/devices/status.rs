//! What became of a claim.

use serde_json::{Value, json};

use super::request::{CONFIG_MAX, validate_reference, validate_references};
use super::{
    conditions, itself, validate_admin, validate_binding, validate_configuration,
    validate_driver_name, validate_items, validate_label, validate_pool_name, validate_raw,
    validate_set, validate_uid,
};
use crate::codec::quote::quote;
use crate::object::is_terminating;
use crate::registry::strategy::WriteContext;
use crate::registry::validation::go_types::shown;
use crate::registry::validation::ip::validate_interface_address;
use crate::registry::validation::node_selector::validate_node_selector;
use crate::registry::validation::read::{list_at, text_at};
use crate::status::field::FieldError;

const CONSUMERS_MAX: usize = 256;
const RESULTS_MAX: usize = 32;
const CONDITIONS_MAX: usize = 8;
const DATA_MAX: usize = 10 * 1024;
const IPS_MAX: usize = 16;
const INTERFACE_MAX: usize = 256;
const HARDWARE_MAX: usize = 128;
const SOURCES: [&str; 2] = ["FromClaim", "FromClass"];

/// By what a device is known, and who has which share of it.
fn id(device: &Value) -> String {
    let text = |field| text_at(device, field);
    let id = json!({
        "driver": text("driver"), "pool": text("pool"), "device": text("device"), "shareID": text("shareID"),
    });
    shown("SharedDeviceID", &id)
}

fn results(object: &Value) -> &[Value] {
    list_at(&object["status"]["allocation"]["devices"], "results")
}

/// What is said of devices that the claim no longer has goes with them.
pub(super) fn drop_released(object: &mut Value, old: &Value) {
    let has: Vec<String> = results(object).iter().map(id).collect();
    let mut released: Vec<String> = results(old).iter().map(id).collect();
    released.retain(|device| !has.contains(device));
    let status = &mut object["status"];
    let Some(devices) = status.get_mut("devices").and_then(Value::as_array_mut) else {
        return;
    };
    devices.retain(|device| !released.contains(&id(device)));
    if devices.is_empty() {
        status
            .as_object_mut()
            .map(|status| status.remove("devices"));
    }
}

/// `AuthorizedForAdminStatus`.
pub(super) fn validate_admin_access(
    write: &WriteContext<'_>,
    object: &Value,
    old: &Value,
) -> Vec<FieldError> {
    let admin = |object| {
        let mut results = results(object).iter();
        results.position(|result| result["adminAccess"] == Value::Bool(true))
    };
    let Some(index) = admin(object).filter(|_| admin(old).is_none()) else {
        return Vec::new();
    };
    let path = format!("status.allocation.devices.results[{index}].adminAccess");
    validate_admin(write, object, path).into_iter().collect()
}

/// `validateResourceClaimStatusUpdate`.
pub(super) fn validate(object: &Value, old: &Value) -> Vec<FieldError> {
    let (status, before) = (&object["status"], &old["status"]);
    let reserved = list_at(status, "reservedFor");
    let path = "status.reservedFor";
    let key = |consumer: &Value| quote(text_at(consumer, "uid"));
    let mut errors = validate_set(reserved, CONSUMERS_MAX, path, key, |consumer, path| {
        let missing = ["resource", "name", "uid"].into_iter();
        let missing = missing.filter(|field| text_at(consumer, field).is_empty());
        missing
            .map(|field| FieldError::required(format!("{path}.{field}"), ""))
            .collect()
    });
    let allocated: Vec<String> = results(object).iter().map(id).collect();
    let devices = list_at(status, "devices");
    errors.extend(validate_set(
        devices,
        usize::MAX,
        "status.devices",
        id,
        |device, path| validate_device(device, &allocated, path),
    ));
    let allocation = &status["allocation"];
    if !reserved.is_empty() && allocation.is_null() {
        let reason = "may not be specified when `allocated` is not set";
        errors.push(FieldError::forbidden(path, reason));
    } else if is_terminating(object) {
        let known = list_at(before, "reservedFor");
        if reserved.iter().any(|consumer| !known.contains(consumer)) {
            let reason = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
            errors.push(FieldError::forbidden(path, reason));
        }
    }
    let path = "status.allocation";
    match (allocation.is_null(), before["allocation"].is_null()) {
        (true, _) => {}
        (false, true) => {
            let claim = &object["spec"]["devices"];
            errors.extend(validate_allocation(allocation, claim, path));
        }
        (false, false) if *allocation != before["allocation"] => {
            let shown = shown("AllocationResult", allocation);
            errors.push(FieldError::invalid_shown(path, shown, "field is immutable"));
        }
        _ => {}
    }
    errors
}

/// `validateDeviceStatus`.
fn validate_device(device: &Value, allocated: &[String], path: &str) -> Vec<FieldError> {
    let at = |field: &str| format!("{path}.{field}");
    let mut errors = validate_identity(device, path);
    if let Some(share) = device["shareID"].as_str() {
        errors.extend(validate_uid(share, &at("shareID")));
    }
    let id = id(device);
    if !allocated.contains(&id) {
        let reason = "must be an allocated device in the claim";
        errors.push(FieldError::invalid_shown(path, id, reason));
    }
    let conditions = list_at(device, "conditions");
    let count = conditions.len();
    if count > CONDITIONS_MAX {
        errors.push(FieldError::too_many(
            at("conditions"),
            count,
            CONDITIONS_MAX,
        ));
    }
    errors.extend(conditions::validate(conditions, &at("conditions")));
    if !device["data"].is_null() {
        errors.extend(validate_raw(&device["data"], &at("data"), DATA_MAX));
    }
    errors.extend(validate_network(&device["networkData"], &at("networkData")));
    errors
}

fn validate_identity(device: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = validate_driver_name(text_at(device, "driver"), &format!("{path}.driver"));
    let pool = text_at(device, "pool");
    errors.extend(validate_pool_name(pool, &format!("{path}.pool")));
    let name = text_at(device, "device");
    errors.extend(validate_label(name, &format!("{path}.device")));
    errors
}

/// `validateNetworkDeviceData`.
fn validate_network(data: &Value, path: &str) -> Vec<FieldError> {
    let limits = [
        ("interfaceName", INTERFACE_MAX),
        ("hardwareAddress", HARDWARE_MAX),
    ];
    let long = limits
        .into_iter()
        .filter(|(field, max)| text_at(data, field).len() > *max);
    let mut errors: Vec<FieldError> = long
        .map(|(field, max)| FieldError::too_long(format!("{path}.{field}"), max))
        .collect();
    let ips = list_at(data, "ips");
    errors.extend(validate_set(
        ips,
        IPS_MAX,
        &format!("{path}.ips"),
        itself,
        |ip, path| validate_interface_address(path, ip.as_str().unwrap_or_default()),
    ));
    errors
}

/// `validateAllocationResult`.
fn validate_allocation(allocation: &Value, claim: &Value, path: &str) -> Vec<FieldError> {
    let devices = &allocation["devices"];
    let at = format!("{path}.devices.results");
    let results = list_at(devices, "results");
    let mut errors = validate_items(results, RESULTS_MAX, &at, |result, path| {
        let request = text_at(result, "request");
        let mut errors = validate_reference(request, claim, &format!("{path}.request"));
        errors.extend(validate_identity(result, path));
        errors.extend(validate_binding(result, path));
        if let Some(share) = result["shareID"].as_str() {
            errors.extend(validate_uid(share, &format!("{path}.shareID")));
        }
        errors
    });
    let at = format!("{path}.devices.config");
    let config = list_at(devices, "config");
    errors.extend(validate_items(
        config,
        2 * CONFIG_MAX,
        &at,
        |config, path| {
            let source = text_at(config, "source");
            let at = format!("{path}.source");
            let mut errors = Vec::new();
            match source {
                "" => errors.push(FieldError::required(at, "")),
                source if SOURCES.contains(&source) => {}
                _ => errors.push(FieldError::not_supported(at, &source.into(), &SOURCES)),
            }
            errors.extend(validate_references(config, claim, path));
            errors.extend(validate_configuration(config, path));
            errors
        },
    ));
    let selector = &allocation["nodeSelector"];
    if !selector.is_null() {
        let path = format!("{path}.nodeSelector");
        errors.extend(validate_node_selector(selector, &path));
    }
    errors
}
