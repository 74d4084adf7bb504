//! The conditions of a definition, as `apihelpers` of upstream sets them.

use serde_json::{Map, Value, json};

use crate::object::object_mut;
use crate::registry::validation::read::{list_at, text_at};

pub(super) const ESTABLISHED: &str = "Established";
pub(super) const NAMES_ACCEPTED: &str = "NamesAccepted";
pub(super) const TERMINATING: &str = "Terminating";
pub(super) const API_APPROVAL: &str = "KubernetesAPIApprovalPolicyConformant";

/// What a condition is to say.
#[derive(Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) ty: &'static str,
    pub(super) status: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Condition {
    pub(super) fn new(
        ty: &'static str,
        status: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Condition {
            ty,
            status,
            reason,
            message: message.into(),
        }
    }

    /// Whether the definition says so already.
    pub(super) fn is_in(&self, crd: &Value) -> bool {
        find(crd, self.ty).is_some_and(|there| {
            let said = ["status", "reason", "message"].map(|field| text_at(there, field));
            said == [self.status, self.reason, &self.message]
        })
    }

    /// Adds it, or changes the one of its type. Its time is that of the last change of its status.
    pub(super) fn set(&self, crd: &mut Value, now: &str) {
        let conditions = &mut object_mut(crd)["status"]["conditions"];
        if !conditions.is_array() {
            *conditions = Value::Array(Vec::new());
        }
        let Some(conditions) = conditions.as_array_mut() else {
            return;
        };
        let place = conditions
            .iter()
            .position(|condition| text_at(condition, "type") == self.ty);
        let place = place.unwrap_or_else(|| {
            conditions.push(json!({"type": self.ty}));
            conditions.len() - 1
        });
        let condition: &mut Map<String, Value> = object_mut(&mut conditions[place]);
        let is_timed = condition
            .get("lastTransitionTime")
            .is_some_and(|time| !time.is_null());
        let status = condition.get("status").and_then(Value::as_str);
        if status != Some(self.status) || !is_timed {
            condition.insert("lastTransitionTime".to_owned(), now.into());
        }
        condition.insert("status".to_owned(), self.status.into());
        condition.insert("reason".to_owned(), self.reason.into());
        condition.insert("message".to_owned(), self.message.as_str().into());
    }
}

/// The condition of a type.
pub(super) fn find<'a>(crd: &'a Value, ty: &str) -> Option<&'a Value> {
    list_at(&crd["status"], "conditions")
        .iter()
        .find(|condition| text_at(condition, "type") == ty)
}

/// Whether a condition is there, and strictly true.
pub(super) fn is_true(crd: &Value, ty: &str) -> bool {
    find(crd, ty).is_some_and(|condition| text_at(condition, "status") == "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_of_the_time_its_status_changed() {
        let mut crd = json!({"status": {"conditions": null}});
        let say = |crd: &mut Value, status, reason, now| {
            Condition::new(ESTABLISHED, status, reason, "m").set(crd, now);
            find(crd, ESTABLISHED).unwrap()["lastTransitionTime"].clone()
        };
        assert_eq!(say(&mut crd, "False", "A", "1"), "1");
        assert_eq!(say(&mut crd, "False", "B", "2"), "1");
        assert_eq!(say(&mut crd, "True", "B", "3"), "3");
        assert!(is_true(&crd, ESTABLISHED));
        assert!(Condition::new(ESTABLISHED, "True", "B", "m").is_in(&crd));
        assert_eq!(list_at(&crd["status"], "conditions").len(), 1);
    }
}
