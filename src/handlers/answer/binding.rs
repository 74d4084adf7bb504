//! Binding: a pod gets its node, from `pods/NAME/binding` or from `bindings`.

use serde_json::Value;

use super::{Answer, Answered, Call};
use crate::handlers::write::{Proposal, Propose, Write};
use crate::object::{is_terminating, meta_str, object_mut};
use crate::registry::WriteContext;
use crate::registry::pod::conditions;
use crate::registry::pod::read::{entries, list, text};
use crate::response::Warnings;
use crate::status::Status;
use crate::status::field::{FieldError, aggregate};

pub(super) struct Bindings;

impl Answer for Bindings {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        Box::pin(bind(call))
    }
}

async fn bind(call: &mut Call<'_, '_>) -> Result<Value, Status> {
    let binding = &call.object;
    let name = meta_str(binding, "name");
    let target = &call.ctx.target;
    if !target.name.is_empty() && *target.name != *name {
        let why = "name in URL does not match name in Binding object";
        return Err(Status::bad_request(why));
    }
    let errors = validate(binding);
    if !errors.is_empty() {
        return Err(Status::raw(aggregate(&errors)));
    }
    let cluster = call.ctx.cluster;
    let pods = cluster.catalog().find_stored("", "Pod");
    let pods = pods.ok_or_else(Status::no_route)?;
    let write = Write {
        subresource: "binding",
        dry_run: call.options.dry_run,
        ..Write::of_the_server(cluster, &pods, &target.namespace, name)
    };
    write.run(&Bind(binding), &mut Warnings::default()).await?;
    Err(Status::done(201))
}

/// `ValidatePodBinding`.
fn validate(binding: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let kind = text(&binding["target"], "kind");
    if !matches!(kind, "" | "Node") {
        let supported = ["Node", "<empty>"];
        errors.push(FieldError::not_supported(
            "target.kind",
            &kind.into(),
            &supported,
        ));
    }
    if text(&binding["target"], "name").is_empty() {
        errors.push(FieldError::required("target.name", ""));
    }
    errors
}

/// The pod with its node, if it has none yet and waits for nothing else.
struct Bind<'a>(&'a Value);

impl Propose for Bind<'_> {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let pod = live.ok_or_else(|| write.not_found())?;
        check_preconditions(write, self.0, pod)?;
        let name = meta_str(pod, "name");
        let node = text(&pod["spec"], "nodeName");
        let problem = if is_terminating(pod) {
            format!("pod {name} is being deleted, cannot be assigned to a host")
        } else if !node.is_empty() {
            format!("pod {name} is already assigned to node \"{node}\"")
        } else if !list(&pod["spec"], "schedulingGates").is_empty() {
            format!("pod {name} has non-empty .spec.schedulingGates")
        } else {
            return Ok(Proposal::Update(bound(self.0, pod, context)));
        };
        Err(Status::conflict("pods/binding", "", name, &problem))
    }
}

fn check_preconditions(write: &Write<'_>, binding: &Value, pod: &Value) -> Result<(), Status> {
    for (what, field) in [("UID", "uid"), ("ResourceVersion", "resourceVersion")] {
        let (wanted, found) = (meta_str(binding, field), meta_str(pod, field));
        if wanted.is_empty() || wanted == found {
            continue;
        }
        let namespace = write.namespace;
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/pods/{namespace}/{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}",
            write.name
        );
        return Err(Status::conflict("pods", "", write.name, &why));
    }
    Ok(())
}

fn bound(binding: &Value, pod: &Value, context: &WriteContext<'_>) -> Value {
    let mut pod = pod.clone();
    let node = text(&binding["target"], "name");
    pod["spec"]["nodeName"] = node.into();
    let status = &mut pod["status"];
    object_mut(status).remove("nominatedNodeName");
    conditions::set(status, "PodScheduled", "True", None, context.now);
    for field in ["annotations", "labels"] {
        for (key, value) in entries(&binding["metadata"], field) {
            let all = object_mut(&mut pod["metadata"][field]);
            all.insert(key.to_owned(), value.clone());
        }
    }
    if text(&binding["target"], "kind") == "Node" {
        for (key, value) in crate::admission::of_node(context.lister, node) {
            object_mut(&mut pod["metadata"]["labels"]).insert(key, value);
        }
    }
    pod
}
