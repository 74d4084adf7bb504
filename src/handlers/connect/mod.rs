//! The subresources that lead to somebody else: log, exec, attach, portforward and proxy.
//!
//! No kubelet stands behind this server. Who asks for one learns all that a real server finds out before it turns to the
//! node, and then that nobody answers there.

mod pods;

use serde_json::Value;

use super::{Context, authorize_create, outside};
use crate::codec::quote::quote;
use crate::registry::Lister as _;
use crate::response::Response;
use crate::status::Status;

/// What is asked about the object that a subresource is of.
struct Connection<'a, 'b> {
    ctx: &'a Context<'b>,
    object: &'a Value,
    /// What is asked for beside the name, as `port` in `name:port`.
    port: &'a str,
}

/// How an object is reached.
trait Connect: Sync {
    fn connect(&self, connection: &Connection<'_, '_>) -> Result<Response, Status>;
}

/// By group and kind.
static CONNECTS: &[(&str, &str, &dyn Connect)] = &[("", "Pod", &pods::Pods)];

/// Whether a GET of this subresource shows something else than the object.
pub(super) fn leads_elsewhere(subresource: &str) -> bool {
    subresource == "log"
}

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let target = ctx.target;
    let (kind, subresource) = (&target.kind, &*target.subresource);
    if matches!(subresource, "exec" | "attach" | "portforward") {
        authorize_create(ctx.authorizer, ctx.user, ctx.info)?;
    }
    outside::ask_to_connect(ctx).await?;
    let (name, port) = match subresource {
        "proxy" => split(&target.name)?,
        _ => (&*target.name, ""),
    };
    let mut connects = CONNECTS.iter();
    let connect = connects.find(|(group, name, _)| *group == kind.group && *name == kind.kind);
    let Some((.., connect)) = connect else {
        let plural = &kind.plural;
        let why =
            format!("this fake apiserver has no network: {plural}/{subresource} leads nowhere");
        return Err(Status::internal_error(&why));
    };
    let found = ctx
        .cluster
        .get(&kind.group, &kind.kind, &target.namespace, name);
    let found = found.ok_or_else(|| Status::not_found(&kind.plural, &kind.group, name))?;
    connect.connect(&Connection {
        ctx,
        object: &found.value(),
        port,
    })
}

/// `SplitSchemeNamePort`: `name`, `name:port` or `scheme:name:port`.
fn split(id: &str) -> Result<(&str, &str), Status> {
    let parts: Vec<&str> = id.split(':').collect();
    match parts.as_slice() {
        [name] | ["" | "http" | "https", name, ""] if !name.is_empty() => Ok((name, "")),
        [name, port] | ["" | "http" | "https", name, port] if !name.is_empty() => Ok((name, port)),
        _ => Err(Status::bad_request(format!(
            "invalid pod request {}",
            quote(id)
        ))),
    }
}
