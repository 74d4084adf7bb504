//! LimitRanger: what a pod or a claim leaves out is filled in as the LimitRanges of its namespace say, and what is not
//! within them is refused.

use serde_json::{Value, json};

use super::pod_resources::{Amounts, amounts, containers, total};
use super::{Attributes, Operation, Plugin};
use crate::codec::quantity::Quantity;
use crate::object::metadata_mut;
use crate::status::Status;

/// Where it says what it has filled in.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";
/// What amounts in thousandths are compared by does not overflow up to this.
const MILLI_MAX: i64 = i64::MAX / 1000;

pub(super) struct LimitRanger;

impl Plugin for LimitRanger {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let Some(pod) = object.filter(|_| write.is_about("", "Pod") && is_limited(write)) else {
            return Ok(());
        };
        for range in write.lister.list("", "LimitRange", write.namespace) {
            fill_in(pod, &range.value());
        }
        Ok(())
    }

    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let (Some(object), old) = (object, write.old) else {
            return Ok(());
        };
        let is_going = old.is_some_and(|old| !old["metadata"]["deletionTimestamp"].is_null());
        if !is_limited(write) || is_going {
            return Ok(());
        }
        for range in write.lister.list("", "LimitRange", write.namespace) {
            let limits = range.value();
            let problems: Vec<String> = limits_of(&limits)
                .flat_map(|limit| match write.is_about("", "Pod") {
                    true => check_pod(limit, object),
                    false => check_claim(limit, object),
                })
                .collect();
            if !problems.is_empty() {
                return Err(write.forbidden(Some(object), &aggregate(problems)));
            }
        }
        Ok(())
    }
}

/// Nothing of a pod can change but by its resize.
fn is_limited(write: &Attributes<'_>) -> bool {
    match (write.operation, write.subresource) {
        (Operation::Update, "resize") => write.is_about("", "Pod"),
        (Operation::Create, "") => {
            write.is_about("", "Pod") || write.is_about("", "PersistentVolumeClaim")
        }
        (Operation::Update, "") => write.is_about("", "PersistentVolumeClaim"),
        _ => false,
    }
}

fn limits_of(range: &Value) -> impl Iterator<Item = &Value> {
    range["spec"]["limits"].as_array().into_iter().flatten()
}

/// One problem as it is, several as `[a, b]` without repeats.
fn aggregate(problems: Vec<String>) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(problems.len());
    for text in problems {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

/// `mergePodResourceRequirements`.
fn fill_in(pod: &mut Value, range: &Value) {
    let mut defaults = json!({"requests": {}, "limits": {}});
    for limit in limits_of(range).filter(|limit| limit["type"] == "Container") {
        for (part, field) in [("requests", "defaultRequest"), ("limits", "default")] {
            for (name, amount) in limit[field].as_object().into_iter().flatten() {
                defaults[part][name] = amount.clone();
            }
        }
    }
    let mut told = Vec::new();
    for (field, what) in [
        ("containers", "container"),
        ("initContainers", "init container"),
    ] {
        // To look it up must not put it there.
        let containers = pod["spec"].get_mut(field);
        let containers = containers.and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            told.extend(fill_in_container(container, &defaults, what));
        }
    }
    if !told.is_empty() {
        let text = format!("LimitRanger plugin set: {}", told.join("; "));
        let annotations = metadata_mut(pod)
            .entry("annotations")
            .or_insert_with(|| json!({}));
        annotations[ANNOTATION] = text.into();
    }
}

/// What was filled in of a container, in words.
fn fill_in_container(container: &mut Value, defaults: &Value, what: &str) -> Vec<String> {
    let mut told = Vec::new();
    for (part, word) in [("requests", "request"), ("limits", "limit")] {
        let wanted = defaults[part].as_object().into_iter().flatten();
        let missing = wanted.filter(|(name, _)| container["resources"][part].get(name).is_none());
        let mut missing: Vec<(&String, &Value)> = missing.collect();
        missing.sort_unstable_by_key(|(name, _)| *name);
        if missing.is_empty() {
            continue;
        }
        let names: Vec<&str> = missing.iter().map(|(name, _)| &***name).collect();
        let name = container["name"].as_str().unwrap_or_default();
        told.push(format!("{} {word} for {what} {name}", names.join(", ")));
        for (name, amount) in missing {
            container["resources"][part][name] = amount.clone();
        }
    }
    told
}

/// `PodValidateLimitFunc`, for one limit.
fn check_pod(limit: &Value, pod: &Value) -> Vec<String> {
    match limit["type"].as_str().unwrap_or_default() {
        "Container" => {
            let all = ["containers", "initContainers"].into_iter();
            all.flat_map(|field| containers(pod, field))
                .flat_map(|container| {
                    let resources = &container["resources"];
                    let of = |part: &str| amounts(&resources[part]);
                    Checked::new("Container", of("requests"), of("limits")).check(limit)
                })
                .collect()
        }
        "Pod" => Checked::new("Pod", total(pod, "requests"), total(pod, "limits")).check(limit),
        _ => Vec::new(),
    }
}

/// `PersistentVolumeClaimValidateLimitFunc`, for one limit: a claim has no limits of its own.
fn check_claim(limit: &Value, claim: &Value) -> Vec<String> {
    const KIND: &str = "PersistentVolumeClaim";
    if limit["type"] != KIND {
        return Vec::new();
    }
    let requests = amounts(&claim["spec"]["resources"]["requests"]);
    let checked = Checked::new(KIND, requests, Amounts::new());
    let least = amounts(&limit["min"]);
    let most = amounts(&limit["max"]);
    let least = least
        .iter()
        .filter_map(|(name, least)| checked.min(name, least));
    let most = most
        .iter()
        .filter_map(|(name, most)| checked.max_request(name, most));
    least.chain(most).collect()
}

/// What is asked for, and by whom.
struct Checked {
    kind: &'static str,
    requests: Amounts,
    limits: Amounts,
}

impl Checked {
    fn new(kind: &'static str, requests: Amounts, limits: Amounts) -> Self {
        Checked {
            kind,
            requests,
            limits,
        }
    }

    fn check(&self, limit: &Value) -> Vec<String> {
        type Check = fn(&Checked, &str, &Quantity) -> Option<String>;
        let checks: [(&str, Check); 3] = [
            ("min", Self::min),
            ("max", Self::max),
            ("maxLimitRequestRatio", Self::ratio),
        ];
        let mut problems = Vec::new();
        for (field, check) in checks {
            let wanted = amounts(&limit[field]);
            let wrong = wanted
                .iter()
                .filter_map(|(name, amount)| check(self, name, amount));
            problems.extend(wrong);
        }
        problems
    }

    /// Request, limit and what is enforced, as precisely as they can be compared.
    fn compared(&self, name: &str, enforced: &Quantity) -> (Option<i64>, Option<i64>, i64) {
        let (request, limit) = (self.requests.get(name), self.limits.get(name));
        let all = [request, limit, Some(enforced)];
        let is_small = all
            .iter()
            .flatten()
            .all(|amount| amount.value() <= MILLI_MAX);
        let value = |amount: &Quantity| match is_small {
            true => amount.milli_value(),
            false => amount.value(),
        };
        (request.map(value), limit.map(value), value(enforced))
    }

    fn min(&self, name: &str, enforced: &Quantity) -> Option<String> {
        let (request, limit, least) = self.compared(name, enforced);
        let intro = format!(
            "minimum {name} usage per {} is {}",
            self.kind,
            enforced.as_str()
        );
        match (request, limit) {
            (None, _) => Some(format!("{intro}.  No request is specified")),
            (Some(request), _) if request < least => Some(self.but_request(&intro, name)),
            (_, Some(limit)) if limit < least => Some(self.but_limit(&intro, name)),
            _ => None,
        }
    }

    fn max(&self, name: &str, enforced: &Quantity) -> Option<String> {
        let (request, limit, most) = self.compared(name, enforced);
        let intro = format!(
            "maximum {name} usage per {} is {}",
            self.kind,
            enforced.as_str()
        );
        match (request, limit) {
            (_, None) => Some(format!("{intro}.  No limit is specified")),
            (_, Some(limit)) if limit > most => Some(self.but_limit(&intro, name)),
            (Some(request), _) if request > most => Some(self.but_request(&intro, name)),
            _ => None,
        }
    }

    fn max_request(&self, name: &str, enforced: &Quantity) -> Option<String> {
        let (request, _, most) = self.compared(name, enforced);
        let intro = format!(
            "maximum {name} usage per {} is {}",
            self.kind,
            enforced.as_str()
        );
        match request {
            None => Some(format!("{intro}.  No request is specified")),
            Some(request) if request > most => Some(self.but_request(&intro, name)),
            _ => None,
        }
    }

    fn ratio(&self, name: &str, enforced: &Quantity) -> Option<String> {
        let (request, limit, _) = self.compared(name, enforced);
        let intro = format!(
            "{name} max limit to request ratio per {} is {}",
            self.kind,
            enforced.as_str()
        );
        let missing = |what: &str| {
            Some(format!(
                "{intro}, but no {what} is specified or {what} is 0"
            ))
        };
        let (request, limit) = match (request.unwrap_or(0), limit.unwrap_or(0)) {
            (0, _) => return missing("request"),
            (_, 0) => return missing("limit"),
            found => found,
        };
        let ratio = limit as f64 / request as f64;
        let is_more = match enforced.value() <= MILLI_MAX {
            true => ratio * 1000.0 > enforced.milli_value() as f64,
            false => ratio > enforced.value() as f64,
        };
        is_more.then(|| format!("{intro}, but provided ratio is {ratio:.6}"))
    }

    fn but_request(&self, intro: &str, name: &str) -> String {
        let request = self.requests.get(name).map_or("0", Quantity::as_str);
        format!("{intro}, but request is {request}")
    }

    fn but_limit(&self, intro: &str, name: &str) -> String {
        let limit = self.limits.get(name).map_or("0", Quantity::as_str);
        format!("{intro}, but limit is {limit}")
    }
}
