//! rbac.authorization.k8s.io/v1: roles and their bindings, each for a namespace or for the cluster.
//!
//! Nobody gives away what they do not have: who writes a role must hold all its rules, or be allowed to `escalate`; who
//! writes a binding must hold all rules of the role, or be allowed to `bind` it.

pub(super) mod bindings;
mod bootstrap;
pub(crate) mod collect;
pub(super) mod roles;

use serde_json::Value;

use super::strategy::WriteContext;
use crate::object::metadata_mut;
use crate::request::user::UserInfo;
use crate::status::Status;

pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";

/// Who is never asked about.
const MASTERS: &str = "system:masters";

/// The user whose rights are to be looked at.
fn limited_user<'a>(write: &WriteContext<'a>) -> Option<&'a UserInfo> {
    write.user.filter(|user| !user.in_group(MASTERS))
}

/// Whether an update only lets the garbage collector finish with an object.
fn only_for_garbage_collection(object: &Value, old: Option<&Value>) -> bool {
    let without = |value: &Value| {
        let mut value = value.clone();
        for field in ["ownerReferences", "finalizers", "selfLink", "managedFields"] {
            metadata_mut(&mut value).remove(field);
        }
        value
    };
    old.is_some_and(|old| without(object) == without(old))
}

fn forbidden(write: &WriteContext<'_>, object: &Value, why: &str) -> Status {
    let name = crate::object::meta_str(object, "name");
    Status::forbidden(&write.kind.plural, GROUP, name, why)
}
