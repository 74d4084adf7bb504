//! SelfSubjectRulesReview: all a user may do in a namespace.

use serde_json::{Value, json};

use super::{Answer, Answered, Call};
use crate::status::Status;

pub(super) struct SelfSubjectRulesReview;

impl Answer for SelfSubjectRulesReview {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        Box::pin(std::future::ready(review(call)))
    }
}

fn review(call: &Call<'_, '_>) -> Result<Value, Status> {
    let namespace = call.object["spec"]["namespace"]
        .as_str()
        .unwrap_or_default();
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let rules = call.ctx.authorizer.rules_for(call.ctx.user, namespace);
    let mut status = json!({
        "resourceRules": rules.resources,
        "nonResourceRules": rules.paths,
        "incomplete": false,
    });
    if !rules.error.is_empty() {
        status["evaluationError"] = rules.error.into();
    }
    Ok(json!({
        "kind": call.object["kind"],
        "apiVersion": call.object["apiVersion"],
        "metadata": {},
        "spec": {},
        "status": status,
    }))
}
