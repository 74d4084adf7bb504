//! MutatingAdmissionPolicy: what is to become of an object.

use serde_json::Value;

use super::{Invocation, invocations, is_excluded, namespace_of};
use crate::admission::conditions::Matched;
use crate::admission::inputs::Inputs;
use crate::admission::reinvocation::Reinvocation;
use crate::admission::{Asked, Attributes};
use crate::codec::quote::quote;
use crate::object::meta_str;
use crate::status::{Cause, Status};

/// Why a policy does not do its work.
pub(super) enum Failure {
    /// The write is refused with this, whatever the policy says of failures.
    Status(Status),
    Error(String),
}

/// What a policy said against a write.
struct Complaint {
    message: String,
    reason: &'static str,
}

/// Lets every policy that a write concerns change the object.
pub(crate) fn mutate(
    asked: &Asked<'_>,
    write: &Attributes<'_>,
    mut object: Option<&mut Value>,
    state: &mut Reinvocation,
) -> Result<(), Status> {
    let policies = &asked.acting.mutating_policies;
    if policies.is_empty() || is_excluded(write) {
        return Ok(());
    }
    let mut complaints = Vec::new();
    let mut concerned = Vec::new();
    for invocation in invocations(policies, write, object.as_deref()) {
        match invocation {
            Ok(invocation) => concerned.push(invocation),
            Err(misfit) if misfit.policy.fails_open => {}
            Err(misfit) => complaints.push(Complaint {
                message: complaint(
                    &misfit.policy.name,
                    misfit.binding.map(|binding| &*binding.name),
                    &misfit.message(),
                ),
                reason: "",
            }),
        }
    }
    let mut own = Vec::new();
    if !concerned.is_empty() {
        let mut is_touched = false;
        state.policies.begin(state.is_again, object.as_deref());
        let namespace = namespace_of(write)?;
        for invocation in &concerned {
            let namespace = namespace.as_deref();
            let done = (&mut own, &mut is_touched);
            let object = object.as_deref_mut();
            run(invocation, write, namespace, object, state, done)?;
        }
        // As upstream has it, whether or not anything came of it.
        if is_touched {
            state.policies.require();
            state.is_needed = true;
        }
        state.policies.end(object.as_deref());
    }
    complaints.extend(own);
    refuse(write, object.as_deref(), &complaints)
}

/// One policy: its mutations one after the other.
fn run(
    invocation: &Invocation<'_>,
    write: &Attributes<'_>,
    namespace: Option<&Value>,
    object: Option<&mut Value>,
    state: &mut Reinvocation,
    (complaints, is_touched): (&mut Vec<Complaint>, &mut bool),
) -> Result<(), Status> {
    let Invocation {
        policy,
        binding,
        view,
        param,
    } = invocation;
    let mut complain = |why: &str| {
        if !policy.fails_open {
            complaints.push(Complaint {
                message: complaint(&policy.name, Some(&binding.name), why),
                reason: "Invalid",
            });
        }
    };
    let inputs = Inputs::new(write, view, object.as_deref());
    let mut inputs = inputs.of_policy(param.as_deref(), namespace, &policy.variables);
    match policy.conditions.evaluate(&inputs) {
        Matched::Yes => {}
        Matched::No => return Ok(()),
        Matched::Error(why) => {
            complain(&why);
            return Ok(());
        }
    }
    let key = key(invocation);
    if state.is_again && !state.policies.is_due(&key) {
        return Ok(());
    }
    if let Some(object) = object {
        let before = view.show(object);
        let mut shown = before.clone();
        for mutation in &policy.mutations {
            inputs.set_object(&shown);
            match mutation.apply(view, &inputs, &shown) {
                Ok(next) => {
                    shown = next;
                    *is_touched = true;
                }
                Err(Failure::Status(status)) => return Err(status),
                Err(Failure::Error(why)) => complain(&why),
            }
        }
        if shown != before {
            state.policies.require();
            state.is_needed = true;
            view.put_back(shown, object);
        }
    }
    if policy.is_reinvoked {
        state.policies.add(&key);
    }
    Ok(())
}

/// Who was asked, with which parameters.
fn key(invocation: &Invocation<'_>) -> String {
    let param = invocation.param.as_deref();
    let text = |field| param.map_or("", |param| meta_str(param, field));
    let (policy, binding) = (&invocation.policy.name, &invocation.binding.name);
    [policy, binding, text("namespace"), text("name")].join("/")
}

fn complaint(policy: &str, binding: Option<&str>, why: &str) -> String {
    match binding {
        Some(binding) => {
            format!("policy '{policy}' with binding '{binding}' denied request: {why}")
        }
        None => format!("policy {} denied request: {why}", quote(policy)),
    }
}

/// The refusal, in the words of the first to complain.
fn refuse(
    write: &Attributes<'_>,
    object: Option<&Value>,
    complaints: &[Complaint],
) -> Result<(), Status> {
    if complaints.is_empty() {
        return Ok(());
    }
    let mut status = write.forbidden(object, "admission request denied by policy");
    status.message = String::new();
    for complaint in complaints {
        if status.message.is_empty() {
            status.message.clone_from(&complaint.message);
            if !complaint.reason.is_empty() {
                status.reason = complaint.reason.into();
            }
        }
        status.details.get_or_insert_default().causes.push(Cause {
            reason: String::new(),
            message: complaint.message.clone(),
            field: String::new(),
        });
    }
    Err(status)
}
