//! What the server itself makes of an object at once when it was written, as the controllers that run inside of a real one
//! do a moment later. Each step is a write of its own, which watchers see.

use std::collections::VecDeque;

use serde_json::Value;

use super::ledger::{Itself, MANAGER, SERVER};
use super::{Author, Proposal, Propose, Write};
use crate::handlers::cluster::Cluster;
use crate::kinds::{KindRef, Verb};
use crate::patch::apply::Sent;
use crate::registry::{self, Strategy, WriteContext};
use crate::request::options::DeleteOptions;
use crate::request::user::UserInfo;
use crate::response::Warnings;
use crate::status::Status;

/// An object takes far fewer steps, and one that others change all the time is followed again by them.
const MAX_STEPS: usize = 32;

/// The next step with an object, if there is one.
struct Next(&'static dyn Strategy);

impl Propose for Next {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let live = live.ok_or_else(|| write.not_found())?;
        let Some(object) = self.0.followed(live, context.lister, context.now) else {
            return Ok(Proposal::Nothing);
        };
        Ok(write.replacing(live, object, &Sent::Absent, context.now))
    }
}

/// Goes on with the object of this kind and name, be it there or gone, and with those that its changes concern. It is to be
/// called as well when something that an object [waits for](Strategy::doomed) is gone.
pub(crate) async fn follow(cluster: &Cluster, kind: &KindRef, name: &str) {
    let strategy = registry::strategy(kind);
    let mut names = VecDeque::from([name.to_owned()]);
    while let Some(name) = names.pop_front() {
        if follow_one(cluster, kind, &name, strategy).await {
            names.extend(strategy.rivals(&name, cluster));
        }
    }
}

/// Whether others may have what the object had.
async fn follow_one(
    cluster: &Cluster,
    kind: &KindRef,
    name: &str,
    strategy: &'static dyn Strategy,
) -> bool {
    let user = UserInfo::member(SERVER, &["system:masters"]);
    let write = Write {
        cluster,
        kind,
        subresource: "status",
        namespace: "",
        name,
        author: Author::Client {
            verb: Verb::Update,
            user: &user,
            access: &Itself,
            manager: MANAGER,
            may_create: &|| Ok(()),
            options: None,
        },
        dry_run: false,
    };
    let mut gave_up = false;
    for _ in 0..MAX_STEPS {
        let Some(live) = write.find(&write.key(name)) else {
            return true;
        };
        let before = live.value();
        for object in strategy.doomed(&before, cluster) {
            let doomed = Write::by_the_server(cluster, &object);
            // What is gone meanwhile needs nothing any more.
            let _ = doomed
                .run_alone(&DeleteOptions::default(), &mut Warnings::default())
                .await;
        }
        let done = write
            .run_alone(&Next(strategy), &mut Warnings::default())
            .await;
        let Ok(done) = done else { break };
        let after = done.object().value();
        if after == before {
            break;
        }
        let claimed = strategy.claims(&after);
        gave_up |= strategy
            .claims(&before)
            .iter()
            .any(|claim| !claimed.contains(claim));
    }
    gave_up
}
