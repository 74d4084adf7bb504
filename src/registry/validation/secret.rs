//! Secrets: what each type must hold.

use std::collections::BTreeSet;

use serde_json::Value;

use super::configmap::{MAX_SIZE, byte_length, entries, validate_immutable, validate_key};
use super::core;
use super::meta::{metadata, text};
use crate::codec::{base64, json};
use crate::names::name_is_dns_subdomain;
use crate::status::field::FieldError;

const SERVICE_ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// `ValidateSecret`.
pub(crate) fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta(object, true, name_is_dns_subdomain);
    let data = entries(object, "data");
    for (key, _) in &data {
        errors.extend(validate_key(key, &format!("data[{key}]")));
    }
    if data
        .iter()
        .map(|(_, value)| byte_length(value))
        .sum::<usize>()
        > MAX_SIZE
    {
        errors.push(FieldError::too_long("data", MAX_SIZE));
    }
    errors.extend(validate_type(object));
    errors
}

/// `ValidateSecretUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(new, old);
    if new.get("type") != old.get("type") {
        let reason = "field is immutable";
        errors.push(FieldError::invalid_str("type", secret_type(new), reason));
    }
    errors.extend(validate_immutable(new, old, &["data"]));
    errors.extend(validate(new));
    errors
}

fn validate_type(object: &Value) -> Vec<FieldError> {
    let has = |key: &str| object["data"].get(key).is_some();
    let missing = |keys: &[&str]| {
        let missing = keys.iter().filter(|key| !has(key));
        missing
            .map(|key| FieldError::required(format!("data[{key}]"), ""))
            .collect()
    };
    match secret_type(object) {
        "kubernetes.io/service-account-token" => {
            let annotations = metadata(object)
                .get("annotations")
                .and_then(Value::as_object);
            let name = annotations.map_or("", |map| text(map, SERVICE_ACCOUNT_NAME));
            let path = format!("metadata.annotations[{SERVICE_ACCOUNT_NAME}]");
            let unnamed = name.is_empty().then(|| FieldError::required(path, ""));
            unnamed.into_iter().collect()
        }
        "kubernetes.io/dockercfg" => validate_json(object, ".dockercfg"),
        "kubernetes.io/dockerconfigjson" => validate_json(object, ".dockerconfigjson"),
        // One of the two is enough.
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            missing(&["username", "password"])
        }
        "kubernetes.io/ssh-auth" if bytes(object, "ssh-privatekey").is_empty() => {
            vec![FieldError::required("data[ssh-privatekey]", "")]
        }
        "kubernetes.io/tls" => missing(&["tls.crt", "tls.key"]),
        _ => Vec::new(),
    }
}

/// A value that must be a JSON object.
fn validate_json(object: &Value, key: &str) -> Vec<FieldError> {
    let path = format!("data[{key}]");
    if object["data"].get(key).is_none() {
        return vec![FieldError::required(path, "")];
    }
    let node = json::parse(&bytes(object, key));
    let error = match node {
        Ok(json::Node::Object(_) | json::Node::Null) => return Vec::new(),
        Ok(other) => format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            other.go_kind()
        ),
        Err(error) => error,
    };
    vec![FieldError::invalid_str(
        path,
        "<secret contents redacted>",
        error,
    )]
}

/// `warningsForSecret`: a certificate and a key that TLS could not be served with. What is inside the PEM blocks is not
/// looked at.
pub(crate) fn warnings(object: &Value) -> Vec<String> {
    if secret_type(object) != "kubernetes.io/tls" {
        return Vec::new();
    }
    let certificate = pem_labels(&bytes(object, "tls.crt"));
    let key = pem_labels(&bytes(object, "tls.key"));
    let problem = certificate_problem(&certificate).or_else(|| key_problem(&key));
    problem.into_iter().collect()
}

fn certificate_problem(labels: &[String]) -> Option<String> {
    if labels.iter().any(|label| label == "CERTIFICATE") {
        return None;
    }
    Some(match labels {
        [] => "tls: failed to find any PEM data in certificate input".to_owned(),
        [one] if one.ends_with("PRIVATE KEY") => {
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may \
             have been switched"
                .to_owned()
        }
        several => format!(
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the \
             following types: {}",
            go_list(several)
        ),
    })
}

fn key_problem(labels: &[String]) -> Option<String> {
    if labels
        .iter()
        .any(|label| label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY"))
    {
        return None;
    }
    Some(match labels {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [one] if one == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        several => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks \
             of the following types: {}",
            go_list(several)
        ),
    })
}

/// A list as Go prints it.
fn go_list(labels: &[String]) -> String {
    format!("[{}]", labels.join(" "))
}

/// The types of the complete PEM blocks.
fn pem_labels(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let begins = text.lines().filter_map(|line| {
        line.trim_end()
            .strip_prefix("-----BEGIN ")?
            .strip_suffix("-----")
    });
    // All places where a block could end, and what follows each up to the next dashes: a label has none.
    let ends = text.split("-----END ").skip(1);
    let ends: BTreeSet<&str> = ends
        .filter_map(|rest| Some(rest.split_once("-----")?.0))
        .collect();
    begins
        .filter(|label| ends.contains(label))
        .map(str::to_owned)
        .collect()
}

fn secret_type(object: &Value) -> &str {
    object["type"].as_str().unwrap_or_default()
}

fn bytes(object: &Value, key: &str) -> Vec<u8> {
    let text = object["data"][key].as_str().unwrap_or_default();
    base64::decode(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret(ty: &str, data: &[(&str, &str)]) -> Value {
        let data: Value = data
            .iter()
            .map(|(k, v)| ((*k).to_owned(), json!(base64::encode(v.as_bytes()))))
            .collect();
        json!({
            "metadata": {"name": "s", "namespace": "default", "resourceVersion": "1"},
            "type": ty,
            "data": data,
        })
    }

    fn shown(errors: Vec<FieldError>) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_type_says_which_keys_there_must_be() {
        let required = |key: &str| format!("data[{key}]: Required value");
        for (ty, data, errors) in [
            ("Opaque", &[][..], vec![]),
            ("example.com/mine", &[], vec![]),
            (
                "kubernetes.io/basic-auth",
                &[],
                vec![required("username"), required("password")],
            ),
            ("kubernetes.io/basic-auth", &[("password", "")], vec![]),
            (
                "kubernetes.io/ssh-auth",
                &[("ssh-privatekey", "")],
                vec![required("ssh-privatekey")],
            ),
            ("kubernetes.io/ssh-auth", &[("ssh-privatekey", "k")], vec![]),
            (
                "kubernetes.io/tls",
                &[("tls.crt", "")],
                vec![required("tls.key")],
            ),
            ("kubernetes.io/dockercfg", &[], vec![required(".dockercfg")]),
            (
                "kubernetes.io/service-account-token",
                &[],
                vec![
                    "metadata.annotations[kubernetes.io/service-account.name]: Required value"
                        .to_owned(),
                ],
            ),
        ] {
            assert_eq!(shown(validate(&secret(ty, data))), errors, "{ty}");
        }
    }

    #[test]
    fn a_docker_configuration_is_a_json_object() {
        for (text, reason) in [
            (
                "notjson",
                "invalid character 'o' in literal null (expecting 'u')",
            ),
            ("", "unexpected end of JSON input"),
            (
                "[]",
                "json: cannot unmarshal array into Go value of type map[string]interface {}",
            ),
        ] {
            let object = secret(
                "kubernetes.io/dockerconfigjson",
                &[(".dockerconfigjson", text)],
            );
            assert_eq!(
                shown(validate(&object)),
                [format!(
                    r#"data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": {reason}"#
                )]
            );
        }
        for text in ["{}", "null", r#"{"auths":{}}"#] {
            let object = secret(
                "kubernetes.io/dockerconfigjson",
                &[(".dockerconfigjson", text)],
            );
            assert_eq!(shown(validate(&object)), [""; 0], "{text}");
        }
    }

    #[test]
    fn the_type_never_changes() {
        let old = secret("Opaque", &[]);
        assert_eq!(
            shown(validate_update(&secret("x", &[]), &old)),
            [r#"type: Invalid value: "x": field is immutable"#]
        );
    }

    #[test]
    fn immutable_data_never_changes() {
        let mut old = secret("Opaque", &[("a", "1")]);
        old["immutable"] = json!(true);
        let mut new = secret("Opaque", &[("a", "2")]);
        new["immutable"] = json!(true);
        assert_eq!(
            shown(validate_update(&new, &old)),
            ["data: Forbidden: field is immutable when `immutable` is set"]
        );
    }

    #[test]
    fn tls_data_that_cannot_work_is_warned_about() {
        let pem = |label: &str| format!("-----BEGIN {label}-----\nAA==\n-----END {label}-----\n");
        let (certificate, key, other) = (pem("CERTIFICATE"), pem("RSA PRIVATE KEY"), pem("X"));
        for (crt, key, warning) in [
            (
                "",
                "",
                Some("tls: failed to find any PEM data in certificate input"),
            ),
            (
                &*key,
                "",
                Some(
                    "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
                ),
            ),
            (
                &*other,
                "",
                Some(
                    "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [X]",
                ),
            ),
            (
                &*certificate,
                "x",
                Some("tls: failed to find any PEM data in key input"),
            ),
            (
                &*certificate,
                &*certificate,
                Some("tls: found a certificate rather than a key in the PEM for the private key"),
            ),
            (&*certificate, &*key, None),
        ] {
            let object = secret("kubernetes.io/tls", &[("tls.crt", crt), ("tls.key", key)]);
            assert_eq!(warnings(&object), warning.into_iter().collect::<Vec<_>>());
        }
        assert!(warnings(&secret("Opaque", &[])).is_empty());
    }
}
