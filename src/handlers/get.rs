//! GET of an object.

use std::sync::Arc;

use super::aside::LARGE_BODY;
use super::selection::wait_for;
use super::update::checked_key;
use super::{Context, conversion};
use crate::object::Object;
use crate::request::options::{AtVersion, parse_version};
use crate::response::Response;
use crate::status::Status;

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let object = find(ctx).await?;
    let object = conversion::shown(ctx.cluster, &object, &ctx.target.kind).await?;
    ctx.presenter(negotiated)?.object(200, &object)
}

/// The object of the target.
pub(super) async fn find(ctx: &mut Context<'_>) -> Result<Arc<Object>, Status> {
    if ctx.query.flag("export") == Some(true) {
        return Err(Status::bad_request(
            "the export parameter, deprecated since v1.14, is no longer supported",
        ));
    }
    let target = ctx.target;
    let key = checked_key(target)?;
    let kind = &target.kind;
    let at = parse_version(ctx.query.get("resourceVersion").unwrap_or_default());
    let at = at.map_err(|why| match kind.policy.uncached {
        true => Status::bad_request(format!("invalid resource version: {why}")),
        false => Status::raw(why),
    })?;
    if let AtVersion::Number(version) = at {
        let newest = ctx.sight().horizon().0;
        if kind.policy.uncached && version > newest {
            return Err(Status::resource_version_too_large(version, newest, 0));
        }
        wait_for(ctx.sight(), version).await?;
    }
    let horizon = ctx.sight().horizon();
    let object = ctx.cluster.storage.view().get_at(&key, horizon).cloned();
    let object =
        object.ok_or_else(|| Status::not_found(&kind.plural, &kind.group, &target.name))?;
    if object.line().len() >= LARGE_BODY {
        ctx.aside.turn().await;
    }
    Ok(object)
}
