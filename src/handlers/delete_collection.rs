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
    check_fields(ctx.target.strategy, &list_options.fields)?;
    let options = read_options(ctx).await?;
    let target = ctx.target;
    let list = list_now(
        ctx.sight(),
        target.strategy,
        &target.namespace,
        &list_options,
    )
    .await?;
    if !list.items.is_empty() {
        target.check_namespace()?;
    }
    for item in &list.items {
        let outcome = ctx.cluster.storage.write(|tx| {
            delete(
                ctx.cluster,
                tx,
                target.strategy,
                item.namespace(),
                item.name(),
                &options,
            )
        });
        match outcome {
            Err(status) if status.code != 404 => return Err(status),
            _ => {}
        }
    }
    ctx.presenter(negotiated)?.list(&list)
}
