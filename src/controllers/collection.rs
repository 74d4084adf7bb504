//! The controller that writes into the ClusterRoles with an `aggregationRule` what they collect. The authorizer does not
//! wait for it.

use crate::handlers::cluster::Cluster;
use crate::handlers::write::{Edit, Write};
use crate::object::{Object, meta_str};
use crate::registry::rbac::GROUP;
use crate::registry::rbac::collect::collect;
use crate::response::Warnings;

const KIND: &str = "ClusterRole";

/// Whether a change of this object may change what is collected.
pub(super) fn concerns(object: &Object) -> bool {
    object.kind.kind == KIND && object.kind.group == GROUP
}

pub(super) async fn collect_rules(cluster: &Cluster) {
    let Some(kind) = cluster.catalog().find_stored(GROUP, KIND) else {
        return;
    };
    let roles = cluster.all(&kind);
    let collected = collect(roles.iter().map(|role| role.to_value()).collect());
    for (role, collected) in roles.iter().zip(collected) {
        debug_assert_eq!(role.name(), meta_str(&collected, "name"));
        if role.value()["rules"] == collected["rules"] {
            continue;
        }
        let edit = Edit(|live: &serde_json::Value| {
            let mut next = live.clone();
            next["rules"] = collected["rules"].clone();
            Some(next)
        });
        // Who deletes or changes the role meanwhile brings the task back.
        let write = Write::by_the_server(cluster, role);
        let _ = write.run(&edit, &mut Warnings::default()).await;
    }
}
