//! The approval of definitions in the groups of the community.

use serde_json::Value;

use super::conditions::{API_APPROVAL, Condition};
use crate::codec::quote::quote;
use crate::registry::validation::read::{annotation, text_at};
use crate::status::field::FieldError;

const ANNOTATION: &str = "api-approved.kubernetes.io";

/// Whether a definition in a protected group is approved.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Approval {
    Invalid,
    Approved,
    Bypassed,
    Missing,
}

fn is_protected(group: &str) -> bool {
    let below = |domain: &str| {
        let rest = group.strip_suffix(domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    below("k8s.io") || below("kubernetes.io")
}

fn state(crd: &Value) -> (Approval, String) {
    const SEE: &str = "see https://github.com/kubernetes/enhancements/pull/1111";
    let annotation = annotation(crd, ANNOTATION).unwrap_or_default();
    if annotation.is_empty() {
        let text =
            format!("protected groups must have approval annotation \"{ANNOTATION}\", {SEE}");
        return (Approval::Missing, text);
    }
    if annotation.starts_with("unapproved") {
        return (
            Approval::Bypassed,
            format!("not approved: {}", quote(annotation)),
        );
    }
    if has_scheme_and_host(annotation) {
        return (Approval::Approved, format!("approved in {annotation}"));
    }
    let text = format!(
        "protected groups must have approval annotation \"{ANNOTATION}\" with either a URL or a reason starting with \
         \"unapproved\", {SEE}"
    );
    (Approval::Invalid, text)
}

/// Whether Go reads a text as the URI of a request that names a host.
fn has_scheme_and_host(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let mut letters = scheme.chars();
    let is_scheme = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let is_host = !host.is_empty()
        && host
            .chars()
            .all(|c| !c.is_ascii_control() && !" <>\"\\^`{|}".contains(c))
        && has_sound_port(host);
    is_scheme && is_host && has_sound_escapes(rest)
}

fn has_sound_port(host: &str) -> bool {
    let port = match host.rsplit_once(']') {
        Some((_, port)) => port,
        None => host.find(':').map_or("", |colon| &host[colon..]),
    };
    port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

fn has_sound_escapes(rest: &str) -> bool {
    let path = rest.split('?').next().unwrap_or_default();
    let sound = path.split('%').skip(1).all(|after| {
        let digits = after.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.count() == 2
    });
    sound && !rest.chars().any(|c| c.is_ascii_control())
}

/// What the condition is to say, for a protected group.
pub(super) fn condition(crd: &Value) -> Option<Condition> {
    if !is_protected(text_at(&crd["spec"], "group")) {
        return None;
    }
    let (approval, message) = state(crd);
    let (status, reason) = match approval {
        Approval::Invalid => ("False", "InvalidAnnotation"),
        Approval::Missing => ("False", "MissingAnnotation"),
        Approval::Approved => ("True", "ApprovedAnnotation"),
        Approval::Bypassed => ("False", "UnapprovedAnnotation"),
    };
    Some(Condition::new(API_APPROVAL, status, reason, message))
}

/// The approval must be there, unless nothing changes.
pub(super) fn validate(crd: &Value, old: Option<&Value>) -> Vec<FieldError> {
    if !is_protected(text_at(&crd["spec"], "group")) {
        return Vec::new();
    }
    let (approval, reason) = state(crd);
    if old.is_some_and(|old| state(old).0 == approval) {
        return Vec::new();
    }
    let path = format!("metadata.annotations[{ANNOTATION}]");
    match approval {
        Approval::Invalid => {
            let value = annotation(crd, ANNOTATION).unwrap_or_default();
            vec![FieldError::invalid_str(path, value, reason)]
        }
        Approval::Missing => vec![FieldError::required(path, reason)],
        Approval::Approved | Approval::Bypassed => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_approval_is_an_address_or_the_lack_of_one() {
        for (group, annotation, wanted) in [
            ("example.com", "", None),
            ("x-k8s.io", "", None),
            ("k8s.io", "", Some("MissingAnnotation")),
            ("a.k8s.io", "nonsense", Some("InvalidAnnotation")),
            ("a.k8s.io", "/path", Some("InvalidAnnotation")),
            (
                "a.kubernetes.io",
                "unapproved, later",
                Some("UnapprovedAnnotation"),
            ),
            (
                "a.k8s.io",
                "https://github.com/x/pull/1",
                Some("ApprovedAnnotation"),
            ),
            ("a.k8s.io", "https://", Some("InvalidAnnotation")),
            ("a.k8s.io", "https://h:x/", Some("InvalidAnnotation")),
        ] {
            let crd = json!({"metadata": {"annotations": {ANNOTATION: annotation}}, "spec": {"group": group}});
            let said = condition(&crd).map(|condition| condition.reason);
            assert_eq!(said, wanted, "{group} {annotation}");
        }
    }
}
