//! What admission writes: the accounts of quotas.

use serde_json::Value;

use super::{Author, Proposal, Propose, Write};
use crate::admission::Ledger;
use crate::handlers::cluster::Cluster;
use crate::kinds::Verb;
use crate::object::{Object, meta_str};
use crate::patch::apply::Sent;
use crate::registry::{Access, Ask, WriteContext};
use crate::request::user::UserInfo;
use crate::response::Warnings;
use crate::status::Status;

/// Whom the server is to itself.
pub(super) const SERVER: &str = "system:apiserver";
pub(super) const MANAGER: &str = "kube-apiserver";

/// The server may do all.
pub(super) struct Itself;

impl Access for Itself {
    fn allows(&self, _user: &UserInfo, _ask: &Ask<'_>) -> bool {
        true
    }

    fn escalation(&self, _user: &UserInfo, _namespace: &str, _rules: &[Value]) -> Option<String> {
        None
    }
}

/// What is used of a quota, as long as it is the one that was looked at.
struct Charge<'a> {
    version: &'a str,
    used: &'a Value,
}

impl Propose for Charge<'_> {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let live = live.ok_or_else(|| write.not_found())?;
        if meta_str(live, "resourceVersion") != self.version {
            let kind = write.kind;
            return Err(Status::modified(&kind.plural, &kind.group, write.name));
        }
        let mut object = live.clone();
        object["status"]["used"] = self.used.clone();
        Ok(write.replacing(live, object, &Sent::Absent, context.now))
    }
}

impl Ledger for Cluster {
    fn charge(&self, quota: &Object, used: &Value) -> Result<(), Status> {
        let user = UserInfo::member(SERVER, &["system:masters"]);
        let write = Write {
            subresource: "status",
            author: Author::Client {
                verb: Verb::Update,
                user: &user,
                access: &Itself,
                manager: MANAGER,
                may_create: &|| Ok(()),
                options: None,
            },
            ..Write::by_the_server(self, quota)
        };
        let value = quota.value();
        let charge = Charge {
            version: meta_str(&value, "resourceVersion"),
            used,
        };
        write.run_now(&charge, &mut Warnings::default()).map(drop)
    }

    fn has_plugin(&self, name: &str) -> bool {
        self.plugins.has(name)
    }
}
