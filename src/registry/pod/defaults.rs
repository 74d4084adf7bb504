//! The defaults of pods and templates that depend on something; the others stand on the pages.

use serde_json::{Value, json};

use super::amounts::{
    Amounts, amounts, is_huge_page, is_native, is_pod_level, of_all_containers, quantity,
};
use super::read::{CONTAINER_LISTS, entries, is_set, is_true, list_mut, member, text};
use crate::codec::quantity::Quantity;
use crate::object::object_mut;

/// What a spec gets wherever it is.
pub(crate) fn set_spec_defaults(spec: &mut Value) {
    if !spec.is_object() {
        *spec = json!({});
    }
    for volume in list_mut(spec, "volumes") {
        set_volume_defaults(volume);
    }
    for field in CONTAINER_LISTS {
        for container in list_mut(spec, field) {
            set_container_defaults(container);
        }
    }
    // What ran under another name before is known by both.
    let account = match text(spec, "serviceAccountName") {
        "" => text(spec, "serviceAccount"),
        name => name,
    };
    let account = account.to_owned();
    let fields = object_mut(spec);
    if !account.is_empty() {
        fields.insert("serviceAccountName".to_owned(), account.clone().into());
        fields.insert("serviceAccount".to_owned(), account.into());
    }
    round_up(fields.get_mut("overhead"));
    if let Some(resources) = spec.get_mut("resources") {
        round_up_resources(resources);
    }
}

fn set_volume_defaults(volume: &mut Value) {
    let has_source = volume
        .as_object()
        .is_some_and(|fields| fields.keys().any(|field| field != "name"));
    if !has_source {
        volume["emptyDir"] = json!({});
    }
    if let Some(image) = volume.get_mut("image")
        && text(image, "pullPolicy").is_empty()
    {
        image["pullPolicy"] = pull_policy(text(image, "reference")).into();
    }
}

fn set_container_defaults(container: &mut Value) {
    if text(container, "imagePullPolicy").is_empty() {
        let policy = pull_policy(text(container, "image"));
        container["imagePullPolicy"] = policy.into();
    }
    round_up_resources(&mut container["resources"]);
}

/// What may change under its name is pulled each time.
fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let (name, digest) = match name.split_once('@') {
        Some((name, _)) => (name, true),
        None => (name, false),
    };
    match name.split_once(':') {
        Some((_, "latest")) => "Always",
        None if !digest && is_reference(image) => "Always",
        _ => "IfNotPresent",
    }
}

/// Whether it looks like the name of an image at all; what does not has no tag, not even the usual one.
fn is_reference(image: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        bytes.first().is_some_and(|c| fits(*c))
            && bytes.last().is_some_and(|c| fits(*c))
            && bytes
                .iter()
                .all(|c| fits(*c) || matches!(c, b'.' | b'_' | b'-'))
    };
    let domain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b':'))
    };
    match image.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
            domain(first) && rest.split('/').all(part)
        }
        _ => image.split('/').all(part),
    }
}

pub(crate) fn round_up_resources(resources: &mut Value) {
    for field in ["limits", "requests"] {
        round_up(resources.get_mut(field));
    }
}

/// `SetDefaults_ResourceList`: nothing is finer than a thousandth.
fn round_up(list: Option<&mut Value>) {
    let amounts = list.and_then(Value::as_object_mut);
    for value in amounts.into_iter().flat_map(serde_json::Map::values_mut) {
        let amount = quantity(value);
        let milli = amount.milli_value();
        if let Ok(rounded) = Quantity::parse(&format!("{milli}m"))
            && rounded != amount
            && milli != i64::MAX
        {
            *value = rounded.as_str().into();
        }
    }
}

/// `SetDefaults_Pod`.
pub(crate) fn set_pod_defaults(pod: &mut Value) {
    let spec = &mut pod["spec"];
    set_spec_defaults(spec);
    for field in ["containers", "initContainers"] {
        for container in list_mut(spec, field) {
            default_requests(&mut container["resources"]);
        }
    }
    default_huge_page_limits(spec);
    default_pod_requests(spec);
    if !is_set(spec, "enableServiceLinks") {
        spec["enableServiceLinks"] = true.into();
    }
    if is_true(spec, "hostNetwork") {
        for field in ["containers", "initContainers"] {
            for container in list_mut(spec, field) {
                for port in list_mut(container, "ports") {
                    if super::read::count(port, "hostPort") == 0 {
                        port["hostPort"] = port["containerPort"].clone();
                    }
                }
            }
        }
    }
    let grace = super::read::number(spec, "terminationGracePeriodSeconds");
    if grace.is_some_and(|grace| grace < 0) {
        spec["terminationGracePeriodSeconds"] = 1.into();
    }
}

/// What is limited and not asked for is asked for as far as it is limited.
fn default_requests(resources: &mut Value) {
    let limits = member(resources, "limits").cloned();
    for (name, limit) in limits.iter().filter_map(Value::as_object).flatten() {
        let requests = object_mut(&mut resources["requests"]);
        requests
            .entry(name.clone())
            .or_insert_with(|| limit.clone());
    }
}

fn default_huge_page_limits(spec: &mut Value) {
    let Some(resources) = member(spec, "resources") else {
        return;
    };
    let is_asked =
        !entries(resources, "limits").is_empty() || !entries(resources, "requests").is_empty();
    if !is_asked {
        return;
    }
    let requests = amounts(resources, "requests");
    let limits = amounts(resources, "limits");
    let mut added = of_all_containers(spec, "limits");
    added.retain(|name, _| {
        is_huge_page(name) && !requests.contains_key(name) && !limits.contains_key(name)
    });
    insert(&mut spec["resources"], "limits", &added);
}

fn default_pod_requests(spec: &mut Value) {
    let Some(resources) = member(spec, "resources") else {
        return;
    };
    let limits = amounts(resources, "limits");
    if limits.is_empty() {
        return;
    }
    let requests = amounts(resources, "requests");
    let mut added = of_all_containers(spec, "requests");
    added.retain(|name, _| is_pod_level(name) && is_native(name) && !is_huge_page(name));
    for (name, limit) in limits {
        if is_pod_level(&name) {
            added.entry(name).or_insert(limit);
        }
    }
    added.retain(|name, _| !requests.contains_key(name));
    insert(&mut spec["resources"], "requests", &added);
}

fn insert(resources: &mut Value, field: &str, added: &Amounts) {
    for (name, amount) in added {
        resources[field][name] = amount.as_str().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_change_is_pulled_each_time() {
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1", "IfNotPresent"),
            ("localhost:5000/nginx", "Always"),
            ("localhost:5000/nginx:1", "IfNotPresent"),
            ("nginx@sha256:0", "IfNotPresent"),
            ("", "IfNotPresent"),
            ("Not an image", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
