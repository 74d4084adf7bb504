//! What a request for a certificate must be like: upstream's `pkg/apis/certificates/validation`.
//!
//! The signature of the request is not checked: a fake needs no proof that somebody has a key.

use serde_json::Value;

use super::super::validation::core;
use super::{DECISIONS, conditions};
use crate::codec::quote::quote;
use crate::codec::{base64, der, pem};
use crate::names::{is_dns1123_label, is_dns1123_subdomain};
use crate::status::field::FieldError;

/// In the order the message lists them.
const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";
const MIN_SECONDS: i64 = 600;
const MAX_SUBDOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

/// Conditions that are there with the status True or not at all.
const TRUE_ONLY: [&str; 3] = ["Approved", "Denied", "Failed"];

/// Any name will do that can be part of a path.
fn any_name(_name: &str, _prefix: bool) -> Vec<String> {
    Vec::new()
}

/// What is tolerated of an old object is tolerated of the one in its place.
pub(super) fn validate(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta(object, false, any_name);
    let spec = &object["spec"];
    if let Err(why) = check_request(&spec["request"]) {
        let shown = Some(&spec["request"]).filter(|request| **request != "");
        errors.push(FieldError::invalid(
            "spec.request",
            shown.unwrap_or(&Value::Null),
            why,
        ));
    }
    errors.extend(validate_usages(spec, old));
    let signer = text(spec, "signerName");
    if signer == LEGACY_SIGNER && old.is_none_or(|old| text(&old["spec"], "signerName") != signer) {
        let why = "the legacy signerName is not allowed via this API version";
        errors.push(FieldError::invalid_str("spec.signerName", signer, why));
    } else if signer != LEGACY_SIGNER {
        errors.extend(validate_signer_name(signer, "spec.signerName"));
    }
    if spec["expirationSeconds"]
        .as_i64()
        .is_some_and(|seconds| seconds < MIN_SECONDS)
    {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        let seconds = &spec["expirationSeconds"];
        errors.push(FieldError::invalid("spec.expirationSeconds", seconds, why));
    }
    errors.extend(validate_conditions(object, old));
    let certificate = certificate(object);
    if old.is_none_or(|old| self::certificate(old) != certificate)
        && let Err(why) = check_certificate(certificate)
    {
        errors.push(FieldError::invalid_str(
            "status.certificate",
            "<certificate data>",
            why,
        ));
    }
    errors
}

pub(super) fn validate_update(subresource: &str, object: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate(object, Some(old));
    let mut forbid = |field: &str, why: String| errors.push(FieldError::forbidden(field, why));
    for ty in TRUE_ONLY {
        if of_type(object, ty).count() < of_type(old, ty).count() {
            let why = format!("updates may not remove a condition of type {}", quote(ty));
            forbid("status.conditions", why);
        }
    }
    for ty in DECISIONS.iter().filter(|_| subresource != "approval") {
        let (new, before) = (of_type(object, ty), of_type(old, ty));
        let (new, before): (Vec<_>, Vec<_>) = (new.collect(), before.collect());
        if new.len() > before.len() {
            let why = format!("updates may not add a condition of type {}", quote(ty));
            forbid("status.conditions", why);
        } else if new.len() == before.len() && new != before {
            let why = format!("updates may not modify a condition of type {}", quote(ty));
            forbid("status.conditions", why);
        }
    }
    let before = certificate(old);
    if certificate(object) != before {
        if subresource != "status" {
            let why = "updates may not set certificate content";
            forbid("status.certificate", why.to_owned());
        } else if !before.is_empty() {
            let why = "updates may not modify existing certificate content";
            forbid("status.certificate", why.to_owned());
        }
    }
    errors.extend(core::validate_object_meta_update(object, old));
    errors
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn certificate(object: &Value) -> &str {
    let certificate = object.pointer("/status/certificate");
    certificate.and_then(Value::as_str).unwrap_or_default()
}

fn of_type<'a>(object: &'a Value, ty: &'a str) -> impl Iterator<Item = &'a Value> {
    conditions(object)
        .iter()
        .filter(move |condition| condition["type"] == ty)
}

fn decode(value: &Value) -> String {
    let bytes = base64::decode(value.as_str().unwrap_or_default()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `ParseCSR`.
fn check_request(request: &Value) -> Result<(), &'static str> {
    let blocks = pem::blocks(&decode(request));
    let block = blocks
        .first()
        .filter(|block| block.label == "CERTIFICATE REQUEST");
    let block = block.ok_or("PEM block type must be CERTIFICATE REQUEST")?;
    match der::organizations(&block.bytes) {
        Some(_) => Ok(()),
        None => Err("asn1: structure error: malformed certificate request"),
    }
}

fn check_certificate(certificate: &str) -> Result<(), String> {
    if certificate.is_empty() {
        return Ok(());
    }
    let blocks = pem::blocks(&decode(&certificate.into()));
    if blocks.is_empty() {
        return Err("must contain at least one CERTIFICATE PEM block".to_owned());
    }
    for block in blocks {
        if block.label != "CERTIFICATE" {
            let found = quote(&block.label);
            return Err(format!(
                "only CERTIFICATE PEM blocks are allowed, found {found}"
            ));
        }
        if block.has_headers {
            return Err("no PEM block headers are permitted".to_owned());
        }
        if block.bytes.is_empty() {
            return Err("found CERTIFICATE PEM block containing 0 certificates".to_owned());
        }
    }
    Ok(())
}

fn validate_usages(spec: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let usages = spec["usages"].as_array().map_or(&[][..], Vec::as_slice);
    let path = |i: usize| format!("spec.usages[{i}]");
    if usages.is_empty() {
        return vec![FieldError::required("spec.usages", "")];
    }
    // They cannot change, so an old object has the same.
    if old.is_some() {
        return Vec::new();
    }
    let all = usages.iter().enumerate();
    let unknown = all
        .clone()
        .filter(|(_, usage)| !usage.as_str().is_some_and(|usage| USAGES.contains(&usage)));
    let unknown = unknown.map(|(i, usage)| FieldError::not_supported(path(i), usage, &USAGES));
    let repeated = all.filter(|(i, usage)| usages[..*i].contains(usage));
    let repeated = repeated.map(|(i, usage)| FieldError::duplicate(path(i), usage));
    unknown.chain(repeated).collect()
}

/// `ValidateSignerName`.
fn validate_signer_name(name: &str, field: &str) -> Vec<FieldError> {
    if name.is_empty() {
        return vec![FieldError::required(field, "")];
    }
    let segments: Vec<&str> = name.split('/').collect();
    let [domain, path] = segments[..] else {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        return vec![FieldError::invalid_str(field, name, why)];
    };
    let mut errors = Vec::new();
    if domain.len() > MAX_SUBDOMAIN {
        errors.push(FieldError::too_long(field, MAX_SUBDOMAIN));
    }
    errors.extend(validate_labels(domain, field, is_dns1123_label));
    if !domain.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        errors.push(FieldError::invalid_str(field, domain, why));
    }
    errors.extend(validate_labels(path, field, is_dns1123_subdomain));
    let longest = MAX_SUBDOMAIN + 1 + MAX_SUBDOMAIN + MAX_LABEL + 1;
    if name.len() > longest {
        errors.push(FieldError::too_long(field, longest));
    }
    errors
}

/// What is wrong with the first label of a segment that is not good.
fn validate_labels(segment: &str, field: &str, check: fn(&str) -> Vec<String>) -> Vec<FieldError> {
    let wrong = segment.split('.').map(|label| (label, check(label)));
    let first = wrong.into_iter().find(|(_, errors)| !errors.is_empty());
    let (label, problems) = first.unwrap_or_default();
    let problem = |why| {
        let detail = format!("validating label {}: {why}", quote(label));
        FieldError::invalid_str(field, segment, detail)
    };
    problems.into_iter().map(problem).collect()
}

fn validate_conditions(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let had = |ty: &str| old.is_some_and(|old| of_type(old, ty).next().is_some());
    let had_both = had("Approved") && had("Denied");
    let had_duplicates = old.is_some_and(|old| {
        let types = conditions(old)
            .iter()
            .map(|condition| text(condition, "type"));
        types
            .clone()
            .any(|ty| types.clone().filter(|other| *other == ty).count() > 1)
    });
    let had_empty = had("");
    let mut errors = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (i, condition) in conditions(object).iter().enumerate() {
        let ty = text(condition, "type");
        let path = |field: &str| format!("status.conditions[{i}].{field}");
        if ty.is_empty() && !had_empty {
            errors.push(FieldError::required(path("type"), ""));
        }
        let allowed: &[&str] = match TRUE_ONLY.contains(&ty) {
            true => &["True"],
            false => &["False", "True", "Unknown"],
        };
        match text(condition, "status") {
            "" => errors.push(FieldError::required(path("status"), "")),
            status if allowed.contains(&status) => {}
            status => {
                errors.push(FieldError::not_supported(
                    path("status"),
                    &status.into(),
                    allowed,
                ));
            }
        }
        let other = DECISIONS.iter().find(|other| **other != ty);
        if DECISIONS.contains(&ty) && !had_both && other.is_some_and(|other| seen.contains(other)) {
            let why = "Approved and Denied conditions are mutually exclusive";
            errors.push(FieldError::invalid_str("status.conditions", ty, why));
        }
        if seen.contains(&ty) && !had_duplicates {
            errors.push(FieldError::duplicate(path("type"), &ty.into()));
        }
        seen.push(ty);
    }
    errors
}
