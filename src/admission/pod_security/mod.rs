//! PodSecurity: the labels of a namespace say what its pods may do to their nodes.
//!
//! Pods that break the enforced level are refused; those that break the level to warn of, and templates of such pods, are
//! told so. [`baseline`] and [`restricted`] are the checks of the two levels, [`policy`] reads the labels.

mod baseline;
mod policy;
mod restricted;

use serde_json::Value;

use self::policy::{Level, Policy, Standard};
use super::{Attributes, Operation, Plugin};
use crate::codec::quote::quote;
use crate::object::meta_str;
use crate::registry::pod::read::{CONTAINER_LISTS, containers, list, text};
use crate::status::Status;

/// The subresources of pods that do not change what a pod does.
const IGNORED: [&str; 8] = [
    "exec",
    "attach",
    "binding",
    "eviction",
    "log",
    "portforward",
    "proxy",
    "status",
];

/// The kinds that make pods, and where their templates are.
const TEMPLATES: [(&str, &str, &[&str]); 8] = [
    ("", "PodTemplate", &["template"]),
    ("", "ReplicationController", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    (
        "batch",
        "CronJob",
        &["spec", "jobTemplate", "spec", "template"],
    ),
    ("batch", "Job", &["spec", "template"]),
];

pub(super) struct PodSecurity;

impl Plugin for PodSecurity {
    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let Some(pod) = object.filter(|pod| concerns_pod(write, pod)) else {
            return Ok(());
        };
        let standard = policy_of(write).enforce;
        let found = violations(standard, pod);
        if found.is_empty() {
            return Ok(());
        }
        let why = format!(
            "violates PodSecurity {}: {}",
            quote(&standard.to_string()),
            detail(&found)
        );
        Err(Status::forbidden("pods", "", meta_str(pod, "name"), &why))
    }

    fn warnings(&self, write: &Attributes<'_>, object: &Value) -> Vec<String> {
        if (&*write.kind.group, &*write.kind.kind) == ("", "Namespace") {
            return of_existing_pods(write, object);
        }
        let template = template(write, object);
        let Some(pod) = template.or_else(|| Some(object).filter(|pod| concerns_pod(write, pod)))
        else {
            return Vec::new();
        };
        let standard = policy_of(write).warn;
        let found = violations(standard, pod);
        if found.is_empty() {
            return Vec::new();
        }
        vec![format!(
            "would violate PodSecurity {}: {}",
            quote(&standard.to_string()),
            detail(&found)
        )]
    }
}

fn concerns_pod(write: &Attributes<'_>, pod: &Value) -> bool {
    let is_pod = (&*write.kind.group, &*write.kind.kind) == ("", "Pod");
    if !is_pod || IGNORED.contains(&write.subresource) {
        return false;
    }
    match (write.operation, write.old) {
        (Operation::Create, _) => true,
        (Operation::Update, Some(old)) => is_significant(pod, old),
        _ => false,
    }
}

/// Whether an update may change what the checks say.
fn is_significant(pod: &Value, old: &Value) -> bool {
    let annotations = |pod: &Value| pod["metadata"].get("annotations").cloned();
    let of_containers = |pod: &Value| -> Vec<(String, Value)> {
        containers(&pod["spec"])
            .map(|(_, _, container)| {
                let security = container.get("securityContext").cloned();
                let image = text(container, "image").to_owned();
                (image, security.unwrap_or_default())
            })
            .collect()
    };
    let counts = |pod: &Value| CONTAINER_LISTS.map(|field| list(&pod["spec"], field).len());
    annotations(pod) != annotations(old)
        || counts(pod) != counts(old)
        || of_containers(pod) != of_containers(old)
}

/// The template in an object that makes pods.
fn template<'a>(write: &Attributes<'_>, object: &'a Value) -> Option<&'a Value> {
    if !write.subresource.is_empty() {
        return None;
    }
    let (_, _, path) = TEMPLATES
        .iter()
        .find(|(group, kind, _)| write.is_of(group, kind))?;
    path.iter().try_fold(object, |at, name| at.get(*name))
}

fn policy_of(write: &Attributes<'_>) -> Policy {
    let namespace = write.lister.get("", "Namespace", "", write.namespace);
    namespace.map_or_else(Policy::default, |namespace| {
        Policy::of(&namespace.value()["metadata"]["labels"])
    })
}

/// What is wrong with a pod: what it does, and where.
pub(super) type Violation = (&'static str, String);

fn violations(standard: Standard, pod: &Value) -> Vec<Violation> {
    let (meta, spec) = (&pod["metadata"], &pod["spec"]);
    let minor = standard.minor();
    match standard.level {
        Level::Privileged => Vec::new(),
        Level::Baseline => baseline::check(meta, spec, minor),
        Level::Restricted => restricted::check(meta, spec, minor),
    }
}

fn detail(found: &[Violation]) -> String {
    let one = |(reason, detail): &Violation| match detail.as_str() {
        "" => (*reason).to_owned(),
        detail => format!("{reason} ({detail})"),
    };
    found.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Pods that were there before their namespace became stricter stay, and are told of.
fn of_existing_pods(write: &Attributes<'_>, namespace: &Value) -> Vec<String> {
    let Some(old) = write.old.filter(|_| write.subresource.is_empty()) else {
        return Vec::new();
    };
    let standard = Policy::of(&namespace["metadata"]["labels"]).enforce;
    let before = Policy::of(&old["metadata"]["labels"]).enforce;
    let is_weaker = standard.version == before.version && standard.level <= before.level;
    if standard == before || is_weaker || standard.level == Level::Privileged {
        return Vec::new();
    }
    let name = meta_str(namespace, "name");
    let mut found: Vec<(String, String, usize)> = Vec::new();
    for pod in write.lister.list("", "Pod", name) {
        let violations = violations(standard, &pod.value());
        if violations.is_empty() {
            continue;
        }
        let reasons: Vec<&str> = violations.iter().map(|(reason, _)| *reason).collect();
        let reasons = reasons.join(", ");
        match found.iter_mut().find(|(_, other, _)| *other == reasons) {
            Some((_, _, count)) => *count += 1,
            None => found.push((pod.name().to_owned(), reasons, 1)),
        }
    }
    let mut told: Vec<String> = found
        .into_iter()
        .map(|(pod, reasons, count)| match count {
            1 => format!("{pod}: {reasons}"),
            2 => format!("{pod} (and 1 other pod): {reasons}"),
            _ => format!("{pod} (and {} other pods): {reasons}", count - 1),
        })
        .collect();
    told.sort_unstable();
    if !told.is_empty() {
        let head = format!(
            "existing pods in namespace {} violate the new PodSecurity enforce level {}",
            quote(name),
            quote(&standard.to_string())
        );
        told.insert(0, head);
    }
    told
}

/// `containers "a", "b"`.
pub(super) fn named(names: &[&str]) -> String {
    format!(
        "{} {}",
        plural(names.len(), "container", "containers"),
        quoted(names)
    )
}

pub(super) fn plural(count: usize, one: &'static str, more: &'static str) -> &'static str {
    if count == 1 { one } else { more }
}

pub(super) fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(", ")
}

/// The names of the containers of which this is true.
pub(super) fn those(spec: &Value, is_so: impl Fn(&Value) -> bool) -> Vec<&str> {
    containers(spec)
        .filter(|(_, _, container)| is_so(container))
        .map(|(_, _, container)| text(container, "name"))
        .collect()
}

/// A pod and containers that set something, as one subject.
pub(super) fn setters(pod: bool, names: &[&str]) -> String {
    let mut setters = Vec::new();
    if pod {
        setters.push("pod".to_owned());
    }
    if !names.is_empty() {
        setters.push(named(names));
    }
    setters.join(" and ")
}

/// Values in their order, none twice.
pub(super) fn distinct<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let set: std::collections::BTreeSet<&str> = values.into_iter().collect();
    set.into_iter().collect()
}
