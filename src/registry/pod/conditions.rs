//! The conditions of a pod.

use serde_json::{Value, json};

use super::read::{list, text};

pub(crate) fn find<'a>(status: &'a Value, ty: &str) -> Option<&'a Value> {
    list(status, "conditions")
        .iter()
        .find(|condition| text(condition, "type") == ty)
}

pub(crate) fn is_true(status: &Value, ty: &str) -> bool {
    find(status, ty).is_some_and(|condition| text(condition, "status") == "True")
}

/// `UpdatePodCondition`: sets a condition, which has been so since it last changed.
pub(crate) fn set(status: &mut Value, ty: &str, is: &str, why: Option<(&str, &str)>, now: &str) {
    let before = find(status, ty).filter(|condition| text(condition, "status") == is);
    let since = before.map(|condition| condition["lastTransitionTime"].clone());
    let mut condition = json!({
        "type": ty,
        "status": is,
        "lastProbeTime": null,
        "lastTransitionTime": since.unwrap_or_else(|| now.into()),
    });
    if let Some((reason, message)) = why {
        condition["reason"] = reason.into();
        condition["message"] = message.into();
    }
    let all = status.get_mut("conditions").and_then(Value::as_array_mut);
    match all {
        Some(all) => match all.iter_mut().find(|other| text(other, "type") == ty) {
            Some(other) => *other = condition,
            None => all.push(condition),
        },
        None => status["conditions"] = json!([condition]),
    }
}
