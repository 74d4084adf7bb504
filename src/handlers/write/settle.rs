//! What the server itself makes of objects, a moment after they were written. It happens when somebody looks at the kind
//! again, which nobody can tell from a moment that has passed; who replaces what it just made is not overtaken.

use serde_json::Value;

use super::ledger::Itself;
use super::{Author, Proposal, Propose, Write};
use crate::codec::json::Node;
use crate::handlers::cluster::Cluster;
use crate::kinds::{KindRef, Verb};
use crate::patch::apply::{self, AppliedKind};
use crate::registry::{self, Lister as _, WriteContext};
use crate::request::user::UserInfo;
use crate::response::Warnings;
use crate::status::Status;

/// A status that is applied.
struct Settled<'a>(&'a Value);

impl Propose for Settled<'_> {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let live = live.ok_or_else(|| write.not_found())?;
        let kind = AppliedKind {
            name: &write.kind.kind,
            schema: &write.kind.schema,
            reset: write.kind.resets(write.subresource),
        };
        let config = serde_json::json!({
            "kind": write.kind.kind,
            "apiVersion": write.kind.api_version(),
            "metadata": {"name": write.name},
            "status": self.0,
        });
        let config = Node::from_value(&config);
        let applied = write.with_writer(context.now, |writer| {
            apply::apply(Some(live), &config, &kind, writer, true)
        });
        match applied {
            Some(Ok(object)) => Ok(Proposal::Update(object)),
            _ => Ok(Proposal::Nothing),
        }
    }
}

/// Brings the objects of a kind to where the server wants them, before they are looked at.
pub(crate) fn settle(cluster: &Cluster, kind: &KindRef, verb: Verb) {
    let looks = matches!(verb, Verb::Get | Verb::List | Verb::Watch | Verb::Patch);
    if !kind.policy.settles || !looks {
        return;
    }
    let strategy = registry::strategy(kind);
    if strategy.settles_by_controller() && !cluster.start.controllers {
        return;
    }
    let now = cluster.timestamp();
    for object in cluster.list(&kind.stored.group, &kind.kind, "") {
        let Some((manager, status)) = strategy.settled(&object.value(), cluster, &now) else {
            continue;
        };
        let user = UserInfo::member(super::ledger::SERVER, &["system:masters"]);
        let write = Write {
            subresource: "status",
            author: Author::Client {
                verb: Verb::Patch,
                user: &user,
                access: &Itself,
                manager,
                may_create: &|| Ok(()),
                options: None,
            },
            ..Write::by_the_server(cluster, &object)
        };
        // What is gone meanwhile needs nothing any more.
        let _ = write.run_now(&Settled(&status), &mut Warnings::default());
    }
}
