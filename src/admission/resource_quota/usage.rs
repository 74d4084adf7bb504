//! What an object uses, and which quotas are about it: upstream's evaluators.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::admission::pod_resources::{Amounts, add, amounts, containers, total};
use crate::admission::{Attributes, Operation};
use crate::codec::quantity::Quantity;
use crate::registry::validation::resource_names::{is_extended, is_native};

/// What can be limited of pods.
const OF_PODS: [&str; 11] = [
    "count/pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
/// Where one of these is limited, each container has to say how much it takes.
const ASKED_OF_CONTAINERS: [&str; 6] = [
    "cpu",
    "limits.cpu",
    "limits.memory",
    "memory",
    "requests.cpu",
    "requests.memory",
];
const OF_SERVICES: [&str; 4] = [
    "count/services",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
const OF_CLAIMS: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];
const BY_CLASS: &str = ".storageclass.storage.k8s.io/";
const DEVICE_CLASS: &str = "deviceclass.resource.kubernetes.io/";
/// The kinds that quotas knew before all could be counted.
const ALIASES: [&str; 4] = [
    "configmaps",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
];

#[derive(Clone, Copy, PartialEq)]
enum Counted {
    Pods,
    Services,
    Claims,
    /// By their number alone.
    Others,
    /// Nobody counts them.
    Nothing,
}

/// How the objects of one resource count.
pub(super) struct Evaluator<'a> {
    counted: Counted,
    plural: &'a str,
    group: &'a str,
}

impl<'a> Evaluator<'a> {
    pub(super) fn of(write: &Attributes<'a>) -> Self {
        let (group, plural) = (&*write.kind.stored.group, &*write.kind.plural);
        let counted = match (group, plural) {
            ("", "pods") => Counted::Pods,
            ("", "services") => Counted::Services,
            ("", "persistentvolumeclaims") => Counted::Claims,
            ("", "events") => Counted::Nothing,
            _ => Counted::Others,
        };
        Evaluator {
            counted,
            plural,
            group,
        }
    }

    /// Whether a write can change what is used.
    pub(super) fn handles(
        &self,
        write: &Attributes<'_>,
        object: &Value,
        old: Option<&Value>,
    ) -> bool {
        let is_create = write.operation == Operation::Create;
        match (self.counted, write.subresource) {
            (Counted::Nothing, _) => false,
            (Counted::Pods, "resize") => !is_create,
            (Counted::Pods, "") => {
                is_create || old.is_some_and(|old| is_terminating(old) != is_terminating(object))
            }
            (Counted::Services | Counted::Claims, "") => true,
            (Counted::Others, "") => is_create,
            _ => false,
        }
    }

    fn count_name(&self) -> String {
        match self.group {
            "" => format!("count/{}", self.plural),
            group => format!("count/{}.{group}", self.plural),
        }
    }

    /// Whether it is about a limited resource.
    pub(super) fn counts(&self, name: &str) -> bool {
        match self.counted {
            Counted::Pods => {
                OF_PODS.contains(&name)
                    || name.starts_with("hugepages-")
                    || name.starts_with("requests.hugepages-")
                    || is_extended_of_quota(name)
            }
            Counted::Services => OF_SERVICES.contains(&name),
            Counted::Claims => {
                let of_class = |(_, what): (&str, &str)| OF_CLAIMS.contains(&what);
                name == "count/persistentvolumeclaims"
                    || OF_CLAIMS.contains(&name)
                    || name.split_once(BY_CLASS).is_some_and(of_class)
            }
            _ => name == self.count_name() || self.alias() == Some(name),
        }
    }

    fn alias(&self) -> Option<&str> {
        let is_known = self.group.is_empty() && ALIASES.contains(&self.plural);
        is_known.then_some(self.plural)
    }

    /// What an object uses.
    pub(super) fn usage(&self, object: &Value) -> Amounts {
        let mut usage = Amounts::from([(self.count_name(), Quantity::whole(1))]);
        match self.counted {
            Counted::Pods => add(&mut usage, &of_pod(object)),
            Counted::Services => add(&mut usage, &of_service(object)),
            Counted::Claims => add(&mut usage, &of_claim(object)),
            _ => {
                let alias = self
                    .alias()
                    .map(|alias| (alias.to_owned(), Quantity::whole(1)));
                usage.extend(alias);
            }
        }
        usage
    }

    /// Refuses a pod whose containers do not say what is counted of them.
    pub(super) fn constraints(&self, counted: &[String], pod: &Value) -> Result<(), String> {
        let whole = &pod["spec"]["resources"];
        let says_itself = ["requests", "limits"]
            .iter()
            .any(|part| !amounts(&whole[*part]).is_empty());
        if self.counted != Counted::Pods || says_itself {
            return Ok(());
        }
        let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for container in ["containers", "initContainers"]
            .iter()
            .flat_map(|field| containers(pod, field))
        {
            let resources = &container["resources"];
            let usage = computed(
                &amounts(&resources["requests"]),
                &amounts(&resources["limits"]),
            );
            let asked = counted
                .iter()
                .filter(|name| ASKED_OF_CONTAINERS.contains(&&***name));
            for name in asked.filter(|name| !usage.contains_key(*name)) {
                let container = container["name"].as_str().unwrap_or_default();
                missing.entry(name).or_default().insert(container);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let parts = missing.into_iter().map(|(name, containers)| {
            let containers: Vec<&str> = containers.into_iter().collect();
            format!("{name} for: {}", containers.join(","))
        });
        Err(format!(
            "must specify {}",
            parts.collect::<Vec<_>>().join("; ")
        ))
    }

    /// Whether an object is in a scope.
    pub(super) fn is_in(
        &self,
        object: &Value,
        scope: &str,
        operator: &str,
        values: &[&str],
    ) -> bool {
        match (self.counted, scope) {
            (Counted::Pods, "Terminating") => is_terminating(object),
            (Counted::Pods, "NotTerminating") => !is_terminating(object),
            (Counted::Pods, "BestEffort") => is_best_effort(object),
            (Counted::Pods, "NotBestEffort") => !is_best_effort(object),
            (Counted::Pods, "CrossNamespacePodAffinity") => reaches_other_namespaces(object),
            (Counted::Pods, "PriorityClass") => {
                let class = object["spec"]["priorityClassName"]
                    .as_str()
                    .unwrap_or_default();
                selects(operator, values, class)
            }
            (Counted::Claims, "VolumeAttributesClass") => {
                let status = &object["status"];
                let classes = [
                    &object["spec"]["volumeAttributesClassName"],
                    &status["currentVolumeAttributesClassName"],
                    &status["modifyVolumeStatus"]["targetVolumeAttributesClassName"],
                ];
                let classes = classes.iter().filter_map(|class| class.as_str());
                let classes: Vec<&str> = classes.filter(|class| !class.is_empty()).collect();
                match classes.as_slice() {
                    [] => selects(operator, values, ""),
                    classes => classes.iter().any(|class| selects(operator, values, class)),
                }
            }
            _ => false,
        }
    }
}

/// As a label selector would; empty for none.
fn selects(operator: &str, values: &[&str], value: &str) -> bool {
    match operator {
        "Exists" => !value.is_empty(),
        "DoesNotExist" => value.is_empty(),
        "In" => !value.is_empty() && values.contains(&value),
        _ => value.is_empty() || !values.contains(&value),
    }
}

fn is_extended_of_quota(name: &str) -> bool {
    let Some(resource) = name.strip_prefix("requests.") else {
        return false;
    };
    !is_native(name) || resource.starts_with(DEVICE_CLASS)
}

fn is_terminating(pod: &Value) -> bool {
    pod["spec"]["activeDeadlineSeconds"]
        .as_i64()
        .is_some_and(|seconds| seconds >= 0)
}

/// Nothing is asked for, and nothing is limited.
fn is_best_effort(pod: &Value) -> bool {
    if let Some(class) = pod["status"]["qosClass"].as_str() {
        return class == "BestEffort";
    }
    let fields = ["containers", "initContainers"].iter();
    let of_containers = fields
        .flat_map(|field| containers(pod, field))
        .map(|c| &c["resources"]);
    let mut all = of_containers.chain([&pod["spec"]["resources"]]);
    !all.any(|resources| {
        let parts = ["requests", "limits"]
            .iter()
            .flat_map(|part| amounts(&resources[*part]));
        let mut parts = parts.filter(|(name, _)| matches!(&**name, "cpu" | "memory"));
        parts.any(|(_, amount)| amount.sign() > 0)
    })
}

fn reaches_other_namespaces(pod: &Value) -> bool {
    let affinity = &pod["spec"]["affinity"];
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let terms = |field: &str| affinity[*kind][field].as_array().into_iter().flatten();
        let required = terms("requiredDuringSchedulingIgnoredDuringExecution");
        let preferred = terms("preferredDuringSchedulingIgnoredDuringExecution");
        let mut all = required.chain(preferred.map(|term| &term["podAffinityTerm"]));
        all.any(|term| {
            let named = term["namespaces"]
                .as_array()
                .is_some_and(|names| !names.is_empty());
            named || !term["namespaceSelector"].is_null()
        })
    })
}

/// `PodUsageFunc`: a pod that has ended only counts as an object.
fn of_pod(pod: &Value) -> Amounts {
    if matches!(
        pod["status"]["phase"].as_str(),
        Some("Failed" | "Succeeded")
    ) {
        return Amounts::new();
    }
    let overhead = amounts(&pod["spec"]["overhead"]);
    let (mut requests, mut limits) = (total(pod, "requests"), total(pod, "limits"));
    add(&mut requests, &overhead);
    let limited = overhead
        .into_iter()
        .filter(|(name, _)| limits.get(name).is_some_and(|l| l.sign() != 0));
    let limited: Amounts = limited.collect();
    add(&mut limits, &limited);
    computed(&requests, &limits)
}

/// `podComputeUsageHelper`.
fn computed(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut usage = Amounts::from([("pods".to_owned(), Quantity::whole(1))]);
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(request) = requests.get(name) {
            usage.insert(name.to_owned(), request.clone());
            usage.insert(format!("requests.{name}"), request.clone());
        }
        if let Some(limit) = limits.get(name) {
            usage.insert(format!("limits.{name}"), limit.clone());
        }
    }
    for (name, request) in requests {
        let is_huge_page = name.starts_with("hugepages-");
        if is_huge_page {
            usage.insert(name.clone(), request.clone());
        }
        if is_huge_page || is_extended(name) || name.starts_with(DEVICE_CLASS) {
            usage.insert(format!("requests.{name}"), request.clone());
        }
    }
    usage
}

fn of_service(service: &Value) -> Amounts {
    let spec = &service["spec"];
    let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let given = ports
        .iter()
        .filter(|port| port["nodePort"].as_i64().unwrap_or_default() != 0);
    let (node_ports, balancers) = match spec["type"].as_str().unwrap_or_default() {
        "NodePort" => (ports.len(), 0),
        "LoadBalancer" if spec["allocateLoadBalancerNodePorts"] == false => (given.count(), 1),
        "LoadBalancer" => (ports.len(), 1),
        _ => (0, 0),
    };
    let whole = |count: usize| Quantity::whole(i64::try_from(count).unwrap_or(i64::MAX));
    Amounts::from([
        ("services".to_owned(), whole(1)),
        ("services.nodeports".to_owned(), whole(node_ports)),
        ("services.loadbalancers".to_owned(), whole(balancers)),
    ])
}

fn of_claim(claim: &Value) -> Amounts {
    let one = Quantity::whole(1);
    let mut usage = Amounts::from([("persistentvolumeclaims".to_owned(), one.clone())]);
    let beta = claim["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"].as_str();
    let class = beta
        .or(claim["spec"]["storageClassName"].as_str())
        .unwrap_or_default();
    if !class.is_empty() {
        usage.insert(format!("{class}{BY_CLASS}persistentvolumeclaims"), one);
    }
    let requested = amounts(&claim["spec"]["resources"]["requests"]).remove("storage");
    let allocated = amounts(&claim["status"]["allocatedResources"]).remove("storage");
    let Some(requested) = requested else {
        return usage;
    };
    let storage = allocated
        .filter(|allocated| *allocated > requested)
        .unwrap_or(requested);
    // Whole bytes are counted.
    let storage = match storage.is_whole() {
        true => storage,
        false => Quantity::whole(storage.value()),
    };
    if !class.is_empty() {
        usage.insert(
            format!("{class}{BY_CLASS}requests.storage"),
            storage.clone(),
        );
    }
    usage.insert("requests.storage".to_owned(), storage);
    usage
}
