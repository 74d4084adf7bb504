//! Volumes over iSCSI.

use serde_json::Value;

use crate::registry::validation::read::{number_at, text_at};
use crate::status::field::FieldError;

/// How long the name of a volume and its portal are together at most.
const PORTAL_MAX: usize = 64;

/// `validateISCSIPersistentVolumeSource`.
pub(super) fn validate(source: &Value, volume: &str, path: &str) -> Vec<FieldError> {
    let at = |field: &str| format!("{path}.{field}");
    let initiator = source["initiatorName"].as_str();
    let (portal, target) = (text_at(source, "targetPortal"), text_at(source, "iqn"));
    let mut errors = Vec::new();
    if portal.is_empty() {
        errors.push(FieldError::required(at("targetPortal"), ""));
    }
    if initiator.is_some() && volume.len() + 1 + portal.len() > PORTAL_MAX {
        let reason = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        errors.push(FieldError::invalid_str(at("targetportal"), portal, reason));
    }
    let wrong =
        |field: &str, name: &str| FieldError::invalid_str(at(field), name, "must be valid format");
    match target {
        "" => errors.push(FieldError::required(at("iqn"), "")),
        name => errors.extend((!is_name(name)).then(|| wrong("iqn", name))),
    }
    if !(0..=255).contains(&number_at(source, "lun")) {
        let reason = "must be between 0 and 255, inclusive";
        errors.push(FieldError::invalid(at("lun"), &source["lun"], reason));
    }
    let secret = &source["secretRef"];
    let authenticates = |field: &str| source[field] == Value::Bool(true);
    if (authenticates("chapAuthDiscovery") || authenticates("chapAuthSession")) && secret.is_null()
    {
        errors.push(FieldError::required(at("secretRef"), ""));
    }
    if !secret.is_null() && text_at(secret, "name").is_empty() {
        errors.push(FieldError::required(at("secretRef.name"), ""));
    }
    if let Some(name) = initiator.filter(|name| !is_name(name)) {
        errors.push(wrong("initiatorname", name));
    }
    errors
}

/// `iqn.2001-04.com.example:storage`, `eui.` with 16 or `naa.` with 32 letters and digits.
fn is_name(name: &str) -> bool {
    let has_letters = |rest: &str, count: usize| {
        let mut chars = rest.chars();
        let any = chars.next();
        let letters = chars.as_str();
        let all_letters = letters.chars().all(|c| c.is_ascii_alphanumeric());
        any.is_some() && letters.len() == count && all_letters
    };
    match name.get(..3) {
        Some("iqn") => is_qualified(&name[3..]),
        Some("eui") => has_letters(&name[3..], 16),
        Some("naa") => has_letters(&name[3..], 32),
        _ => false,
    }
}

/// `.2001-04.com.example:storage`
fn is_qualified(rest: &str) -> bool {
    let Some((authority, unique)) = rest.split_once(':') else {
        return false;
    };
    let (date, domain) = match (authority.get(..9), authority.get(9..)) {
        (Some(date), Some(domain)) => (date, domain),
        _ => return false,
    };
    let is_date = date.bytes().enumerate().all(|(i, byte)| match i {
        0 | 8 => byte == b'.',
        5 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let is_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let is_unique = |c: char| !",;*&$|".contains(c) && !c.is_ascii_whitespace();
    is_date
        && !domain.is_empty()
        && domain.chars().all(is_domain)
        && !unique.is_empty()
        && unique.chars().all(is_unique)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_one_of_three_forms() {
        for good in [
            "iqn.2001-04.com.example:storage.kube.sys1.xyz",
            "eui.0123456789abcdef",
            "naa.0123456789abcdef0123456789abcdef",
        ] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "x",
            "iqn.2001-04.com.example",
            "iqn.01-04.com:x",
            "eui.1",
            "iqn.2001-04.:x",
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
