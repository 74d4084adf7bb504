//! What a Node must be like: `ValidateNode` and `ValidateNodeUpdate`.

use serde_json::Value;

use super::super::validation::resource_names::COUNTED;
use super::super::validation::{core, ip};
use crate::codec::json::compact;
use crate::codec::quantity::Quantity;
use crate::codec::quote::quote;
use crate::names::{is_label_value, is_qualified_name, name_is_dns_subdomain};
use crate::status::field::FieldError;

const MAX_FEATURE_NAME: usize = 253;

pub(super) fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta(object, false, name_is_dns_subdomain);
    // Upstream looks for them below the metadata, and says so.
    errors.extend(validate_taints(
        &object["spec"]["taints"],
        "metadata.taints",
    ));
    errors.extend(validate_resources(object));
    let swap = &object["status"]["nodeInfo"]["swap"]["capacity"];
    if swap.as_i64().is_some_and(|capacity| capacity <= 0) {
        let why = "must be greater than zero";
        errors.push(FieldError::invalid(
            "metadata.nodeSwapStatus.capacity",
            swap,
            why,
        ));
    }
    errors.extend(validate_features(&object["status"]["declaredFeatures"]));
    errors.extend(validate_networks(&object["spec"]["podCIDRs"]));
    errors
}

pub(super) fn validate_update(object: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(object, old);
    errors.extend(validate_resources(object));
    errors.extend(validate_features(&object["status"]["declaredFeatures"]));
    errors.extend(validate_addresses(&object["status"]["addresses"]));
    let (spec, before) = (&object["spec"], &old["spec"]);
    errors.extend(validate_changed_networks(
        list(&spec["podCIDRs"]),
        list(&before["podCIDRs"]),
    ));
    let provider = text(before, "providerID");
    if !provider.is_empty() && text(spec, "providerID") != provider {
        let why = "node updates may not change providerID except from \"\" to valid";
        errors.push(FieldError::forbidden("spec.providerID", why));
    }
    errors.extend(validate_taints(&spec["taints"], "metadata.taints"));
    if text(spec, "externalID") != text(before, "externalID") {
        errors.push(FieldError::forbidden(
            "spec.externalID",
            "may not be updated",
        ));
    }
    errors
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn validate_changed_networks(new: &[Value], old: &[Value]) -> Vec<FieldError> {
    let why = "node updates may not change podCIDR except from \"\" to valid";
    let changed = match new.len() == old.len() {
        true => old.iter().zip(new).filter(|(old, new)| old != new).count(),
        false => usize::from(!old.is_empty()),
    };
    vec![FieldError::forbidden("spec.podCIDRs", why); changed]
}

fn validate_networks(networks: &Value) -> Vec<FieldError> {
    let all = list(networks);
    let texts = || {
        all.iter()
            .map(|network| network.as_str().unwrap_or_default())
    };
    let path = "spec.podCIDRs";
    let check = |(i, network)| ip::validate_cidr(&format!("{path}[{i}]"), network);
    let mut errors: Vec<FieldError> = texts().enumerate().flat_map(check).collect();
    if all.len() > 1 {
        let is_ipv6 = |network: &str| network.contains(':');
        let is_pair = all.len() == 2 && texts().filter(|network| is_ipv6(network)).count() == 1;
        if !is_pair {
            let why = "may specify no more than one CIDR for each IP family";
            errors.push(FieldError::invalid(path, networks, why));
        }
    }
    errors
}

fn validate_addresses(addresses: &Value) -> Vec<FieldError> {
    let all = list(addresses);
    let repeated = all
        .iter()
        .enumerate()
        .filter(|(i, address)| all[..*i].contains(address));
    let error = |(i, address): (usize, &Value)| {
        let shown = format!(
            r#"{{"Type":{},"Address":{}}}"#,
            compact(&address["type"]),
            compact(&address["address"])
        );
        FieldError::duplicate_shown(format!("status.addresses[{i}]"), shown)
    };
    repeated.map(error).collect()
}

/// `validateNodeTaints`.
fn validate_taints(taints: &Value, path: &str) -> Vec<FieldError> {
    let all = list(taints);
    let mut errors = Vec::new();
    for (i, taint) in all.iter().enumerate() {
        let path = format!("{path}[{i}]");
        let [key, value, effect] = ["key", "value", "effect"].map(|field| text(taint, field));
        let wrong = is_qualified_name(key).into_iter();
        errors.extend(wrong.map(|why| FieldError::invalid_str(format!("{path}.key"), key, why)));
        let wrong = is_label_value(value);
        if !wrong.is_empty() {
            let why = wrong.join(";");
            errors.push(FieldError::invalid_str(format!("{path}.value"), value, why));
        }
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        let field = format!("{path}.effect");
        match effect {
            "" => errors.push(FieldError::required(field, "")),
            effect if effects.contains(&effect) => {}
            _ => errors.push(FieldError::not_supported(field, &effect.into(), &effects)),
        }
        let is_same = |other: &Value| text(other, "key") == key && text(other, "effect") == effect;
        if all[..i].iter().any(is_same) {
            let shown = format!(
                r#"{{"Key":{},"Value":{},"Effect":{},"TimeAdded":{}}}: taints must be unique by key and effect pair"#,
                compact(&key.into()),
                compact(&value.into()),
                compact(&effect.into()),
                compact(taint.get("timeAdded").unwrap_or(&Value::Null))
            );
            errors.push(FieldError::duplicate_shown(path, shown));
        }
    }
    errors
}

/// `ValidateNodeResources`.
fn validate_resources(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for part in ["capacity", "allocatable"] {
        for (name, amount) in object["status"][part].as_object().into_iter().flatten() {
            let path = format!("status.{part}.{name}");
            let Ok(quantity) = Quantity::parse(amount.as_str().unwrap_or_default()) else {
                continue;
            };
            if quantity.sign() < 0 {
                let why = "must be greater than or equal to 0";
                errors.push(FieldError::invalid(&*path, amount, why));
            }
            if is_counted(name) && quantity.milli_value() % 1000 != 0 {
                errors.push(FieldError::invalid(path, amount, "must be an integer"));
            }
        }
    }
    errors
}

/// `IsIntegerResourceName`.
fn is_counted(name: &str) -> bool {
    let is_native = !name.contains('/') || name.contains("kubernetes.io/");
    COUNTED.contains(&name) || !is_native && !name.starts_with("requests.")
}

fn validate_features(features: &Value) -> Vec<FieldError> {
    let names: Vec<&str> = list(features).iter().filter_map(Value::as_str).collect();
    let path = |i: usize| format!("status.declaredFeatures[{i}]");
    let mut errors = Vec::new();
    for (i, name) in names.iter().enumerate() {
        if let Some(why) = wrong_feature_name(name) {
            errors.push(FieldError::invalid_str(path(i), name, why));
        }
        match names.get(i + 1) {
            Some(next) if next == name => {
                errors.push(FieldError::duplicate(path(i + 1), &(*next).into()));
            }
            Some(next) if next < name => {
                let why = "list must be sorted alphabetically";
                errors.push(FieldError::invalid_str(path(i + 1), next, why));
            }
            _ => {}
        }
    }
    errors
}

fn wrong_feature_name(name: &str) -> Option<String> {
    let shown = quote(name);
    if name.len() > MAX_FEATURE_NAME {
        let why = format!("must be no more than {MAX_FEATURE_NAME} characters");
        return Some(format!("invalid feature name {shown}: {why}"));
    }
    let mut segments = name.split('/');
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let is_good = name.starts_with(|c: char| c.is_ascii_uppercase()) && segments.all(is_word);
    (!is_good).then(|| {
        format!(
            "invalid feature name {shown}: must start with an UpperCamelCase segment, with subsequent segments separated \
             by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
        )
    })
}
