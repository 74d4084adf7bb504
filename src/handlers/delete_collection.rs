//! DELETE of a collection: a list, then a deletion of each item.

use super::Context;
use super::aside::SHOWN_OTHERWISE;
use super::delete::{by_client, read_options, warn};
use super::list::{check_fields, list_now};
use super::selection::Selection;
use crate::kinds::Verb;
use crate::request::options::ListOptions;
use crate::response::Response;
use crate::status::Status;

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let list_options = ListOptions::parse_for_delete(ctx.query)?;
    check_fields(&ctx.target.kind, &list_options.fields)?;
    let options = read_options(ctx).await?;
    warn(ctx, &options);
    let target = ctx.target;
    let selection = Selection::new(&target.kind, &target.namespace, &list_options);
    ctx.before_objects(selection.count(ctx.cluster, 0), SHOWN_OTHERWISE)
        .await;
    let list = list_now(ctx.sight(), &target.kind, &target.namespace, &list_options).await?;
    if !list.items.is_empty() {
        target.check_namespace()?;
    }
    for item in &list.items {
        let (namespace, name) = (item.namespace(), item.name());
        match by_client(ctx, Verb::DeleteCollection, namespace, name, &options).await {
            Err(status) if status.code != 404 => return Err(status),
            _ => {}
        }
    }
    ctx.presenter(negotiated)?.list(&list)
}
