//! Priority: the priority of a pod is that of its class, or of the class for all who name none.

use serde_json::{Value, json};

use super::{Attributes, Operation, Plugin};
use crate::object::{meta_str, object_mut};
use crate::status::Status;

const GROUP: &str = "scheduling.k8s.io";
const CLASS: &str = "PriorityClass";

/// What a class says about its pods.
struct Class {
    name: String,
    value: i64,
    preemption: Option<String>,
}

pub(super) struct Priority;

impl Plugin for Priority {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let Some(pod) = object.filter(|_| write.is_of("", "Pod")) else {
            return Ok(());
        };
        match write.operation {
            Operation::Create => set(write, pod),
            Operation::Update => {
                keep(pod, write.old.unwrap_or(&Value::Null));
                Ok(())
            }
            Operation::Delete | Operation::Connect => Ok(()),
        }
    }

    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let class =
            object.filter(|class| write.is_of(GROUP, CLASS) && class["globalDefault"] == true);
        let (Some(class), Some(default)) = (class, default_class(write)) else {
            return Ok(());
        };
        let is_other =
            write.operation == Operation::Create || default.name != meta_str(class, "name");
        if !is_other {
            return Ok(());
        }
        let why = format!(
            "PriorityClass {} is already marked as default. Only one default can exist",
            default.name
        );
        Err(write.forbidden(Some(class), &why))
    }
}

/// What an update leaves out stays; what it changes is refused later.
fn keep(pod: &mut Value, old: &Value) {
    for field in ["priority", "preemptionPolicy"] {
        let before = old["spec"].get(field);
        if let (None, Some(before)) = (pod["spec"].get(field), before) {
            pod["spec"][field] = before.clone();
        }
    }
}

fn set(write: &Attributes<'_>, pod: &mut Value) -> Result<(), Status> {
    let name = pod["spec"]["priorityClassName"]
        .as_str()
        .unwrap_or_default();
    let class = match name {
        "" => default_class(write).unwrap_or_else(|| Class {
            name: String::new(),
            value: 0,
            preemption: Some("PreemptLowerPriority".to_owned()),
        }),
        name => {
            let found = write.lister.get(GROUP, CLASS, "", name);
            let class = found.map(|class| read(&class.value()));
            class.or_else(|| built_in(name)).ok_or_else(|| {
                let why = format!("no PriorityClass with name {name} was found");
                write.forbidden(Some(pod), &why)
            })?
        }
    };
    let spec = &pod["spec"];
    if let Some(own) = spec["priority"].as_i64().filter(|own| *own != class.value) {
        let why = format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller computed {} from the given PriorityClass name",
            class.value
        );
        return Err(write.forbidden(Some(pod), &why));
    }
    if let (Some(own), Some(policy)) = (spec["preemptionPolicy"].as_str(), &class.preemption)
        && own != policy
    {
        let why = format!(
            "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        );
        return Err(write.forbidden(Some(pod), &why));
    }
    let spec = object_mut(&mut pod["spec"]);
    if !class.name.is_empty() {
        spec.insert("priorityClassName".to_owned(), class.name.into());
    }
    spec.insert("priority".to_owned(), json!(class.value));
    if let Some(policy) = class.preemption {
        spec.insert("preemptionPolicy".to_owned(), policy.into());
    }
    Ok(())
}

fn read(class: &Value) -> Class {
    Class {
        name: meta_str(class, "name").to_owned(),
        value: class["value"].as_i64().unwrap_or_default(),
        preemption: class["preemptionPolicy"].as_str().map(str::to_owned),
    }
}

/// The classes that every cluster has.
fn built_in(name: &str) -> Option<Class> {
    let value = match name {
        "system-cluster-critical" => 2_000_000_000,
        "system-node-critical" => 2_000_001_000,
        _ => return None,
    };
    Some(Class {
        name: name.to_owned(),
        value,
        preemption: Some("PreemptLowerPriority".to_owned()),
    })
}

/// Of several, the one of the lowest priority.
fn default_class(write: &Attributes<'_>) -> Option<Class> {
    let all = write.lister.list(GROUP, CLASS, "");
    let marked = all
        .iter()
        .map(|class| class.value())
        .filter(|class| class["globalDefault"] == true);
    marked
        .map(|class| read(&class))
        .min_by_key(|class| class.value)
}
