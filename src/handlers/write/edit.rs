//! Changes that the server makes of its own accord, as a controller does, or somebody who wins a race.

use serde_json::Value;

use super::{Author, Proposal, Propose, Write};
use crate::handlers::cluster::Cluster;
use crate::kinds::KindRef;
use crate::object::Object;
use crate::registry::WriteContext;
use crate::response::Warnings;
use crate::status::Status;

/// What the closure makes of the object that is there; `None` leaves it as it is.
pub(crate) struct Edit<F>(pub(crate) F);

impl<F: Fn(&Value) -> Option<Value> + Sync> Propose for Edit<F> {
    fn propose(
        &self,
        write: &Write<'_>,
        _context: &WriteContext<'_>,
        live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let live = live.ok_or_else(|| write.not_found())?;
        Ok((self.0)(live).map_or(Proposal::Nothing, Proposal::Update))
    }
}

impl<'a> Write<'a> {
    /// A write of the server's own to an object that is there.
    pub(crate) fn by_the_server(cluster: &'a Cluster, object: &'a Object) -> Self {
        let (namespace, name) = (object.namespace(), object.name());
        Write::of_the_server(cluster, &object.kind, namespace, name)
    }

    /// A write of the server's own to whatever is there.
    pub(crate) fn of_the_server(
        cluster: &'a Cluster,
        kind: &'a KindRef,
        namespace: &'a str,
        name: &'a str,
    ) -> Self {
        Write {
            cluster,
            kind,
            subresource: "",
            namespace,
            name,
            author: Author::Server,
            dry_run: false,
        }
    }
}
