//! ValidatingAdmissionWebhook: all webhooks that a write concerns are asked at the same time.

use futures_util::future::join_all;
use serde_json::Value;

use super::warn;
use crate::admission::{Asked, Attributes};
use crate::response::Warnings;
use crate::status::Status;

/// Asks everybody. Of several who say no, the first of the list is heard.
pub(crate) async fn validate(
    asked: &Asked<'_>,
    write: &Attributes<'_>,
    object: Option<&Value>,
    told: &mut Warnings,
) -> Result<(), Status> {
    let mut concerned = Vec::new();
    for hook in &asked.acting.validating {
        if let Some(view) = hook.applies(write, object)? {
            concerned.push((hook, view));
        }
    }
    let calls = concerned.iter().map(|(hook, view)| async move {
        let answer = hook.consult(asked, view, write, object, false).await;
        (*hook, answer)
    });
    let mut first = Ok(());
    for (hook, (warnings, verdict)) in join_all(calls).await {
        warn(told, warnings);
        if let Err(refusal) = verdict {
            first = first.and(hook.settle(refusal));
        }
    }
    first
}
