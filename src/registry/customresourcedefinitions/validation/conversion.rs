//! How objects get from one version to another.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::ca_bundle;
use super::options::Allowed;
use crate::names::is_dns1035_label;
use crate::registry::admissionregistration::{validate_service, validate_url};
use crate::registry::validation::read::{text_at, texts_at};
use crate::status::field::FieldError;

const PATH: &str = "spec.conversion";
const ACCEPTED: [&str; 2] = ["v1", "v1beta1"];

/// `validateCustomResourceConversion`.
pub(super) fn validate(conversion: &Value, allowed: Allowed) -> Vec<FieldError> {
    if conversion.is_null() {
        return Vec::new();
    }
    let strategy = text_at(conversion, "strategy");
    let mut errors = Vec::new();
    errors.extend(one_of(
        strategy,
        &format!("{PATH}.strategy"),
        &["None", "Webhook"],
    ));
    let webhook = &conversion["webhook"];
    let (client, versions) = (
        &webhook["clientConfig"],
        texts_at(webhook, "conversionReviewVersions"),
    );
    let client_path = format!("{PATH}.webhookClientConfig");
    let versions_path = format!("{PATH}.conversionReviewVersions");
    if strategy == "Webhook" {
        match client.is_null() {
            true => {
                let detail = "required when strategy is set to Webhook";
                errors.push(FieldError::required(client_path, detail));
            }
            false => errors.extend(validate_client(client, &client_path, allowed)),
        }
        errors.extend(validate_versions(&versions, &versions_path, allowed));
        return errors;
    }
    const DETAIL: &str = "should not be set when strategy is not set to Webhook";
    if !client.is_null() {
        errors.push(FieldError::forbidden(client_path, DETAIL));
    }
    if !versions.is_empty() {
        errors.push(FieldError::forbidden(versions_path, DETAIL));
    }
    errors
}

/// One of these values, which must be there.
pub(super) fn one_of(value: &str, path: &str, accepted: &[&str]) -> Option<FieldError> {
    match value {
        "" => Some(FieldError::required(path, "")),
        _ if accepted.contains(&value) => None,
        _ => Some(FieldError::not_supported(path, &value.into(), accepted)),
    }
}

fn validate_client(client: &Value, path: &str, allowed: Allowed) -> Vec<FieldError> {
    let (url, service) = (&client["url"], &client["service"]);
    let mut errors = match (url.as_str(), service.is_null()) {
        (None, true) | (Some(_), false) => {
            let detail = "exactly one of url or service is required";
            vec![FieldError::required(path, detail)]
        }
        (Some(url), true) => validate_url(url, &format!("{path}.url")),
        (None, false) => validate_service(service, &format!("{path}.service")),
    };
    let bundle = text_at(client, "caBundle");
    if let Some(why) = ca_bundle::error(bundle).filter(|_| !allowed.invalid_bundle) {
        errors.push(FieldError::invalid_str(
            format!("{path}.caBundle"),
            bundle,
            why,
        ));
    }
    errors
}

fn validate_versions(versions: &[&str], path: &str, allowed: Allowed) -> Vec<FieldError> {
    if versions.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let (mut errors, mut seen) = (Vec::new(), BTreeSet::new());
    for (i, version) in versions.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if !seen.insert(*version) {
            errors.push(FieldError::invalid_str(path, version, "duplicate version"));
            continue;
        }
        let reasons = is_dns1035_label(version).into_iter();
        errors
            .extend(reasons.map(|reason| FieldError::invalid_str(path.as_str(), version, reason)));
    }
    if !allowed.unrecognized_versions && !has_recognized(versions) {
        let reason = format!("must include at least one of {}", ACCEPTED.join(", "));
        errors.push(FieldError::invalid(path, &versions.into(), reason));
    }
    errors
}

fn has_recognized(versions: &[&str]) -> bool {
    versions.iter().any(|version| ACCEPTED.contains(version))
}

/// Whether a webhook understands one of our versions, or does not say which it does.
pub(super) fn is_recognized(conversion: &Value) -> bool {
    let versions = texts_at(&conversion["webhook"], "conversionReviewVersions");
    versions.is_empty() || has_recognized(&versions)
}
