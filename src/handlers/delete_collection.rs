//! DELETE of a collection: a list, then a deletion of each item.

use super::Context;
use super::delete::{delete, read_options};
use super::list::{check_fields, list_now};
use crate::request::options::ListOptions;
use crate::response::Response;
use crate::status::Status;

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let list_options = ListOptions::parse_for_delete(ctx.query)?;
    check_fields(&ctx.target.kind, &list_options.fields)?;
    let options = read_options(ctx).await?;
    let target = ctx.target;
    let list = list_now(ctx.sight(), &target.kind, &target.namespace, &list_options).await?;
    if !list.items.is_empty() {
        target.check_namespace()?;
    }
    for item in &list.items {
        let (namespace, name) = (item.namespace(), item.name());
        match delete(ctx.cluster, &target.kind, namespace, name, &options).await {
            Err(status) if status.code != 404 => return Err(status),
            _ => {}
        }
    }
    ctx.presenter(negotiated)?.list(&list)
}
