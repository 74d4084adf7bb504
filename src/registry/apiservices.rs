//! apiregistration.k8s.io/v1 APIService: which group and version is served by whom.

use serde_json::{Value, json};

use super::declared;
use super::strategy::AT_START;
use super::strategy::{Lister, Strategy, WriteContext};
use super::validation::meta::{self, invalid_each};
use super::validation::read::{list_at, text_at};
use crate::codec::base64;
use crate::kinds::Kind;
use crate::names::{is_dns1035_label, is_dns1123_subdomain, is_path_segment_name};
use crate::object::{meta_str, metadata_mut};
use crate::status::field::FieldError;

/// As whom the server writes its own.
const SERVER: &str = "kube-apiserver";

const GROUP_PRIORITY_MAX: i64 = 20_000;
const VERSION_PRIORITY_MAX: i64 = 1000;

/// The groups and versions of a cluster, with their priorities.
const SERVED: [(&str, &str, i32, i32); 21] = [
    ("", "v1", 18_000, 1),
    ("admissionregistration.k8s.io", "v1", 16_700, 15),
    ("apiextensions.k8s.io", "v1", 16_700, 15),
    ("apps", "v1", 17_800, 15),
    ("authentication.k8s.io", "v1", 17_700, 15),
    ("authorization.k8s.io", "v1", 17_600, 15),
    ("autoscaling", "v1", 17_500, 15),
    ("autoscaling", "v2", 17_500, 30),
    ("batch", "v1", 17_400, 15),
    ("certificates.k8s.io", "v1", 17_300, 15),
    ("coordination.k8s.io", "v1", 16_500, 15),
    ("discovery.k8s.io", "v1", 16_200, 15),
    ("events.k8s.io", "v1", 17_750, 15),
    ("flowcontrol.apiserver.k8s.io", "v1", 16_100, 21),
    ("networking.k8s.io", "v1", 17_200, 15),
    ("node.k8s.io", "v1", 16_300, 15),
    ("policy", "v1", 17_100, 15),
    ("rbac.authorization.k8s.io", "v1", 17_000, 15),
    ("resource.k8s.io", "v1", 15_900, 20),
    ("scheduling.k8s.io", "v1", 16_600, 15),
    ("storage.k8s.io", "v1", 16_800, 15),
];

pub(crate) struct ApiServices;

impl Strategy for ApiServices {
    /// What the server serves itself is there at once.
    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        declared::reset(write, object, None);
        if object["spec"]["service"].is_null() {
            object["status"] = json!({"conditions": [available(write.now)]});
        }
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate_metadata(object);
        errors.extend(validate_spec(&object["spec"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let (new, old) = (meta::metadata(object), meta::metadata(old));
        let mut errors = meta::validate_object_meta_update(new, old, "metadata");
        match write.subresource {
            "status" => errors.extend(validate_status(&object["status"])),
            _ => errors.extend(self.validate(write, object)),
        }
        errors
    }

    /// Whether the service that is to serve it is there.
    fn settled(
        &self,
        object: &Value,
        lister: &dyn Lister,
        now: &str,
    ) -> Option<(&'static str, Value)> {
        let service = &object["spec"]["service"];
        let (namespace, name) = (text_at(service, "namespace"), text_at(service, "name"));
        let is_told = list_at(&object["status"], "conditions")
            .iter()
            .any(|condition| text_at(condition, "reason") == "ServiceNotFound");
        if service.is_null() || is_told || lister.get("", "Service", namespace, name).is_some() {
            return None;
        }
        let condition = json!({
            "type": "Available",
            "status": "False",
            "lastTransitionTime": now,
            "reason": "ServiceNotFound",
            "message": format!("service/{name} in \"{namespace}\" is not present"),
        });
        Some((SERVER, json!({"conditions": [condition]})))
    }

    fn initial(&self, kind: &Kind, _collected: bool) -> Vec<Value> {
        declared::initial(kind, initial(AT_START))
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        if column == "Service" {
            let service = &object["spec"]["service"];
            return match service {
                Value::Null => "Local".into(),
                _ => format!(
                    "{}/{}",
                    text_at(service, "namespace"),
                    text_at(service, "name")
                )
                .into(),
            };
        }
        let conditions = list_at(&object["status"], "conditions");
        let condition = conditions
            .iter()
            .find(|c| text_at(c, "type") == "Available");
        let text = |field| condition.map_or("", |condition| text_at(condition, field));
        match (text("status"), text("reason")) {
            _ if condition.is_none() => "Unknown".into(),
            (status @ "True", _) | (status, "") => status.into(),
            (status, reason) => format!("{status} ({reason})").into(),
        }
    }
}

/// Whether a service was named to serve what is below a path, which none does here.
pub(crate) fn is_served_elsewhere(lister: &dyn Lister, path: &str) -> bool {
    let mut parts = path.strip_prefix("/apis/").unwrap_or_default().split('/');
    let (Some(group), Some(version)) = (parts.next(), parts.next()) else {
        return false;
    };
    let name = [version, ".", group].concat();
    let found = lister.get("apiregistration.k8s.io", "APIService", "", &name);
    found.is_some_and(|found| !found.value()["spec"]["service"].is_null())
}

fn initial(now: &str) -> Vec<Value> {
    let object = |(group, version, minimum, priority): &(&str, &str, i32, i32)| {
        let mut spec = json!({
            "version": version,
            "groupPriorityMinimum": minimum,
            "versionPriority": priority,
        });
        if !group.is_empty() {
            spec["group"] = (*group).into();
        }
        json!({
            "metadata": {
                "name": format!("{version}.{group}"),
                "labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"},
            },
            "spec": spec,
            "status": {"conditions": [available(now)]},
        })
    };
    SERVED.iter().map(object).collect()
}

fn available(now: &str) -> Value {
    json!({
        "type": "Available",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "Local",
        "message": "Local APIServices are always available",
    })
}

/// The name is made of what it is about.
fn validate_metadata(object: &Value) -> Vec<FieldError> {
    let spec = &object["spec"];
    let wanted = format!("{}.{}", text_at(spec, "version"), text_at(spec, "group"));
    let name = meta_str(object, "name");
    let mut reasons = is_path_segment_name(name);
    if reasons.is_empty() && name != wanted {
        let wanted = crate::codec::quote::quote(&wanted);
        reasons = vec![format!("must be `spec.version+\".\"+spec.group`: {wanted}")];
    }
    // What a name must be like depends on the object, so the rest goes by a name that is fine.
    let mut rest = json!({"metadata": object["metadata"]});
    if !name.is_empty() {
        metadata_mut(&mut rest).insert("name".to_owned(), "fine".into());
    }
    let any = |_: &str, _: bool| Vec::new();
    let others = meta::validate_object_meta(meta::metadata(&rest), false, any, "metadata");
    let mut errors = match name {
        "" => Vec::new(),
        name => invalid_each("metadata.name", name, reasons),
    };
    errors.extend(others);
    errors
}

fn validate_spec(spec: &Value) -> Vec<FieldError> {
    let (group, version) = (text_at(spec, "group"), text_at(spec, "version"));
    let mut errors = Vec::new();
    if group.is_empty() && version != "v1" {
        let detail = "only v1 may have an empty group and it better be legacy kube";
        errors.push(FieldError::required("spec.group", detail));
    }
    if !group.is_empty() {
        errors.extend(invalid_each(
            "spec.group",
            group,
            is_dns1123_subdomain(group),
        ));
    }
    errors.extend(invalid_each(
        "spec.version",
        version,
        is_dns1035_label(version),
    ));
    for (field, max) in [
        ("groupPriorityMinimum", GROUP_PRIORITY_MAX),
        ("versionPriority", VERSION_PRIORITY_MAX),
    ] {
        let number = spec[field].as_i64().unwrap_or_default();
        if number <= 0 || number > max {
            let reason = format!("must be positive and less than {max}");
            let path = format!("spec.{field}");
            errors.push(FieldError::invalid(path, &number.into(), reason));
        }
    }
    errors.extend(match &spec["service"] {
        Value::Null => validate_local(spec),
        service => validate_service(spec, service),
    });
    errors
}

/// There is no connection to be secured.
fn validate_local(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let bundle = base64::decode(text_at(spec, "caBundle")).map_or(0, |bytes| bytes.len());
    if bundle > 0 {
        errors.push(FieldError::invalid_str(
            "spec.caBundle",
            &format!("{bundle} bytes"),
            "local APIServices may not have a caBundle",
        ));
    }
    if spec["insecureSkipTLSVerify"] == true {
        errors.push(FieldError::invalid(
            "spec.insecureSkipTLSVerify",
            &true.into(),
            "local APIServices may not have insecureSkipTLSVerify",
        ));
    }
    errors
}

fn validate_service(spec: &Value, service: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["namespace", "name"] {
        if text_at(service, field).is_empty() {
            errors.push(FieldError::required(format!("spec.service.{field}"), ""));
        }
    }
    let port = service["port"].as_i64().unwrap_or_default();
    if !(1..=65535).contains(&port) {
        let reason = "port is not valid: must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid(
            "spec.service.port",
            &port.into(),
            reason,
        ));
    }
    if spec["insecureSkipTLSVerify"] == true && !text_at(spec, "caBundle").is_empty() {
        errors.push(FieldError::invalid(
            "spec.insecureSkipTLSVerify",
            &true.into(),
            "may not be true if caBundle is present",
        ));
    }
    errors
}

fn validate_status(status: &Value) -> Vec<FieldError> {
    let conditions = list_at(status, "conditions").iter().enumerate();
    let unknown = conditions.filter(|(_, condition)| {
        !matches!(text_at(condition, "status"), "True" | "False" | "Unknown")
    });
    unknown
        .map(|(i, condition)| {
            let path = format!("status.conditions[{i}].status");
            FieldError::not_supported(path, &condition["status"], &["True", "False", "Unknown"])
        })
        .collect()
}
