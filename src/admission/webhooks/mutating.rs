//! MutatingAdmissionWebhook: one webhook after the other may change the object.

use serde_json::Value;

use super::{Refusal, Webhook, warn};
use crate::admission::reinvocation::Reinvocation;
use crate::admission::view::View;
use crate::admission::{Asked, Attributes, patching};
use crate::codec::json;
use crate::codec::quote::quote;
use crate::response::Warnings;
use crate::status::Status;

/// Asks each webhook that a write concerns, in the order of configurations and lists.
pub(crate) async fn mutate(
    asked: &Asked<'_>,
    write: &Attributes<'_>,
    mut object: Option<&mut Value>,
    state: &mut Reinvocation,
    told: &mut Warnings,
) -> Result<(), Status> {
    let hooks = &asked.acting.mutating;
    if hooks.is_empty() {
        return Ok(());
    }
    state.webhooks.begin(state.is_again, object.as_deref());
    for hook in hooks {
        let Some(view) = hook.applies(write, object.as_deref())? else {
            continue;
        };
        if state.is_again && !state.webhooks.is_due(&hook.id) {
            continue;
        }
        let outcome = call(hook, asked, write, &view, object.as_deref_mut(), told).await;
        if matches!(outcome, Ok(true)) {
            state.webhooks.require();
            state.is_needed = true;
        }
        if hook.is_reinvoked {
            state.webhooks.add(&hook.id);
        }
        if let Err(refusal) = outcome {
            hook.settle(refusal)?;
        }
    }
    state.webhooks.end(object.as_deref());
    Ok(())
}

/// Whether the webhook changed the object.
async fn call(
    hook: &Webhook,
    asked: &Asked<'_>,
    write: &Attributes<'_>,
    view: &View<'_>,
    object: Option<&mut Value>,
    told: &mut Warnings,
) -> Result<bool, Refusal> {
    let (warnings, verdict) = hook
        .consult(asked, view, write, object.as_deref(), true)
        .await;
    warn(told, warnings);
    let Some(patch) = verdict?.filter(|patch| !patch.is_empty()) else {
        return Ok(false);
    };
    let is_nothing = is_empty(&patch).map_err(|why| {
        hook.failed(&format!(
            "received undecodable patch in webhook response: {why}"
        ))
    })?;
    if is_nothing {
        return Ok(false);
    }
    let Some(object) = object else {
        let why = format!(
            "admission webhook {} attempted to modify the object, which is not supported for this operation",
            quote(&hook.name)
        );
        return Err(Refusal::Denied(Status::internal_error(&why)));
    };
    patching::apply(view, &patch, object)
        .map_err(|why| Refusal::Denied(Status::internal_error(&why)))
}

/// Whether a patch has no operations; the error is that of Go's decoder.
fn is_empty(patch: &[u8]) -> Result<bool, String> {
    match json::parse(patch)? {
        json::Node::Null => Ok(true),
        json::Node::Array(operations) => Ok(operations.is_empty()),
        other => Err(format!(
            "json: cannot unmarshal {} into Go value of type jsonpatch.Patch",
            other.go_kind()
        )),
    }
}
