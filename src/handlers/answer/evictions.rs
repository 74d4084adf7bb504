//! Evictions of pods, which go as far as the budgets of their disruption allow: upstream's `EvictionREST`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answer, Answered, Call};
use crate::codec::json::Node;
use crate::handlers::cluster::{Cluster, prefix};
use crate::handlers::delete::delete;
use crate::handlers::write::{Edit, Write};
use crate::kinds::KindRef;
use crate::object::{Object, is_terminating, meta_str, object_mut};
use crate::registry::Lister;
use crate::registry::workload::cells::count;
use crate::registry::workload::selection::Selection;
use crate::request::options::DeleteOptions;
use crate::response::Warnings;
use crate::status::field::FieldError;
use crate::status::{Cause, Details, Status};

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// So many pods that are about to go may a budget remember.
const MAX_DISRUPTED: usize = 2000;

/// When to come again while a budget is being looked at, in seconds.
const RETRY: u32 = 10;

pub(super) struct Evictions;

impl Answer for Evictions {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        let eviction = Eviction::of(call);
        // What comes back is a Status, be it a good one.
        Box::pin(async move {
            match eviction {
                Ok(eviction) => eviction.run().await?,
                Err(status) => return Err(status),
            }
            Err(Status::done(201))
        })
    }
}

struct Eviction<'a> {
    cluster: &'a Cluster,
    kind: &'a KindRef,
    pod: Arc<Object>,
    options: DeleteOptions,
}

impl<'a> Eviction<'a> {
    fn of(call: &'a Call<'_, '_>) -> Result<Self, Status> {
        let (target, cluster) = (call.ctx.target, &**call.ctx.cluster);
        let name: &str = &target.name;
        if meta_str(&call.object, "name") != name {
            let why = "name in URL does not match name in Eviction object";
            return Err(Status::bad_request(why));
        }
        let options = &call.object["deleteOptions"];
        let field = "ignoreStoreReadErrorWithClusterBreakingPotential";
        if options[field] == true {
            let reason = "can not be set for pod eviction, try after removing the option";
            let error = FieldError::invalid(format!("deleteOptions.{field}"), &true.into(), reason);
            return Err(Status::invalid("Eviction", "policy", name, &[error]));
        }
        let mut options = match options {
            Value::Object(_) => DeleteOptions::from_body(Node::from_value(options))?,
            _ => DeleteOptions::default(),
        };
        options.dry_run |= call.options.dry_run;
        let kind = &target.kind;
        let pod = cluster.get(&kind.group, &kind.kind, &target.namespace, name);
        let missing = || Status::not_found(&kind.plural, &kind.group, name);
        Ok(Eviction {
            cluster,
            kind,
            pod: pod.ok_or_else(missing)?,
            options,
        })
    }

    async fn run(&self) -> Result<(), Status> {
        let pod = self.pod.value();
        if !disrupts_nobody(&pod) {
            self.ask_budget(&pod).await?;
        }
        self.remove().await
    }

    /// Takes one disruption from the budget of the pod, if it has one.
    async fn ask_budget(&self, pod: &Value) -> Result<(), Status> {
        let budgets = self.budgets(&pod["metadata"]["labels"]);
        let budget = match budgets.as_slice() {
            [] => return Ok(()),
            [budget] => budget,
            _ => {
                let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                return Err(Status::raw(why));
            }
        };
        let value = budget.value();
        let (spec, status) = (&value["spec"], &value["status"]);
        let desired = count(status, "desiredHealthy");
        let healthy_enough = desired > 0 && count(status, "currentHealthy") >= desired;
        let always = spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
        if !is_ready(pod) && (always || healthy_enough) {
            return Ok(());
        }
        check_budget(&value)?;
        if self.options.dry_run {
            return Ok(());
        }
        let (name, now) = (self.pod.name().to_owned(), self.cluster.timestamp());
        let edit = Edit(move |budget: &Value| {
            let mut budget = budget.clone();
            take_one(&mut budget, &name, &now);
            Some(budget)
        });
        self.write_status(budget, &edit).await
    }

    /// The budgets whose selector finds these labels.
    fn budgets(&self, labels: &Value) -> Vec<Arc<Object>> {
        let Some(kind) = self
            .cluster
            .catalog()
            .find_stored("policy", "PodDisruptionBudget")
        else {
            return Vec::new();
        };
        let view = self.cluster.storage.view();
        let all = view.range(&prefix(&kind, self.pod.namespace()), "", view.revision());
        let finds = |budget: &&Arc<Object>| {
            let selection = Selection::of(&budget.value()["spec"]["selector"]);
            selection.is_some_and(|selection| selection.matches(labels))
        };
        all.map(|(_, budget)| budget)
            .filter(finds)
            .cloned()
            .collect()
    }

    /// `addConditionAndDeletePod`.
    async fn remove(&self) -> Result<(), Status> {
        let mut options = self.options.clone();
        let (namespace, name) = (self.pod.namespace(), self.pod.name());
        options.dry_run = true;
        delete(self.cluster, self.kind, namespace, name, &options).await?;
        if self.options.dry_run {
            return Ok(());
        }
        let now = self.cluster.timestamp();
        let edit = Edit(move |pod: &Value| {
            let mut pod = pod.clone();
            set_condition(
                &mut pod["status"],
                &json!({
                    "type": "DisruptionTarget",
                    "status": "True",
                    "lastProbeTime": null,
                    "lastTransitionTime": now,
                    "reason": "EvictionByEvictionAPI",
                    "message": "Eviction API: evicting",
                }),
            );
            Some(pod)
        });
        self.write_status(&self.pod, &edit).await?;
        // The condition made another version of it.
        options.preconditions.resource_version = None;
        options.dry_run = false;
        delete(self.cluster, self.kind, namespace, name, &options).await?;
        Ok(())
    }

    async fn write_status<F>(&self, object: &Object, edit: &Edit<F>) -> Result<(), Status>
    where
        F: Fn(&Value) -> Option<Value> + Sync,
    {
        let write = Write {
            subresource: "status",
            ..Write::by_the_server(self.cluster, object)
        };
        write.run(edit, &mut Warnings::default()).await.map(drop)
    }
}

/// `canIgnorePDB`: the pod does not run yet, or any more.
fn disrupts_nobody(pod: &Value) -> bool {
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    matches!(phase, "Succeeded" | "Failed" | "Pending") || is_terminating(pod)
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// `checkAndDecrement`, without the decrement.
fn check_budget(budget: &Value) -> Result<(), Status> {
    let (name, status) = (meta_str(budget, "name"), &budget["status"]);
    let generation = budget["metadata"]["generation"]
        .as_i64()
        .unwrap_or_default();
    if count(status, "observedGeneration") < generation {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(refused(why, RETRY));
    }
    let forbidden = |why: &str| {
        Err(Status::forbidden(
            "poddisruptionbudget",
            "policy",
            name,
            why,
        ))
    };
    let allowed = count(status, "disruptionsAllowed");
    if allowed < 0 {
        return forbidden("pdb disruptions allowed is negative");
    }
    let disrupted = status["disruptedPods"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    if disrupted > MAX_DISRUPTED {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return forbidden(why);
    }
    if allowed == 0 {
        return Err(refused(why_none_is_allowed(name, status), 0));
    }
    Ok(())
}

fn refused(why: String, retry_after_seconds: u32) -> Status {
    let cause = Cause {
        reason: "DisruptionBudget".to_owned(),
        message: why,
        field: String::new(),
    };
    Status::too_many_requests(REFUSED, retry_after_seconds).with_details(Details {
        causes: vec![cause],
        retry_after_seconds,
        ..Details::default()
    })
}

fn why_none_is_allowed(name: &str, status: &Value) -> String {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let mut conditions = conditions.filter(|condition| condition["type"] == "DisruptionAllowed");
    let text =
        |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    let said = conditions
        .next()
        .filter(|condition| condition["status"] == "False");
    let said = said.map(|condition| (text(condition, "reason"), text(condition, "message")));
    let said = said.filter(|(_, message)| !message.is_empty());
    let (current, desired) = (
        count(status, "currentHealthy"),
        count(status, "desiredHealthy"),
    );
    match said {
        Some((reason, message)) if reason == "SyncFailed" => format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
        ),
        _ if current <= desired => format!(
            "The disruption budget {name} needs {desired} healthy pods and has {current} currently"
        ),
        Some((reason, message)) => format!(
            "The disruption budget {name} does not allow evicting pods currently ({reason}): {message}"
        ),
        None => format!("The disruption budget {name} does not allow evicting pods currently"),
    }
}

/// Lets a pod go at the expense of its budget.
fn take_one(budget: &mut Value, pod: &str, now: &str) {
    let status = &mut budget["status"];
    let left = count(status, "disruptionsAllowed") - 1;
    status["disruptionsAllowed"] = left.into();
    object_mut(&mut status["disruptedPods"]).insert(pod.to_owned(), now.into());
    if left == 0 {
        let observed = count(status, "observedGeneration");
        set_condition(
            status,
            &json!({
                "type": "DisruptionAllowed",
                "status": "False",
                "observedGeneration": observed,
                "lastTransitionTime": now,
                "reason": "InsufficientPods",
                "message": "",
            }),
        );
    }
}

/// Puts a condition in the place of the one of its type; the time stays while its status does.
fn set_condition(status: &mut Value, condition: &Value) {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(all) = status["conditions"].as_array_mut() else {
        return;
    };
    let mut condition = condition.clone();
    match all
        .iter_mut()
        .find(|known| known["type"] == condition["type"])
    {
        Some(known) => {
            if known["status"] == condition["status"] {
                condition["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = condition;
        }
        None => all.push(condition),
    }
}
