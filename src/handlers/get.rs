//! GET of an object.

use super::Context;
use super::selection::wait_for;
use super::update::checked_key;
use crate::request::options::{AtVersion, parse_version};
use crate::response::Response;
use crate::status::Status;

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    if ctx.query.flag("export") == Some(true) {
        return Err(Status::bad_request(
            "the export parameter, deprecated since v1.14, is no longer supported",
        ));
    }
    let target = ctx.target;
    let key = checked_key(target)?;
    let at =
        parse_version(ctx.query.get("resourceVersion").unwrap_or_default()).map_err(Status::raw)?;
    if let AtVersion::Number(version) = at {
        wait_for(ctx.sight(), version).await?;
    }
    let kind = &target.kind;
    let horizon = ctx.sight().horizon();
    let object = ctx.cluster.storage.view().get_at(&key, horizon).cloned();
    let object =
        object.ok_or_else(|| Status::not_found(&kind.plural, &kind.group, &target.name))?;
    ctx.presenter(negotiated)?.object(200, &object)
}
