//! core/v1 Node.

mod validation;

use serde_json::{Value, json};

use super::declared;
use super::strategy::{Strategy, WriteContext};
use super::validation::ip;
use crate::object::labels;
use crate::schema::rules;
use crate::status::field::FieldError;

pub(crate) struct Nodes;

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE: &str = "kubernetes.io/role";

impl Strategy for Nodes {
    /// Also what the conversion to the internal version does: of the two ways to say which networks the pods are in, the
    /// older one wins.
    fn set_defaults(&self, object: &mut Value) {
        let first = object["spec"]["podCIDR"].as_str().unwrap_or_default();
        let all = object["spec"]["podCIDRs"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        match (first, all.first()) {
            ("", None) => {}
            ("", Some(network)) => object["spec"]["podCIDR"] = network.clone(),
            (first, network) if network.is_none_or(|network| network != first) => {
                object["spec"]["podCIDRs"] = json!([first]);
            }
            _ => {}
        }
        if let (Some(capacity), None) = (
            object["status"].get("capacity").cloned(),
            object["status"].get("allocatable"),
        ) {
            object["status"]["allocatable"] = capacity;
        }
    }

    /// All can be said of a node when it is created, its status too.
    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        rules::drop_off(object, None, write.kind);
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        validation::validate(object)
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = match write.subresource {
            "" => validation::validate(object),
            _ => Vec::new(),
        };
        errors.extend(validation::validate_update(object, old));
        errors
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
    }

    fn warnings(&self, write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        if !write.subresource.is_empty() {
            return Vec::new();
        }
        let mut warnings = Vec::new();
        let spec = &object["spec"];
        if spec["externalID"].as_str().is_some_and(|id| !id.is_empty()) {
            let text = "spec.externalID: this field is deprecated, and is unused by Kubernetes";
            warnings.push(text.to_owned());
        }
        for (i, network) in spec["podCIDRs"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let network = network.as_str().unwrap_or_default();
            warnings.extend(ip::cidr_warning(&format!("spec.podCIDRs[{i}]"), network));
        }
        warnings
    }

    fn field(&self, object: &Value, path: &[&str]) -> Option<String> {
        let is_unschedulable = object["spec"]["unschedulable"] == true;
        (path == ["spec", "unschedulable"]).then(|| is_unschedulable.to_string())
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let info = |field: &str| {
            let text = object["status"]["nodeInfo"][field].as_str();
            text.filter(|text| !text.is_empty()).unwrap_or("<unknown>")
        };
        match column {
            "Status" => status(object).into(),
            "Roles" => roles(object).into(),
            "Internal-IP" => address(object, "InternalIP").into(),
            "External-IP" => address(object, "ExternalIP").into(),
            "OS-Image" => info("osImage").into(),
            "Kernel-Version" => match info("architecture") {
                "<unknown>" => info("kernelVersion").into(),
                architecture => format!("{} ({architecture})", info("kernelVersion")).into(),
            },
            _ => info("containerRuntimeVersion").into(),
        }
    }
}

fn status(object: &Value) -> String {
    let conditions = object["status"]["conditions"].as_array();
    let ready = conditions
        .into_iter()
        .flatten()
        .rfind(|condition| condition["type"] == "Ready");
    let mut status = match ready {
        None => "Unknown",
        Some(ready) if ready["status"] == "True" => "Ready",
        Some(_) => "NotReady",
    }
    .to_owned();
    if object["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    status
}

/// The roles by the labels for them, sorted.
fn roles(object: &Value) -> String {
    let labels = labels(object).into_iter().flatten();
    let role = |(key, value): (&String, &Value)| match key.strip_prefix(ROLE_PREFIX) {
        Some(role) => Some(role.to_owned()),
        None if key == ROLE => value.as_str().map(str::to_owned),
        None => None,
    };
    let mut roles: Vec<String> = labels
        .filter_map(role)
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    match roles.is_empty() {
        true => "<none>".to_owned(),
        false => roles.join(","),
    }
}

fn address<'a>(object: &'a Value, ty: &str) -> &'a str {
    let addresses = object["status"]["addresses"].as_array();
    let found = addresses
        .into_iter()
        .flatten()
        .find(|address| address["type"] == ty);
    found
        .and_then(|address| address["address"].as_str())
        .unwrap_or("<none>")
}
